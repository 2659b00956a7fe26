/// Heaps made of heaps, one idea each. May use `io.javalloc` and `io.javalloc.memory`.
package io.javalloc.layers;
