/// The commands that look at heaps: thin, over the kit. May use picocli; nothing may use it.
package io.javalloc.cli;
