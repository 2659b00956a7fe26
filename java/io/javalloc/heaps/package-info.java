/// The seed heaps: each a page of code to read beside the document in which it was described. May
/// use `io.javalloc` and `io.javalloc.memory`, and nothing else of the project.
package io.javalloc.heaps;
