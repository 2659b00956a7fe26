/// Which heaps and layers there are, and the expressions that users choose them with. May use
/// everything but the bridge and the command line.
package io.javalloc.catalog;
