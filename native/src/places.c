/*
 * places.c: where in the program a block is asked for: the return addresses on the caller's stack, as a number. For
 * JAVALLOC_LEAKS only.
 *
 * Programs are built without frame pointers, so a stack has to be unwound by the tables of the compiler (libgcc's
 * _Unwind_Backtrace): half a microsecond a frame. But at one place in the code a frame has one size, unless the
 * function uses alloca or the like. So the sizes are learnt, by return address, from what the unwinder finds, and a
 * stack all of whose frames are known is walked by adding: a few nanoseconds a frame. Who meets a return address that
 * is not known, or whose frame has no fixed size, asks the unwinder.
 *
 * (A frame that varies is known for what it is when the unwinder has seen two sizes of it. Until then adding leads
 * to some other word of the stack, which is most probably no return address that is known.)
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

#include "internal.h"

#define PLACES_MAX  (1u << 20)
#define INDEX_SLOTS (4 * PLACES_MAX)
#define ARENA_BYTES ((size_t)1 << 20)
#define FRAMES      (1u << 16)
#define PROBES      16

/* ---- the depot: each stack once ---- */

static const struct place **places; /* by number; mapped, not resident */
static _Atomic uint32_t *numbers;   /* open addressing, by hash; 0: free */
static _Atomic uint32_t count;
static char *arena, *arena_end;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *map(size_t bytes) {
    void *fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return fresh == MAP_FAILED ? NULL : fresh;
}

uint32_t places_count(void) { return atomic_load_explicit(&count, memory_order_acquire); }

const struct place *places_get(uint32_t number) { return places[number]; }

static uint32_t hash_of(const uintptr_t *callers, uint32_t depth) {
    uint64_t hash = depth;
    for (uint32_t i = 0; i < depth; i++)
        hash = (hash ^ callers[i]) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(hash >> 32);
}

/* The slot of the stack in the index: its own, or the free one where it belongs. */
static uint32_t slot_of(const uintptr_t *callers, uint32_t depth, uint32_t hash) {
    uint32_t slot = hash % INDEX_SLOTS;
    for (uint32_t number; (number = atomic_load_explicit(&numbers[slot], memory_order_acquire)) != 0;) {
        const struct place *place = places[number];
        if (place->hash == hash && place->depth == depth &&
            memcmp(place->callers, callers, depth * sizeof *callers) == 0)
            break;
        slot = (slot + 1) % INDEX_SLOTS;
    }
    return slot;
}

static struct place *arena_take(size_t bytes) {
    if ((size_t)(arena_end - arena) < bytes) {
        arena = map(ARENA_BYTES);
        arena_end = arena == NULL ? NULL : arena + ARENA_BYTES;
        if (arena == NULL)
            return NULL;
    }
    struct place *taken = (struct place *)arena;
    arena += bytes;
    return taken;
}

static uint32_t add(const uintptr_t *callers, uint32_t depth, uint32_t hash) {
    uint32_t slot = slot_of(callers, depth, hash); /* again: another thread may have been first */
    uint32_t number = numbers[slot];
    if (number != 0 || count + 1 >= PLACES_MAX)
        return number;
    struct place *place = arena_take(sizeof *place + depth * sizeof *callers);
    if (place == NULL)
        return 0;
    place->depth = depth;
    place->hash = hash;
    memcpy(place->callers, callers, depth * sizeof *callers);
    number = count + 1;
    places[number] = place;
    atomic_store_explicit(&numbers[slot], number, memory_order_release);
    atomic_store_explicit(&count, number, memory_order_release);
    return number;
}

static uint32_t number_of(const uintptr_t *callers, uint32_t depth) {
    uint32_t hash = hash_of(callers, depth);
    uint32_t number = numbers[slot_of(callers, depth, hash)];
    if (number != 0)
        return number;
    pthread_mutex_lock(&lock);
    number = add(callers, depth, hash);
    pthread_mutex_unlock(&lock);
    return number;
}

/* ---- frames: how large they are ---- */

#define UNKNOWN   0u
#define VARIES    1u
#define OUTERMOST 2u /* nothing called it */

static struct frame {
    _Atomic uintptr_t caller; /* return address into the function; 0: this slot is free */
    _Atomic uint32_t size;    /* bytes from the stack pointer there to that of its own caller */
} * frames;

static struct frame *frame_at(uintptr_t caller) {
    uint32_t slot = (uint32_t)(caller * 0x9e3779b97f4a7c15u >> 48);
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        struct frame *frame = &frames[(slot + probe) % FRAMES];
        uintptr_t there = atomic_load_explicit(&frame->caller, memory_order_relaxed);
        if (there == caller || there == 0)
            return frame;
    }
    return NULL;
}

static uint32_t size_of(uintptr_t caller) {
    const struct frame *frame = frame_at(caller);
    return frame == NULL || frame->caller != caller ? UNKNOWN
                                                    : atomic_load_explicit(&frame->size, memory_order_relaxed);
}

