/// The heap `slab`. May use `io.javalloc` and `io.javalloc.memory`, and nothing else of the
/// project.
package io.javalloc.slab;
