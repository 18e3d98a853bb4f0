/* Nested arrays into one block: shapes, types, halves, and every failing allocation. */
#include <math.h>

#include "failing.h"
#include "fastcore/schema.h"
#include "harness.h"

static fc_node node = {.kind = FC_NODE_ARRAY};
static fc_shape shape;
static fc_schema schema = {.nodes = &node, .node_count = 1, .shapes = &shape, .max_rows = -1};

static void set_shape(fc_item_kind item, uint32_t width, uint32_t ndim, int64_t a, int64_t b) {
    schema.limits = (fc_json_limits){FC_JSON_MAX_DEPTH, false};
    shape = (fc_shape){.item = item, .width = width, .ndim = ndim, .sizes = {a, b}};
    memset(shape.same, -1, sizeof shape.same);
}

static fc_status read(const char *text, fc_fill *fill) {
    return fc_fill_document(&schema, 0, text, strlen(text), &fc_alloc_libc, fill, NULL);
}

/* Whether it is accepted, with these sizes. */
static bool accepted(const char *text, int64_t a, int64_t b) {
    fc_fill fill;
    CHECK_FOR(read(text, &fill) == FC_OK, "%s", text);
    bool right =
        !fill.refused && fill.array.sizes[0] == a && (shape.ndim < 2 || fill.array.sizes[1] == b);
    if (!fill.refused) CHECK_FOR(fill.end == strlen(text) && fill.start == 0, "%s", text);
    fc_fill_free(&fill);
    return right;
}

static void test_shapes(void) {
    set_shape(FC_ITEM_FLOAT, 4, 2, -1, 3);
    CHECK(accepted("[[1,2,3],[4,5,6]]", 2, 3));
    CHECK(accepted("[]", 0, 3));
    const char *const wrong[] = {"[[1,2]]",
                                 "[[1,2,3,4]]",
                                 "[1,2,3]",
                                 "[[[1,2,3]]]",
                                 "[[1,2,3],4]",
                                 "[[1,2,3],[1,2]]",
                                 "{\"a\":[[1,2,3]]}",
                                 "[[1,2,{}]]",
                                 "7",
                                 "null",
                                 "\"x\"",
                                 "[[1,2,3],\"x\",[1,[2],3]]",
                                 "[[1,2,true]]",
                                 "[[1,2,1e39]]",
                                 "[[]]",
                                 "[[1,2,3],{\"k\":[1]},[4,5,6]]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fc_fill fill;
        CHECK_FOR(read(wrong[i], &fill) == FC_OK && fill.refused, "%s", wrong[i]);
        fc_fill_free(&fill);
    }
    set_shape(FC_ITEM_FLOAT, 8, 2, -1, -1);
    shape.same[1] = 0;
    CHECK(accepted("[[1,2],[3,4]]", 2, 2));
    CHECK(accepted("[]", 0, 0));
    CHECK(!accepted("[[1,2]]", 1, 2));
    set_shape(FC_ITEM_FLOAT, 8, 2, 2, -1);
    CHECK(accepted("[[],[]]", 2, 0));
    fc_fill fill;
    CHECK(read("[[1,2],[1", &fill) == FC_ESYNTAX && !fill.array.data);
}

static void test_any_dimensions(void) {
    set_shape(FC_ITEM_FLOAT, 4, 0, -1, -1);
    const struct {
        const char *text;
        uint32_t ndim;
    } right[] = {{"[]", 1}, {"[1,2]", 1}, {"[[1],[2]]", 2}, {"[[[[[[[[1]]]]]]]]", 8}};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        fc_fill fill;
        CHECK(read(right[i].text, &fill) == FC_OK);
        CHECK_FOR(!fill.refused && fill.array.ndim == right[i].ndim, "%s", right[i].text);
        fc_fill_free(&fill);
    }
    const char *const wrong[] = {"[[]]",     "[[],[]]",     "[1,[2]]", "[[1],2]",
                                 "[[1],[]]", "[[],[1]]",    "3",       "[[[[[[[[[1]]]]]]]]]",
                                 "[\"x\"]",  "[[1],[[2]]]", "[[],1]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fc_fill fill;
        CHECK_FOR(read(wrong[i], &fill) == FC_OK && fill.refused, "%s", wrong[i]);
        fc_fill_free(&fill);
    }
}

