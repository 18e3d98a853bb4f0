/* The arena: alignment, growth, overflow, and every failing allocation. */
#include "failing.h"
#include "harness.h"

static void test_alignment(void) {
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    uint64_t seed = 1;
    for (int i = 0; i < 5000; i++) {
        size_t align = (size_t)1 << harness_random(&seed) % 7,
               size = harness_random(&seed) % 300 + 1;
        char *at = fc_arena_get(&arena, size, align);
        CHECK(at != NULL && (uintptr_t)at % align == 0);
        if (at) memset(at, i, size); /* the sanitizer sees a block that is too small */
    }
    fc_arena_free(&arena);
}

static void test_blocks_do_not_overlap(void) {
    enum { COUNT = 200 };
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = fc_arena_get(&arena, i * 7 + 1, 1);
        if (blocks[i]) memset(blocks[i], (int)i, i * 7 + 1);
    }
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(blocks[i] && blocks[i][0] == i && blocks[i][i * 7] == i);
    }
    fc_arena_free(&arena);
}

static void test_large_and_zeroed(void) {
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    unsigned char *large = fc_arena_zeros(&arena, 1 << 20, 3);
    CHECK(large != NULL);
    size_t sum = 0;
    for (size_t i = 0; large && i < (size_t)3 << 20; i++) sum += large[i];
    CHECK(sum == 0);
    CHECK(fc_arena_zeros(&arena, SIZE_MAX / 2, 3) == NULL);
    CHECK(fc_arena_get(&arena, SIZE_MAX, 1) == NULL);
    CHECK(fc_arena_get(&arena, SIZE_MAX - 100, 64) == NULL);
    CHECK(fc_arena_text(&arena, "", SIZE_MAX) == NULL);
    fc_arena_free(&arena);
}

static void test_text(void) {
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    char *text = fc_arena_text(&arena, "abc\0def", 7), *empty = fc_arena_text(&arena, NULL, 0);
    CHECK(text && memcmp(text, "abc\0def", 8) == 0);
    CHECK(empty && *empty == 0);
    fc_arena_free(&arena);
    CHECK(fc_arena_get(&arena, 8, 8) != NULL); /* usable again */
    fc_arena_free(&arena);
}

static void test_each_failing_allocation(void) {
    bool done = false;
    for (int k = 0; !done && k < 1000; k++) {
        failing f = {0, k, 0};
        fc_alloc alloc = failing_alloc(&f);
        fc_arena arena;
        fc_arena_init(&arena, &alloc);
        done = true;
        for (size_t i = 0; i < 100; i++) {
            char *at = fc_arena_get(&arena, 1000 * i + 1, 16);
            if (at) {
                memset(at, 1, 1000 * i + 1);
            } else {
                done = false;
                /* The arena is as it was: the next request may succeed. */
                CHECK(fc_arena_get(&arena, 1, 1) != NULL);
            }
        }
        fc_arena_free(&arena);
        CHECK(f.held == 0);
    }
    CHECK(done);
}

static const harness_test tests[] = {TEST(test_alignment), TEST(test_blocks_do_not_overlap),
                                     TEST(test_large_and_zeroed), TEST(test_text),
                                     TEST(test_each_failing_allocation)};
TEST_MAIN(tests)