static void learn(uintptr_t caller, uint32_t size) {
    struct frame *frame = frame_at(caller);
    uintptr_t nobody = 0;
    if (frame == NULL)
        return; /* the table is full hereabouts: such frames are unwound each time */
    if (!atomic_compare_exchange_strong(&frame->caller, &nobody, caller) && nobody != caller)
        return;
    uint32_t before = UNKNOWN;
    if (!atomic_compare_exchange_strong(&frame->size, &before, size) && before != size)
        atomic_store(&frame->size, VARIES);
}

/* ---- a stack ---- */

struct stack {
    const uintptr_t *innermost; /* where the program's innermost return address lies */
    uint32_t depth;
    uintptr_t callers[PLACE_DEPTH];
    const uintptr_t *last; /* where the last of them lay; NULL: none yet */
};

/* Walks a stack all of whose frames are known; false if there is one that is not. */
static bool walk(struct stack *stack, uintptr_t top) {
    const uintptr_t *slot = stack->innermost;
    while (stack->depth < PLACE_DEPTH) {
        uint32_t size = size_of(*slot);
        if (size == UNKNOWN || size == VARIES)
            return false;
        stack->callers[stack->depth++] = *slot;
        if (size == OUTERMOST)
            return true;
        slot = (const uintptr_t *)((const char *)slot + size);
        if ((uintptr_t)slot >= top)
            return false;
    }
    return true;
}

typedef _Unwind_Reason_Code backtrace_function(_Unwind_Trace_Fn visit, void *state);
typedef _Unwind_Word word_function(struct _Unwind_Context *context);
typedef _Unwind_Ptr pointer_function(struct _Unwind_Context *context);

/* libgcc's, which glibc itself loads to print or cancel; the shim is linked with libc alone. */
static backtrace_function *unwind;
static pointer_function *instruction_of;
static word_function *frame_of;

/* The canonical frame address is that of the frame inside this one; right below it lies the return address. In the
 * frame of a signal it does not. */
static _Unwind_Reason_Code on_frame(struct _Unwind_Context *context, void *state) {
    struct stack *stack = state;
    const uintptr_t *slot = (const uintptr_t *)frame_of(context) - 1;
    uintptr_t caller = instruction_of(context);
    if (stack->last == NULL && slot != stack->innermost)
        return _URC_NO_REASON;
    if (stack->depth > 0) {
        uintptr_t size = (uintptr_t)slot - (uintptr_t)stack->last;
        bool is_ordinary = caller != 0 && *slot == caller && size > OUTERMOST && size <= UINT32_MAX;
        learn(stack->callers[stack->depth - 1], caller == 0 ? OUTERMOST : is_ordinary ? (uint32_t)size : VARIES);
    }
    stack->last = slot;
    if (stack->depth == PLACE_DEPTH || caller == 0)
        return _URC_END_OF_STACK;
    stack->callers[stack->depth++] = caller;
    return _URC_NO_REASON;
}

static void unwind_all(struct stack *stack) {
    stack->depth = 0;
    stack->last = NULL;
    if (unwind(on_frame, stack) == _URC_END_OF_STACK && stack->depth > 0 && stack->depth < PLACE_DEPTH)
        learn(stack->callers[stack->depth - 1], OUTERMOST);
}

/* ---- where the caller is ---- */

/* This library's image: its own frames are not the program's. */
static struct { uintptr_t low, high; } image;

/* Where the first return address lies that leads out of this library. */
static const uintptr_t *innermost_above(const void *frame) {
    const uintptr_t *words = frame; /* the caller's frame, then the return address */
    while (words[1] - image.low < image.high - image.low)
        words = (const uintptr_t *)words[0];
    return &words[1];
}

uintptr_t places_here(struct thread *self, const void *frame) {
    if (self->unwinding)
        return 0;
    self->unwinding = true;
    atomic_signal_fence(memory_order_seq_cst);
    struct stack stack = {.innermost = innermost_above(frame)};
    if (!thread_owns_stack(self, (uintptr_t)frame) || !walk(&stack, self->own_low + self->own_bytes))
        unwind_all(&stack);
    uint32_t place = stack.depth == 0 ? number_of(stack.innermost, 1) : number_of(stack.callers, stack.depth);
    atomic_signal_fence(memory_order_seq_cst);
    self->unwinding = false;
    return place;
}

/* ---- once ---- */

static int find_image(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    uintptr_t low = UINTPTR_MAX, high = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD)
            continue;
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        low = start < low ? start : low;
        high = start + header->p_memsz > high ? start + header->p_memsz : high;
    }
    uintptr_t here = (uintptr_t)find_image;
    if (here - low >= high - low)
        return 0;
    image.low = low;
    image.high = high;
    return 1;
}

bool places_prepare(void) {
    void *libgcc = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL);
    if (libgcc == NULL || dl_iterate_phdr(find_image, NULL) == 0)
        return false;
    *(void **)&unwind = dlsym(libgcc, "_Unwind_Backtrace");
    *(void **)&instruction_of = dlsym(libgcc, "_Unwind_GetIP");
    *(void **)&frame_of = dlsym(libgcc, "_Unwind_GetCFA");
    places = map(PLACES_MAX * sizeof *places);
    numbers = map(INDEX_SLOTS * sizeof *numbers);
    frames = map(FRAMES * sizeof *frames);
    return unwind != NULL && instruction_of != NULL && frame_of != NULL && places != NULL && numbers != NULL &&
           frames != NULL;
}
