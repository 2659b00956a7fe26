/*
 * javalloc/bridge.h: the ABI between the shim (C) and the heap manager (Java).
 *
 * This header is the single source. jextract turns it into io.javalloc.bridge.abi, which is committed; a test compares
 * every size and offset on both sides, so a binding that has gone stale fails the build.
 *
 * Words
 *   heap       a Java object that serves allocations
 *   block      what a heap hands out; its usable size is at least what was asked for
 *   region     the one contiguous range of addresses that a heap may use, reserved once. A pointer belongs to Java
 *              exactly if it lies in the region: one subtraction and one compare
 *   page       64 KiB of the region
 *   commit     make reserved (PROT_NONE) pages of the region readable and writable
 *   shim       libjavalloc.so, the C side
 *   route      which side serves a call: Java, Java on a stack of its own (the relay), or libc (native/src/route.c)
 *   operation  one function of the heap manager, called from C through a Panama upcall stub, and before its
 *              20,000th call through JNI
 *   size class equal blocks of a heap that serves them by the batch, side by side from the start of their page on
 *   magazine   some free blocks of one size class that a thread keeps ready (native/src/magazine.c)
 */
#ifndef JAVALLOC_BRIDGE_H
#define JAVALLOC_BRIDGE_H

#include <stdint.h>

/* Raised whenever anything below changes its meaning, size or place. */
#define JAVALLOC_ABI_VERSION 4

#define JAVALLOC_PAGE_SIZE   65536
#define JAVALLOC_HEAP_MAX    512  /* bytes of a heap expression with its NUL */
#define JAVALLOC_MESSAGE_MAX 1024 /* bytes of a diagnosis with its NUL */
#define JAVALLOC_CLASSES     48   /* more than any heap has size classes; class 0 is none */

/*
 * Every operation has this one signature, so that Java sees only longs and one call shape is compiled.
 * An operation never throws into C. Arguments that an operation does not name are passed as 0 and ignored.
 */
typedef intptr_t (*javalloc_operation)(uintptr_t a, uintptr_t b, uintptr_t c);

/*
 * Answer of any operation that found the heap damaged or was handed a pointer that the heap never gave out: the
 * diagnosis is in javalloc_bridge.message, and the shim prints it and aborts the program.
 */
#define JAVALLOC_CORRUPT (-1)

/*
 * Answer of release, resize and usable_size to an address outside of the region that is no block of the heap's: libc's
 * business. They are asked of such addresses only if javalloc_bridge.outside is set.
 */
#define JAVALLOC_NOT_MINE (-2)

/*
 * Answer of inspect where Java had not enough memory, or stack, to look: nothing is known, and nothing is wrong.
 */
#define JAVALLOC_UNSEEN (-3)

/* What javalloc_bridge.inspect can be asked for. Blocks are counted, bytes are usable sizes. */
#define JAVALLOC_LIVE_BLOCKS 0
#define JAVALLOC_LIVE_BYTES  1
#define JAVALLOC_PEAK_BYTES  2 /* the most that JAVALLOC_LIVE_BYTES has been */
#define JAVALLOC_TRIM        3 /* give memory back to the system, keeping `argument` bytes -> bytes given back */
#define JAVALLOC_VERIFY      4 /* walk all metadata -> 0: every invariant of the heap holds */
#define JAVALLOC_AT_EXIT     5 /* the heap's own last checks -> 0 */
#define JAVALLOC_EXPLAIN     6 /* the address of a fault -> 1: message says what it means, 0: the heap cannot tell */
#define JAVALLOC_LEAKS       7 /* address of javalloc_site[], their number -> 0: the live blocks have been added to them */
#define JAVALLOC_PURGE       8 /* whether all locks are taken: gives back what is free for long -> 1: more, for later */

/* The live blocks that were asked for at one place of the program; places are numbered by the shim from 1. */
struct javalloc_site {
    uintptr_t blocks;
    uintptr_t bytes; /* that were asked for */
};

