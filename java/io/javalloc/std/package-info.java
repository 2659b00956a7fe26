/// The module `std/allocator` as one class for Java programs, over the heaps that were made after
/// it. Nothing else of the project knows it.
package io.javalloc.std;
