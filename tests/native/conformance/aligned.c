/* aligned.c: posix_memalign, aligned_alloc, memalign, valloc and pvalloc: what they refuse, what they promise.
 * hosted: yes */
#include "check.h"

enum { UNTOUCHED = 12345, PAGE = 4096 };
static const size_t LARGEST_POWER = SIZE_MAX / 2 + 1;

static void posix_memalign_refuses_a_wrong_alignment_and_touches_nothing(void) {
    const size_t wrong[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 15, 24, 40, 48, 1000, 4095, 4097, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        void *block = &block;
        errno = UNTOUCHED;
        int error = posix_memalign(&block, wrong[i], 100);
        CHECK(error == EINVAL, "alignment %zu: returned %d", wrong[i], error);
        CHECK(block == &block, "alignment %zu: %p", wrong[i], block);
        CHECK_EQ(errno, UNTOUCHED);
    }
}

static void posix_memalign_out_of_memory_touches_nothing(void) {
    const size_t requests[][2] = {
        {16, SIZE_MAX},        {4096, PTRDIFF_MAX},   {64, PTRDIFF_MAX + 1ul}, {4096, SIZE_MAX - 64},
        {SIZE_MAX / 2 + 1, 1}, {SIZE_MAX / 4 + 1, 1}, {8, SIZE_MAX - 7},       {(size_t)1 << 46, (size_t)1 << 47}};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        void *block = &block;
        errno = UNTOUCHED;
        int error = posix_memalign(&block, requests[i][0], requests[i][1]);
        CHECK(error == ENOMEM, "alignment 0x%zx, size 0x%zx: returned %d", requests[i][0], requests[i][1], error);
        CHECK(block == &block);
        if (!check_env("CHECK_GLIBC"))
            CHECK_EQ(errno, UNTOUCHED); /* glibc sets it; POSIX and the manual say otherwise */
    }
}

static void posix_memalign_leaves_errno_alone_when_it_succeeds(void) {
    for (size_t alignment = 8; alignment <= PAGE; alignment *= 2) {
        void *block = NULL;
        errno = UNTOUCHED;
        CHECK_EQ(posix_memalign(&block, alignment, 100), 0);
        CHECK_EQ(errno, UNTOUCHED);
        CHECK(block != NULL && is_aligned(block, alignment));
        free(block);
    }
}

static void aligned_alloc_refuses_what_is_no_power_of_two(void) {
    if (check_env("CHECK_GLIBC"))
        return; /* before 2.38 it was memalign */
    const size_t wrong[] = {0, 3, 5, 6, 7, 12, 24, 48, 100, 1000, 4095, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        errno = 0;
        CHECK(aligned_alloc(wrong[i], 96) == NULL, "alignment %zu", wrong[i]);
        CHECK_EQ(errno, EINVAL);
    }
}

static void aligned_alloc_takes_a_size_that_is_no_multiple(void) {
    for (size_t alignment = 1; alignment <= 8192; alignment *= 2)
        for (size_t size = 0; size <= 2 * alignment + 1; size += alignment / 2 + 1) {
            void *block = aligned_alloc(alignment, size);
            CHECK(block != NULL && is_aligned(block, alignment) && is_aligned(block, 16), "%zu, %zu", alignment, size);
            fill(block, size, size);
            free(block);
        }
}

static void memalign_rounds_an_alignment_up_to_a_power_of_two(void) {
    const size_t alignments[][2] = {{0, 16},      {1, 16},      {3, 16},        {17, 32},   {24, 32},
                                    {33, 64},     {48, 64},     {100, 128},     {129, 256}, {1000, 1024},
                                    {3000, 4096}, {5000, 8192}, {70000, 131072}};
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++)
        for (int round = 0; round < 5; round++) {
            void *block = memalign(alignments[i][0], 77);
            CHECK(block != NULL && is_aligned(block, alignments[i][1]), "memalign(%zu, 77): %p", alignments[i][0],
                  block);
            fill(block, 77, i);
            free(block);
        }
}

static void memalign_refuses_an_alignment_that_cannot_be_rounded_up(void) {
    const size_t wrong[] = {LARGEST_POWER + 1, LARGEST_POWER + 4096, SIZE_MAX - 15, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        errno = 0;
        CHECK(memalign(wrong[i], 1) == NULL, "memalign(0x%zx, 1)", wrong[i]);
        CHECK_EQ(errno, EINVAL);
    }
    const size_t too_large[] = {LARGEST_POWER, LARGEST_POWER - 1, LARGEST_POWER / 2};
    for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++) {
        errno = 0;
        CHECK(memalign(too_large[i], 1) == NULL, "memalign(0x%zx, 1)", too_large[i]);
        CHECK_EQ(errno, ENOMEM);
    }
}

