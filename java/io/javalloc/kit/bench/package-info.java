/// Whole programs on allocators: the workloads of `tests/bench/workloads`, and real programs, on
/// glibc, on heaps and on native allocators, in turns. Knows heaps only by their expressions.
package io.javalloc.kit.bench;
