/* Large arrays by several threads: what one thread reads, or nothing at all. Without OpenMP there
 * is one thread, and then nothing is taken; `make openmp` and `make tsan` have several. */
#include "harness.h"
#include "schema/fill_array.h"

enum { ROWS = 1200, WIDTH = 16 };

/* A table of numbers in several spellings; returns its length. */
static size_t table(char *out, uint64_t seed) {
    char *at = out;
    for (int r = 0; r < ROWS; r++) {
        at += sprintf(at, "%s[", r ? (r % 7 ? "," : " ,\n ") : "[");
        for (int c = 0; c < WIDTH; c++) {
            uint64_t n = harness_random(&seed);
            double value = (double)(int64_t)n / 1e15;
            const char *form = n % 5 == 0 ? "%.17g" : n % 5 == 1 ? "%.3e" : "%.4f";
            if (c) *at++ = ',';
            at += sprintf(at, form, value);
        }
        *at++ = ']';
    }
    *at++ = ']';
    return (size_t)(at - out);
}

static fc_shape shape_of(uint32_t width, int64_t rows, int64_t columns) {
    fc_shape shape = {.item = FC_ITEM_FLOAT, .width = width, .ndim = 2, .sizes = {rows, columns}};
    for (int d = 0; d < FC_SHAPE_MAX_DIMS; d++) shape.same[d] = -1;
    return shape;
}

/* Reads the array that `text` is with one thread and with several. Returns whether the latter did
 * take it. */
static bool compare(const fc_shape *shape, const char *text, size_t len, int threads) {
    fc_node node = {.kind = FC_NODE_ARRAY};
    fc_schema schema = {.nodes = &node,
                        .node_count = 1,
                        .shapes = shape,
                        .limits = {FC_JSON_MAX_DEPTH, false},
                        .max_rows = -1};
    fc_fill one, many;
    const char *next;
    char *copy = harness_copy(text, len);
    fc_status status = fc_fill_array(&schema, 0, copy, len, &fc_alloc_libc, &one, NULL);
    CHECK(fc_array_split(shape, copy, copy + len, threads, &fc_alloc_libc, &many, &next) == FC_OK);
    if (next && next != copy + len) { /* a fault ended it early: the rest is the walk's business */
        CHECK(status == FC_ESYNTAX);
        fc_fill_free(&many);
    } else if (next) {
        CHECK(status == FC_OK && !one.refused);
        CHECK(one.array.count == many.array.count && many.array.ndim == 2);
        CHECK(memcmp(one.array.sizes, many.array.sizes, 2 * sizeof *one.array.sizes) == 0);
        CHECK(memcmp(one.array.data, many.array.data, one.array.count * shape->width) == 0);
        fc_fill_free(&many);
    }
    if (status == FC_OK) fc_fill_free(&one);
    free(copy);
    return next != NULL;
}

static void test_tables(void) {
    static char text[ROWS * (WIDTH * 30 + 8)];
    size_t len = table(text, 5);
    CHECK(len > FC_SPLIT_BYTES);
    bool several = fc_parallel_threads(4) > 1;
    for (int threads = 2; threads <= 7; threads++) {
        for (uint32_t width = 2; width <= 8; width *= 2) {
            fc_shape any = shape_of(width, -1, -1), exact = shape_of(width, ROWS, WIDTH);
            fc_shape more = shape_of(width, ROWS + 1, -1), wide = shape_of(width, -1, WIDTH + 1);
            fc_shape square = shape_of(width, -1, -1);
            square.same[1] = 0;
            CHECK(compare(&any, text, len, threads) == several);
            CHECK(compare(&exact, text, len, threads) == several);
            CHECK(!compare(&more, text, len, threads));
            CHECK(!compare(&wide, text, len, threads));
            CHECK(!compare(&square, text, len, threads));
        }
    }
    /* A fault anywhere, and it is not taken; what is behind the array does not matter. */
    static const char faults[] = "[]{},\"x-\x01";
    uint64_t seed = 9;
    fc_shape any = shape_of(8, -1, -1);
    for (int i = 0; i < 400; i++) {
        size_t at = harness_random(&seed) % len;
        char kept = text[at];
        text[at] = faults[harness_random(&seed) % (sizeof faults - 1)];
        (void)compare(&any, text, len, 2 + i % 5);
        text[at] = kept;
    }
    for (int i = 0; i < 100; i++)
        CHECK(!compare(&any, text, len - 1 - harness_random(&seed) % 4000, 3));
}

static void test_every_level(void) {
    fc_cpu_level best = fc_cpu_current();
    for (int level = FC_CPU_GENERIC; level <= FC_CPU_AVX512; level++) {
        if (fc_cpu_force((fc_cpu_level)level) != (fc_cpu_level)level) continue;
        test_tables();
    }
    CHECK(fc_cpu_force(best) == best);
}

static const harness_test tests[] = {TEST(test_every_level)};
TEST_MAIN(tests)
