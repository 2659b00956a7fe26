/*
 * fake_jvm.c: stands in for native/src/jvm.c, so that the rest of the shim runs under the sanitizers, where a JVM
 * cannot be. Its "Java" is a few lines of C: a heap that never reuses anything, behind the same table of operations.
 * The library takes it for a JVM that has loaded it (host mode).
 */
#include <pthread.h>
#include <string.h>

#include "fake_jvm.h"

struct fake fake;

bool jvm_is_loaded(void) { return true; }
bool jvm_is_launcher(void) { return false; }
bool jvm_adopt(void) { return true; }
bool jvm_observe(void) { return true; }
struct jvm_figures jvm_figures(void) {
    return (struct jvm_figures){0, 0};
}

void helper_purge_soon(void) {}

void jvm_load(const char *java_home) { (void)java_home; }

const char *jvm_start(const char *home, const char *java_home, int *exit_status) {
    (void)home, (void)java_home, (void)exit_status;
    return "there is no JVM in this test";
}

/* The stack that a thread was attached on: "Java" is called nowhere else. */
static _Thread_local uintptr_t stack_low, stack_bytes;

static void learn_stack(void) {
    pthread_attr_t attributes;
    void *low;
    size_t bytes;
    CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
    CHECK(pthread_attr_getstack(&attributes, &low, &bytes) == 0);
    pthread_attr_destroy(&attributes);
    stack_low = (uintptr_t)low;
    stack_bytes = bytes;
}

static void check_stack(void) { CHECK((uintptr_t)__builtin_frame_address(0) - stack_low < stack_bytes); }

/* It has none. */
bool jvm_has_code_at(uintptr_t address) { return address == 0; }

bool jvm_attach(bool *by_us) {
    learn_stack();
    check_stack();
    if (fake.is_hosts)
        return true;
    fake.attached++;
    /* As the JVM does: what it allocates itself must not come back to it. */
    javalloc_free(javalloc_malloc(100));
    *by_us = true;
    return true;
}

void jvm_detach(void) {
    fake.detached++;
    if (fake.on_detach != NULL)
        fake.on_detach();
    javalloc_free(javalloc_malloc(100));
}

#define HEADER 16

static uintptr_t top;

static size_t size_of(uintptr_t block) {
    size_t size;
    memcpy(&size, (void *)(block - HEADER), sizeof size);
    return size;
}

static intptr_t allocate(uintptr_t size, uintptr_t alignment, uintptr_t zeroed) {
    (void)zeroed; /* nothing is reused: all of it is */
    check_stack();
    fake.inside++;
    if (fake.malloc_inside)
        javalloc_free(javalloc_malloc(50));
    fake.inside--;
    if (top == 0)
        top = bridge.region_base;
    uintptr_t block = (top + HEADER + alignment - 1) & -alignment;
    uintptr_t end = (block + size + 65535) & ~(uintptr_t)65535;
    uintptr_t committed = bridge.region_base + region_committed();
    if (fake.full || (end > committed && !region_commit(committed, end - committed)))
        return 0;
    memcpy((void *)(block - HEADER), &size, sizeof size);
    top = block + size;
    fake.allocated++;
    return (intptr_t)block;
}

static intptr_t release(uintptr_t block, uintptr_t b, uintptr_t c) {
    (void)b, (void)c;
    check_stack();
    fake.released++;
    fake.last_released = block;
    return 0;
}

static intptr_t resize(uintptr_t block, uintptr_t size, uintptr_t c) {
    (void)c;
    uintptr_t moved = (uintptr_t)allocate(size, 16, 0);
    if (moved != 0) {
        size_t old = size_of(block);
        memcpy((void *)moved, (void *)block, old < size ? old : size);
        release(block, 0, 0);
    }
    return (intptr_t)moved;
}

static intptr_t usable_size(uintptr_t block, uintptr_t b, uintptr_t c) {
    (void)b, (void)c;
    return (intptr_t)size_of(block);
}

static intptr_t inspect(uintptr_t what, uintptr_t argument, uintptr_t c) {
    (void)argument, (void)c;
    return what == JAVALLOC_LIVE_BLOCKS ? (intptr_t)(fake.allocated - fake.released) : 0;
}

static intptr_t nothing(uintptr_t a, uintptr_t b, uintptr_t c) {
    (void)b, (void)c;
    return (intptr_t)a;
}

/* Each class has some pages, far from the others' blocks, and nothing in them is served twice: what comes back is only
 * counted. */
#define PAGES_OF_CLASS 16
static uintptr_t next_of_class[3];

static uintptr_t next_block(uintptr_t class) {
    uintptr_t bytes = bridge.class_bytes[class], block = next_of_class[class];
    uintptr_t left = JAVALLOC_PAGE_SIZE - block % JAVALLOC_PAGE_SIZE;
    if (left < bytes)
        block += left;
    next_of_class[class] = block + bytes;
    return block;
}

static intptr_t fill(uintptr_t class, uintptr_t slots, uintptr_t count) {
    check_stack();
    fake.fills++;
    fake.filled += count;
    for (uintptr_t i = 0; i < count; i++)
        ((uintptr_t *)slots)[i] = next_block(class);
    return (intptr_t)count;
}

static intptr_t flush(uintptr_t class, uintptr_t slots, uintptr_t count) {
    (void)slots;
    check_stack();
    CHECK(class == 1 || class == 2);
    fake.flushes++;
    fake.flushed += count;
    return 0;
}

void fake_offer_batches(void) {
    uintptr_t middle = bridge.region_base + bridge.region_bytes / 2;
    CHECK(region_commit(middle, 2 * PAGES_OF_CLASS * JAVALLOC_PAGE_SIZE));
    for (unsigned class = 1; class <= 2; class ++) {
        next_of_class[class] = middle + (class - 1) * PAGES_OF_CLASS * JAVALLOC_PAGE_SIZE;
        bridge.class_bytes[class] = class == 1 ? 16 : 48;
        uintptr_t page = (next_of_class[class] - bridge.region_base) / JAVALLOC_PAGE_SIZE;
        memset((uint8_t *)bridge.page_classes + page, (int)class, PAGES_OF_CLASS);
    }
    bridge.fill = fill;
    bridge.flush = flush;
    options.magazines = true;
    magazine_prepare();
}

void fake_start(void) {
    struct javalloc_bridge *table = javalloc_host_prepare("fake");
    table->allocate = allocate;
    table->release = release;
    table->resize = resize;
    table->usable_size = usable_size;
    table->inspect = inspect;
    table->nothing = nothing;
    javalloc_host_ready();
}