/* What the Java side answers when it is asked to start. */
#define JAVALLOC_STARTED     0
#define JAVALLOC_BAD_HEAP    1 /* the heap expression is wrong: message says where, and lists the known names */
#define JAVALLOC_HEAP_FAILED 2 /* the heap threw while it was made: message says what */
#define JAVALLOC_BAD_ABI     3 /* the jar and the library are of different builds */

struct javalloc_bridge {
    /* Written by the shim before Java starts, then constant. */
    uint32_t abi_version;
    uint32_t bytes; /* sizeof(struct javalloc_bridge) */
    uintptr_t region_base;
    uintptr_t region_bytes;
    uintptr_t page_classes;       /* address of a byte for each page of the region, all 0 */
    char heap[JAVALLOC_HEAP_MAX]; /* the heap expression, NUL-terminated; empty: the default heap */
    uint32_t traced;              /* 1: each block remembers the place where it was asked for */

    /* Written by Java when it starts: 1 if the heap has blocks outside of the region, as one that serves from libc
     * does. release, resize and usable_size are then asked about every address, and answer JAVALLOC_NOT_MINE to others.
     */
    uint32_t outside;

    /* Written by the shim: 0 while one thread only has ever called an operation, 1 from then on. When it becomes 1 no
     * thread is inside an operation that began at 0, so an operation that read 0 is alone until it returns. */
    uint32_t multi_threaded;

    /* Written by Java: a bit for each operation below, the first in bit 0, that is an upcall stub. The others are
     * functions of the shim that go through JNI: slower, but ready as soon as the heap is, and enough for what a
     * program calls seldom. */
    uint32_t stubs_ready;

    /* Written by Java when it starts: the bytes of each size class's blocks, ascending; 0 behind the last. All 0: the
     * heap serves no batches. While a page is of a class, that is its byte in page_classes. */
    uint32_t class_bytes[JAVALLOC_CLASSES];

    /* Written by Java: one sentence for the user, NUL-terminated. See JAVALLOC_CORRUPT and JAVALLOC_BAD_HEAP. */
    char message[JAVALLOC_MESSAGE_MAX];

    /* The operations, numbered from 0. First the shim's; each replaced by Java with its upcall stub when the shim wants
     * one. */
    javalloc_operation allocate;    /* (size >= 1, alignment, place << 1 | zeroed) -> address; 0: no memory */
    javalloc_operation release;     /* (address, size that the caller says it has or 0, alignment or 0) -> 0 */
    javalloc_operation resize;      /* (address, size >= 1, place) -> address; 0: no memory, the block is untouched */
    javalloc_operation usable_size; /* (address, 0, 0) -> bytes */
    javalloc_operation inspect;     /* (JAVALLOC_LIVE_BLOCKS ..., argument, another) -> what was asked for */
    javalloc_operation fill;        /* (class, address of `count` words, count) -> so many blocks written there */
    javalloc_operation flush;       /* (class, address of `count` words, count) -> 0: the blocks are free */
    javalloc_operation nothing;     /* (a, b, c) -> a: what an empty crossing costs */
};

/*
 * What the compiler of the shim made of the struct above, for the test that compares it with the Java side: its fields
 * in order, ended by one whose name is NULL and whose offset is the size of the struct.
 */
struct javalloc_field {
    const char *name;
    uintptr_t offset;
};
const struct javalloc_field *javalloc_bridge_fields(void);

/*
 * Host mode: the process is a Java program that has loaded the library itself. It calls javalloc_host_prepare, fills in
 * the operations of the table it gets (NULL: the region could not be reserved, or Java serves already), and calls
 * javalloc_host_ready; from then on the javalloc_ functions are served by Java.
 */
struct javalloc_bridge *javalloc_host_prepare(const char *heap);
void javalloc_host_ready(void);

#endif
