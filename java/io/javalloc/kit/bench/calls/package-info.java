/// What single operations of heaps cost, in one process that warms up first: runs
/// `tests/bench/operations.c` on them and on glibc, in turns.
package io.javalloc.kit.bench.calls;
