/* random-sizes: 2,000 blocks of 16 bytes to 8 KiB with random lifetimes; small ones are as common as in most programs.
 */
#include "slots.h"

#define REPLACED 36000000

size_t random_sizes(double scale) {
    static struct slots slots;
    slots.random = seeded(1);
    size_t operations = replace(&slots, scaled(REPLACED, scale), 4, 13);
    return operations + clear(&slots);
}
