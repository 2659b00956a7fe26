/* pairs-64: malloc and free of 64 bytes, again and again: the shortest way through an allocator. */
#include "workload.h"

#define PAIRS 160000000

size_t pairs(double scale) {
    size_t count = scaled(PAIRS, scale);
    for (size_t i = 0; i < count; i++)
        give(take(64), 64);
    return 2 * count;
}
