/* mlockall.c: mlockall pins what is used, and what will be; it must not populate an address space that was only
 * reserved. hosted: no */
#include "check.h"

#include <sys/mman.h>

enum { MOST_MIB = 2048 };

/* Asked first: to find it out by mlockall would take the memory of the whole machine. */
static void little_is_accessible(void) {
    char line[1000], access[8];
    size_t from, to, sum = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%zx-%zx %7s", &from, &to, access) == 3 && strncmp(access, "---", 3) != 0)
            sum += to - from;
    fclose(maps);
    CHECK(sum >> 20 < MOST_MIB, "%zu MiB are accessible, and mlockall would populate them", sum >> 20);
}

static void little_is_resident(void) {
    size_t locked = process_kib("VmLck:"), resident = process_kib("VmRSS:");
    CHECK(resident < (size_t)MOST_MIB * 1024, "resident %zu MiB, locked %zu MiB", resident >> 10, locked >> 10);
}

int main(int argc, char **argv) {
    check_begin("mlockall", argc, argv);
    void *before = malloc(100000);
    CHECK(before != NULL);
    fill(before, 100000, 1);
    little_is_accessible();
    if (mlockall(MCL_CURRENT) != 0)
        CHECK(errno == EPERM || errno == ENOMEM, "errno %d", errno); /* RLIMIT_MEMLOCK */
    little_is_resident();
    little_is_accessible();
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        CHECK(errno == EPERM || errno == ENOMEM, "errno %d", errno);
    for (size_t size = 1; size < (1 << 22); size *= 2) {
        void *block = malloc(size);
        if (block == NULL)
            break; /* the limit again */
        fill(block, size, size);
        free(block);
    }
    little_is_resident();
    CHECK_EQ(munlockall(), 0);
    verify(before, 100000, 1);
    free(before);
    return check_end();
}
