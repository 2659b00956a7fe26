/*
 * introspect.c: glibc's questions about malloc, answered for the Java heap. What the fields mean is in mallinfo(3);
 * those that have no counterpart here are 0.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>

#include "internal.h"

struct overview {
    size_t committed, live_bytes;
};

static struct overview overview(void) {
    intptr_t live = 0;
    route_inspect(JAVALLOC_LIVE_BYTES, 0, 0, &live);
    size_t committed = region_committed(), bytes = live < 0 ? 0 : (size_t)live;
    return (struct overview){committed < bytes ? bytes : committed, bytes}; /* some heaps have blocks elsewhere, too */
}

EXPORTED struct mallinfo2 mallinfo2(void) {
    struct overview now = overview();
    return (struct mallinfo2){
        .arena = now.committed, .uordblks = now.live_bytes, .fordblks = now.committed - now.live_bytes};
}

/* As glibc's: for programs that were written when memory was small; the counts stop at INT_MAX. */
EXPORTED struct mallinfo mallinfo(void) {
    struct mallinfo2 wide = mallinfo2();
#define NARROW(field) ((int)(wide.field < INT_MAX ? wide.field : INT_MAX))
    return (struct mallinfo){.arena = NARROW(arena), .uordblks = NARROW(uordblks), .fordblks = NARROW(fordblks)};
#undef NARROW
}

/* glibc's parameters tune glibc; a heap takes its options in its expression. Accepted, as programs expect. */
EXPORTED int mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 1;
}

EXPORTED int malloc_trim(size_t keep) {
    intptr_t returned = 0;
    route_flush(true);
    route_inspect(JAVALLOC_TRIM, keep, 0, &returned);
    return returned > 0;
}

EXPORTED void malloc_stats(void) {
    struct overview now = overview();
    report("heap %s: %zu bytes committed, %zu in live blocks", bridge.heap, now.committed, now.live_bytes);
}

EXPORTED int malloc_info(int options_given, FILE *stream) {
    if (options_given != 0) {
        errno = EINVAL;
        return -1;
    }
    struct overview now = overview();
    fprintf(stream,
            "<malloc version=\"javalloc-1\">\n<heap nr=\"0\" name=\"%s\">\n<system type=\"current\" size=\"%zu\"/>\n"
            "<live size=\"%zu\"/>\n</heap>\n</malloc>\n",
            bridge.heap, now.committed, now.live_bytes);
    return 0;
}
