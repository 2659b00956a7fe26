/*
 * foreign.c: pointers that nobody gave out. Most wrong pointers are seen by the side that they are handed to; these are
 * neither the heap's nor possibly libc's, and libc would crash over some of them without a word.
 */
#include <link.h>
#include <sys/auxv.h>

#include "internal.h"

/* The program's own image: its code and its static data. */
static struct { uintptr_t low, high; } program;

/* The word before a block of glibc's is its size, with flags in the lowest bits. */
#define LIBC_SIZE(block) (((const size_t *)(block))[-1] & ~(size_t)7)
#define LIBC_SMALLEST    32

bool foreign_is(const struct thread *self, const void *block) {
    uintptr_t address = (uintptr_t)block;
    if (reserve_contains(block))
        return false;
    if (address - program.low < program.high - program.low || thread_owns_stack(self, address))
        return true;
    return address % _Alignof(max_align_t) != 0 || LIBC_SIZE(block) < LIBC_SMALLEST;
}

void foreign_prepare(void) {
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    uintptr_t low = UINTPTR_MAX, high = 0, base = 0;
    for (size_t i = 0; headers != NULL && i < count; i++) {
        if (headers[i].p_type == PT_PHDR)
            base = (uintptr_t)headers - headers[i].p_vaddr;
        if (headers[i].p_type != PT_LOAD)
            continue;
        if (headers[i].p_vaddr < low)
            low = headers[i].p_vaddr;
        if (headers[i].p_vaddr + headers[i].p_memsz > high)
            high = headers[i].p_vaddr + headers[i].p_memsz;
    }
    if (low < high) {
        program.low = base + low;
        program.high = base + high;
    }
}
