/* of-java.h: whether a block is one that Java gave out. The head of struct javalloc_bridge says where its blocks lie; a
 * heap that has some elsewhere (system) does not tell. */
#ifndef OF_JAVA_H
#define OF_JAVA_H

#include "check.h"

#include <dlfcn.h>

/* Always true where it cannot be told, or the allocator under test is another. */
static bool is_of_java(const void *block) {
    struct head {
        uint32_t abi_version, bytes;
        uintptr_t region_base, region_bytes, page_classes;
        char heap[256];
    };
    static const struct head *(*bridge)(void);
    if (!check_env("EXPECT_JAVALLOC"))
        return true;
    if (bridge == NULL)
        *(void **)&bridge = dlsym(RTLD_DEFAULT, "javalloc_bridge");
    if (strcmp(bridge()->heap, "system") == 0)
        return true;
    return (uintptr_t)block - bridge()->region_base < bridge()->region_bytes;
}

__attribute__((unused)) static void check_is_of_java(const void *block) {
    CHECK(is_of_java(block), "%p is libc's", block);
}

#endif