static bool takes(const char *number) {
    char text[64];
    snprintf(text, sizeof text, "[%s]", number);
    return accepted(text, 1, 0);
}

static void test_integers(void) {
    set_shape(FC_ITEM_INT, 1, 1, -1, 0);
    CHECK(takes("127") && takes("-128") && takes("1.0") && takes("1e2") && takes("-0.0"));
    CHECK(!takes("128") && !takes("-129") && !takes("1.5") && !takes("1e300") && !takes("true"));
    set_shape(FC_ITEM_UINT, 2, 1, -1, 0);
    CHECK(takes("65535") && takes("-0") && !takes("65536") && !takes("-1"));
    set_shape(FC_ITEM_INT, 8, 1, -1, 0);
    CHECK(takes("9223372036854775807") && takes("-9223372036854775808"));
    CHECK(!takes("9223372036854775808") && !takes("-9223372036854775809") && !takes("1e19"));
    set_shape(FC_ITEM_UINT, 8, 1, -1, 0);
    CHECK(takes("9223372036854775808") && takes("18446744073709551615"));
    CHECK(takes("10000000000000000000") && takes("9999999999999999999"));
    CHECK(!takes("18446744073709551616") && !takes("99999999999999999999") && !takes("-1"));
    CHECK(!takes("-18446744073709551615") && !takes("100000000000000000000"));
    fc_fill fill;
    CHECK(read("[18446744073709551615, 9223372036854775808, 7]", &fill) == FC_OK);
    const uint64_t *values = fill.array.data;
    CHECK(values[0] == UINT64_MAX && values[1] == (uint64_t)1 << 63 && values[2] == 7);
    fc_fill_free(&fill);
    set_shape(FC_ITEM_BOOL, 1, 1, -1, 0);
    CHECK(takes("true") && takes("false") && !takes("1") && !takes("null"));
}

/* The value of a half, by its definition. */
static double half_value(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    if (exponent == 31) value = fraction ? (double)NAN : (double)INFINITY;
    return bits >> 15 ? -value : value;
}

static void test_halves(void) {
    for (uint32_t h = 0; h < 0x7C00; h++) {
        double value = half_value((uint16_t)h), next = half_value((uint16_t)(h + 1));
        if (h + 1 == 0x7C00) next = 65536;
        double middle = (value + next) / 2;
        uint16_t even = (uint16_t)(h & 1 ? h + 1 : h);
        CHECK_FOR(fc_half(value) == h && fc_half(-value) == (h | 0x8000), "%x", h);
        CHECK_FOR(fc_half(middle) == even && fc_half(-middle) == (even | 0x8000), "%x", h);
        CHECK_FOR(fc_half(nextafter(middle, 0)) == h, "%x", h);
        CHECK_FOR(fc_half(nextafter(middle, 1e9)) == h + 1, "%x", h);
    }
    CHECK(fc_half(1e300) == 0x7C00 && fc_half(-INFINITY) == 0xFC00 && fc_half(5e-324) == 0);
    CHECK((fc_half(NAN) & 0x7FFF) > 0x7C00);
}

static void test_every_failing_allocation(void) {
    set_shape(FC_ITEM_FLOAT, 8, 1, -1, 0);
    size_t len = 0;
    static char text[60000];
    text[len++] = '[';
    for (int i = 0; i < 9999; i++) len += (size_t)sprintf(text + len, "%d,", i % 10);
    len += (size_t)sprintf(text + len, "1.5]");
    int k = 0;
    for (;; k++) {
        failing ctx = {0, k, 0};
        fc_alloc alloc = failing_alloc(&ctx);
        fc_fill fill;
        fc_status status = fc_fill_document(&schema, 0, text, len, &alloc, &fill, NULL);
        if (status == FC_OK) {
            CHECK(fill.array.count == 10000 && ((double *)fill.array.data)[9999] == 1.5);
            fc_fill_free(&fill);
        }
        CHECK_FOR(ctx.held == 0, "request %d", k);
        if (status == FC_OK) break;
        CHECK(status == FC_ENOMEM);
    }
    CHECK(k > 5);
}

static const harness_test tests[] = {
    TEST(test_shapes), TEST(test_any_dimensions),           TEST(test_integers),
    TEST(test_halves), TEST(test_every_failing_allocation),
};
TEST_MAIN(tests)