/* Everything is live at once and freed in another order than it came; 8 bytes between each two may not be harmed. */
static void every_alignment_holds_with_every_size(void) {
    enum { MOST = 400 };
    static struct {
        void *block;
        size_t size, tag;
    } live[MOST];
    size_t count = 0;
    for (size_t alignment = 1; alignment <= (2 << 20); alignment *= 2) {
        const size_t sizes[] = {0, 1, 17, 1000, alignment - 1, alignment, alignment + 1, alignment + alignment / 2};
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            void *block = NULL;
            if (i % 3 == 0)
                block = aligned_alloc(alignment, sizes[i]);
            else if (i % 3 == 1 || alignment < 8)
                block = memalign(alignment, sizes[i]);
            else
                CHECK_EQ(posix_memalign(&block, alignment, sizes[i]), 0);
            CHECK(block != NULL && is_aligned(block, alignment) && is_aligned(block, 16), "alignment %zu, size %zu: %p",
                  alignment, sizes[i], block);
            void *between = malloc(8);
            CHECK(between != NULL && count + 2 <= MOST);
            fill(block, sizes[i], count);
            live[count].block = block;
            live[count].size = sizes[i];
            live[count].tag = count;
            count++;
            fill(between, 8, count);
            live[count].block = between;
            live[count].size = 8;
            live[count].tag = count;
            count++;
        }
    }
    for (uint64_t random = check_seed; count > 0;) {
        size_t at = random_below(&random, count);
        verify(live[at].block, live[at].size, live[at].tag);
        free(live[at].block);
        live[at] = live[--count];
    }
}

static void an_alignment_of_64_MiB_holds(void) {
    const size_t alignment = 64 << 20, sizes[] = {1, 100, 1 << 20};
    void *blocks[3];
    for (int i = 0; i < 3; i++) {
        blocks[i] = aligned_alloc(alignment, sizes[i]);
        CHECK(blocks[i] != NULL && is_aligned(blocks[i], alignment), "size %zu: %p", sizes[i], blocks[i]);
        fill(blocks[i], sizes[i], (uint64_t)i);
    }
    for (int i = 0; i < 3; i++) {
        verify(blocks[i], sizes[i], (uint64_t)i);
        free(blocks[i]);
    }
}

static void valloc_and_pvalloc_give_whole_pages(void) {
    for (size_t size = 0; size <= 3 * PAGE; size += 511) {
        void *page = valloc(size), *pages = pvalloc(size);
        CHECK(page != NULL && is_aligned(page, PAGE), "valloc(%zu): %p", size, page);
        CHECK(pages != NULL && is_aligned(pages, PAGE), "pvalloc(%zu): %p", size, pages);
        size_t rounded = (size + PAGE - 1) / PAGE * PAGE;
        CHECK(malloc_usable_size(pages) >= rounded, "pvalloc(%zu): %zu usable", size, malloc_usable_size(pages));
        fill(page, size, 1);
        fill(pages, rounded, 2);
        verify(page, size, 1);
        verify(pages, rounded, 2);
        free(page);
        free(pages);
    }
}

static void realloc_of_an_aligned_block_keeps_its_contents(void) {
    for (size_t alignment = 16; alignment <= (1 << 20); alignment *= 4) {
        const size_t sizes[] = {1000, 1001, 5000, 100, 90000, 64, 2 << 20, 1};
        size_t size = 777;
        void *block = memalign(alignment, size);
        CHECK(block != NULL);
        fill(block, size, alignment);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            block = realloc(block, sizes[i]);
            CHECK(block != NULL && is_aligned(block, 16));
            verify(block, size < sizes[i] ? size : sizes[i], alignment);
            size = sizes[i];
            fill(block, size, alignment);
        }
        free(block);
    }
}

int main(int argc, char **argv) {
    check_begin("aligned", argc, argv);
    posix_memalign_refuses_a_wrong_alignment_and_touches_nothing();
    posix_memalign_out_of_memory_touches_nothing();
    posix_memalign_leaves_errno_alone_when_it_succeeds();
    aligned_alloc_refuses_what_is_no_power_of_two();
    aligned_alloc_takes_a_size_that_is_no_multiple();
    memalign_rounds_an_alignment_up_to_a_power_of_two();
    memalign_refuses_an_alignment_that_cannot_be_rounded_up();
    every_alignment_holds_with_every_size();
    an_alignment_of_64_MiB_holds();
    valloc_and_pvalloc_give_whole_pages();
    realloc_of_an_aligned_block_keeps_its_contents();
    return check_end();
}
