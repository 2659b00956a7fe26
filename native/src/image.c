/*
 * image.c: the JDK's classes (lib/modules) in memory. The JVM has those that it uses in its cache. Another one, which a
 * heap needs now and then, is read by libjimage when it is needed: from a descriptor that the program may have closed
 * by then and got its number for a file of its own, or that lies in the other table (process.c); and the JVM falls over
 * what it reads there.
 *
 * And the JDK's `release` file, which the JVM opens 0.1 s after its start, for the report of a crash: the program would
 * find that a number is taken which it expects to get. The report does without it.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static const char *image; /* NULL: is read as the JVM means to */
static size_t image_bytes;
static uintptr_t code_low, code_high; /* of libjimage */

static int find_code(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    const char *slash = strrchr(info->dlpi_name, '/');
    if (slash == NULL || strcmp(slash, "/libjimage.so") != 0)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            code_low = info->dlpi_addr + part->p_vaddr;
            code_high = code_low + part->p_memsz;
        }
    }
    return 1;
}

void image_map(const char *java_home) {
    char path[JDK_PATH_MAX + 32];
    struct stat status;
    if (limits_address_space() != SIZE_MAX || dl_iterate_phdr(find_code, NULL) == 0)
        return;
    snprintf(path, sizeof path, "%s/lib/modules", java_home);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (fstat(file, &status) == 0) {
        void *mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
        image_bytes = (size_t)status.st_size;
        image = mapped == MAP_FAILED ? NULL : mapped;
    }
    close(file);
}

static ssize_t read_image(void *target, size_t bytes, off64_t from) {
    if (from < 0 || (size_t)from >= image_bytes)
        return 0;
    size_t left = image_bytes - (size_t)from;
    if (bytes > left)
        bytes = left;
    memcpy(target, image + from, bytes);
    return (ssize_t)bytes;
}

EXPORTED ssize_t pread64(int file, void *target, size_t bytes, off64_t from) {
    if (unlikely((uintptr_t)__builtin_return_address(0) - code_low < code_high - code_low) && image != NULL)
        return read_image(target, bytes, from);
    return behind()->read_at(file, target, bytes, from);
}

EXPORTED FILE *fopen64(const char *path, const char *mode) {
    static const char name[] = "/release";
    size_t length = unlikely(thread_self.kind == THREAD_JVM) ? strlen(path) : 0;
    if (unlikely(length >= strlen(name)) && strcmp(path + length - strlen(name), name) == 0) {
        errno = ENOENT;
        return NULL;
    }
    return behind()->open(path, mode);
}
