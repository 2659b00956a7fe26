/// What heaps cost: runs `tests/bench/operations.c` on them and on glibc, in turns. Knows heaps
/// only by their expressions.
package io.javalloc.kit.bench;
