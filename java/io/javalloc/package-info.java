/// The interface to implement, [io.javalloc.Heap], and what goes with it. May use
/// `io.javalloc.memory` and nothing else of the project.
package io.javalloc;
