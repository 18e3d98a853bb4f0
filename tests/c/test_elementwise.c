/* Element-wise lists: every level, type, width, length and alignment against one operation after
 * the other in plain C, bit by bit; quick divisions at the points where rounding is hardest; and
 * steps made into one. */
#include "harness.h"

#include <math.h>

#include "plan/elementwise.h"
#include "plan/plan_inner.h"

enum { WIDEST = 70, MOST = 4000 };

static uint64_t state = 11;

static double number(void) {
    uint64_t r = harness_random(&state);
    double value = ldexp((double)(int64_t)(r >> 11 | 1) - 4e15, -40);
    return r % 97 == 0 ? 0.0 : r % 89 == 0 ? -0.0 : value;
}

/* What an operation means, once more. */
static double apply64(fc_lane_kind kind, double x, double c, double second) {
    switch (kind) {
    case FC_LANE_FILL: return x != x ? c : x;
    case FC_LANE_REPLACE: return x == second ? c : x;
    case FC_LANE_ADD: return x + c;
    case FC_LANE_SUB: return x - c;
    case FC_LANE_MUL: return x * c;
    case FC_LANE_DIV: return x / c;
    case FC_LANE_AT_LEAST: return x <= c ? c : x;
    case FC_LANE_AT_MOST: return x >= c ? c : x;
    case FC_LANE_ABOVE: return x > c;
    default: return x;
    }
}

static float apply32(fc_lane_kind kind, float x, double c, double second) {
    switch (kind) {
    case FC_LANE_ADD: return x + (float)c;
    case FC_LANE_SUB: return x - (float)c;
    case FC_LANE_MUL: return x * (float)c;
    case FC_LANE_DIV: return x / (float)c;
    case FC_LANE_WIDE_ADD: return (float)(x + c);
    case FC_LANE_WIDE_SUB: return (float)(x - c);
    case FC_LANE_WIDE_MUL: return (float)(x * c);
    case FC_LANE_WIDE_DIV: return (float)(x / c);
    default: return (float)apply64(kind, x, (float)c, (float)second);
    }
}

typedef struct model {
    fc_plan_type type;
    uint32_t width;
    size_t count;
    fc_lane_kind kinds[8];
    double c[8][WIDEST], second;
    fc_lanes *lanes;
} model;

static void add(fc_arena *arena, model *chain, fc_lane_kind kind) {
    double *c = chain->c[chain->count];
    for (uint32_t j = 0; j < chain->width; j++) {
        do c[j] = number();
        while (c[j] == 0);
        if (kind == FC_LANE_DIV || kind == FC_LANE_WIDE_DIV) c[j] = fabs(c[j]);
    }
    chain->kinds[chain->count++] = kind;
    fc_status status = kind == FC_LANE_REPLACE
                           ? fc_lanes_replace(arena, chain->lanes, c, chain->second)
                           : fc_lanes_add(arena, chain->lanes, kind, c);
    CHECK(status == FC_OK);
}

static void begin(fc_arena *arena, model *chain, fc_plan_type type, uint32_t width) {
    fc_shape shape = {1, &type, &width, type, width};
    chain->type = type;
    chain->width = width;
    chain->count = 0;
    chain->second = 7;
    CHECK(fc_lanes_new(arena, &shape, &chain->lanes) == FC_OK);
}

static char in_memory[MOST * 8 + 64], out_memory[MOST * 8 + 64], ref_memory[MOST * 8 + 64];

/* `rows` rows from `x` by the kernel, with the output at `shift` values past a line of the cache;
 * and by plain C. True if all bits agree. */
static bool agree(const model *chain, const void *x, size_t rows, size_t shift, bool stream) {
    size_t size = fc_plan_type_size(chain->type), total = rows * chain->width;
    char *y = out_memory + (-(uintptr_t)out_memory & 63) + shift * size;
    const void *inputs[] = {x};
    memset(y, 0x55, total * size);
    CHECK(fc_lanes_run_as(chain->lanes, inputs[0], y, rows, stream, NULL) == FC_OK);
    for (size_t i = 0; i < total; i++) {
        if (chain->type == FC_PLAN_F64) {
            double v = ((const double *)x)[i];
            for (size_t k = 0; k < chain->count; k++)
                v = apply64(chain->kinds[k], v, chain->c[k][i % chain->width], chain->second);
            ((double *)ref_memory)[i] = v;
        } else {
            float v = ((const float *)x)[i];
            for (size_t k = 0; k < chain->count; k++)
                v = apply32(chain->kinds[k], v, chain->c[k][i % chain->width], chain->second);
            ((float *)ref_memory)[i] = v;
        }
    }
    return memcmp(y, ref_memory, total * size) == 0;
}

static void fill_input(const model *chain, size_t total, bool nan) {
    for (size_t i = 0; i < total; i++) {
        double v = harness_random(&state) % 13 == 0 ? 7 : number();
        if (nan && harness_random(&state) % 7 == 0) v = (double)NAN;
        if (chain->type == FC_PLAN_F64)
            ((double *)in_memory)[i] = v;
        else
            ((float *)in_memory)[i] = (float)v;
    }
}

static void any_list_is_its_operations(void) {
    static const fc_lane_kind all[] = {FC_LANE_ADD,      FC_LANE_SUB,      FC_LANE_MUL,
                                       FC_LANE_DIV,      FC_LANE_AT_LEAST, FC_LANE_AT_MOST,
                                       FC_LANE_ABOVE,    FC_LANE_REPLACE,  FC_LANE_WIDE_ADD,
                                       FC_LANE_WIDE_SUB, FC_LANE_WIDE_MUL, FC_LANE_WIDE_DIV};
    for (int trial = 0; trial < 400; trial++) {
        fc_arena arena;
        fc_arena_init(&arena, &fc_alloc_libc);
        model chain;
        fc_plan_type type = trial % 2 ? FC_PLAN_F32 : FC_PLAN_F64;
        uint32_t width = (uint32_t)(harness_random(&state) % WIDEST) + 1;
        begin(&arena, &chain, type, width);
        bool nan = trial % 3 == 0;
        if (nan) add(&arena, &chain, FC_LANE_FILL);
        size_t kinds = type == FC_PLAN_F32 ? 12 : 8;
        for (int k = 0; k < 1 + trial % 4; k++)
            add(&arena, &chain, all[harness_random(&state) % kinds]);
        CHECK(fc_lanes_finish(&arena, chain.lanes) == FC_OK);
        size_t rows = harness_random(&state) % (MOST / width - 1) + 1;
        if (trial % 5 == 0) rows = 1;
        fill_input(&chain, rows * width, nan);
        CHECK(agree(&chain, in_memory, rows, harness_random(&state) % 8, trial % 2 == 0));
        fc_arena_free(&arena);
    }
}

/* A dividend for the divisor `c` whose quotient is as near to a midpoint between doubles as any: b
 * being c's odd significand, a 2^53 - b M = k is solved for a small k, with M odd. 0 if there is no
 * such dividend of 53 bits. */
static double hardest(double c, int64_t k) {
    int exponent;
    uint64_t b = (uint64_t)ldexp(frexp(c, &exponent), 53), inverse = b;
    for (int i = 0; i < 5; i++) inverse *= 2 - b * inverse; /* Newton, modulo 2^64 */
    uint64_t mask = (1ull << 53) - 1, middle = ((0 - (uint64_t)k) * inverse & mask) | 1ull << 53;
    unsigned __int128 product = (unsigned __int128)b * middle;
    product += (unsigned __int128)(__int128)k;
    if ((uint64_t)product & mask) abort();
    uint64_t a = (uint64_t)(product >> 53);
    return a >> 53 ? 0 : ldexp((double)a, exponent - 53);
}

/* Dividends whose quotients lie next to the midpoints between doubles, after a subtraction that
 * changes nothing. */
static void quick_division_is_division(void) {
    for (int trial = 0; trial < 60; trial++) {
        fc_arena arena;
        fc_arena_init(&arena, &fc_alloc_libc);
        model chain;
        begin(&arena, &chain, FC_PLAN_F64, 64);
        add(&arena, &chain, FC_LANE_SUB);
        for (size_t j = 0; j < 64; j++) chain.c[0][j] = trial % 2 ? 0x1p-600 : 3;
        chain.lanes->count = 0;
        CHECK(fc_lanes_add(&arena, chain.lanes, FC_LANE_SUB, chain.c[0]) == FC_OK);
        for (size_t j = 0; j < 64; j++) {
            uint64_t r = harness_random(&state);
            chain.c[1][j] = ldexp((double)(r >> 11 | 1ull << 52 | 1), (int)(r % 9) - 56);
        }
        CHECK(fc_lanes_add(&arena, chain.lanes, FC_LANE_DIV, chain.c[1]) == FC_OK);
        chain.kinds[1] = FC_LANE_DIV;
        chain.count = 2;
        CHECK(fc_lanes_finish(&arena, chain.lanes) == FC_OK && chain.lanes->quick);
        double *x = (double *)in_memory;
        for (size_t i = 0; i < 3200; i++) {
            uint64_t r = harness_random(&state);
            long double middle = ldexpl((long double)(r >> 11 | 1ull << 53) + 0.5L, -53);
            x[i] = (double)(middle * (long double)chain.c[1][i % 64]);
            if (r % 3 == 0) x[i] = nextafter(x[i], r % 2 ? HUGE_VAL : 0);
            double hard = hardest(chain.c[1][i % 64], (int64_t)(r >> 32) % 64 * 2 - 63);
            if (trial % 2 && hard != 0) x[i] = hard;
            if (trial % 3 == 0) x[i] = ldexp(x[i], (int)(r % 40) - 20);
            if (r % 31 == 0) x[i] = chain.c[0][0]; /* a zero */
            if (r % 37 == 0) x[i] = (double)NAN;
        }
        CHECK(agree(&chain, x, 50, 2, trial % 4 == 0));
        /* Beyond the bounds of dividends: too small, too large. */
        x[77] = trial % 2 ? 0x1p-1030 : 0x1.8p900;
        CHECK(agree(&chain, x, 50, 0, false));
        fc_arena_free(&arena);
    }
}

/* Divisors that the quick form is not for: next to a power of two, zero, beyond the bounds; and a
 * zero that may be negative. */
static void some_divisions_stay(void) {
    static const double divisors[] = {0x1.fffffffffffffp0, 0.0, 0x1p300, 0x1p-300, -2, NAN};
    for (size_t k = 0; k <= sizeof divisors / sizeof *divisors; k++) {
        fc_arena arena;
        fc_arena_init(&arena, &fc_alloc_libc);
        model chain;
        begin(&arena, &chain, FC_PLAN_F64, 1);
        double c = k < sizeof divisors / sizeof *divisors ? divisors[k] : 3, shift = c == 3 ? 0 : 1;
        CHECK(fc_lanes_add(&arena, chain.lanes, FC_LANE_SUB, &shift) == FC_OK);
        CHECK(fc_lanes_add(&arena, chain.lanes, FC_LANE_DIV, &c) == FC_OK);
        CHECK(fc_lanes_finish(&arena, chain.lanes) == FC_OK && !chain.lanes->quick);
        fc_arena_free(&arena);
    }
}

/* An infinity is refused wherever it stands, and only where a step says so. */
static void infinities(void) {
    for (int quick = 0; quick < 2; quick++)
        for (fc_plan_type type = FC_PLAN_F64; type <= FC_PLAN_F32; type++)
            for (size_t at = 0; at < 600; at += 7) {
                fc_arena arena;
                fc_arena_init(&arena, &fc_alloc_libc);
                model chain;
                begin(&arena, &chain, type, 3);
                CHECK(fc_lanes_add(&arena, chain.lanes, FC_LANE_NO_INF, NULL) == FC_OK);
                add(&arena, &chain, FC_LANE_FILL);
                add(&arena, &chain, quick ? FC_LANE_SUB : FC_LANE_MUL);
                add(&arena, &chain, FC_LANE_DIV);
                CHECK(fc_lanes_finish(&arena, chain.lanes) == FC_OK);
                fill_input(&chain, 600, true);
                const void *inputs[] = {in_memory};
                CHECK(fc_lanes_run(chain.lanes, inputs, out_memory, 200) == FC_OK);
                if (type == FC_PLAN_F64)
                    ((double *)in_memory)[at] = at % 2 ? HUGE_VAL : -HUGE_VAL;
                else
                    ((float *)in_memory)[at] = at % 2 ? HUGE_VALF : -HUGE_VALF;
                CHECK(fc_lanes_run(chain.lanes, inputs, out_memory, 200) == FC_EREFUSED);
                CHECK(fc_lanes_run(chain.lanes, inputs, out_memory, at / 3) == FC_OK);
                fc_arena_free(&arena);
            }
}

/* FINITE refuses NaN too. */
static void markers(void) {
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    model chain;
    begin(&arena, &chain, FC_PLAN_F64, 3);
    CHECK(fc_lanes_add(&arena, chain.lanes, FC_LANE_FINITE, NULL) == FC_OK);
    add(&arena, &chain, FC_LANE_REPLACE);
    fill_input(&chain, 300, false);
    CHECK(agree(&chain, in_memory, 100, 0, false));
    const void *inputs[] = {in_memory};
    ((double *)in_memory)[200] = (double)NAN;
    CHECK(fc_lanes_run(chain.lanes, inputs, out_memory, 100) == FC_EREFUSED);
    fc_arena_free(&arena);
}

static const double ones[] = {1, 2, 3}, halves[] = {0.5, 0.25, 4};
static const fc_blob_item fill_items[] = {{"fill", 'd', ones, 3}};
static const fc_blob_item scale_items[] = {{"mean", 'd', ones, 3}, {"scale", 'd', halves, 3}};
static const uint32_t sources[] = {0, 1, 2}, in0[] = {0}, in1[] = {1}, in2[] = {2};
static const fc_panel_spec panel = {FC_PLAN_F64, sources, 3};
static const fc_step_spec steps[] = {
    {"impute", in0, 1, FC_PLAN_F64, 3, {fill_items, 1}},
    {"standardize", in1, 1, FC_PLAN_F64, 3, {scale_items, 2}},
    {"standardize", in2, 1, FC_PLAN_F64, 3, {scale_items, 2}},
};

/* A chain becomes one step; what something else reads stays a step. */
static void chains_are_one_step(void) {
    static const fc_piece_spec last = {3, false, 3}, both[] = {{2, false, 3}, {3, false, 3}};
    const char *why;
    fc_plan *plan;
    fc_plan_spec spec = {3, &panel, 1, steps, 3, &last, 1};
    CHECK(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_OK);
    CHECK(plan->step_count == 1);
    fc_plan_free(plan);
    spec.pieces = both;
    spec.piece_count = 2;
    CHECK(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_OK);
    CHECK(plan->step_count == 2);
    double x[] = {5, NAN, 7}, y[6];
    fc_source from[3];
    for (size_t j = 0; j < 3; j++) from[j] = (fc_source){FC_SOURCE_F64, x + j, 24, NULL, 0};
    CHECK(fc_plan_run(plan, from, 1, FC_SOURCE_F64, y, 48, 1) == FC_OK);
    CHECK(y[0] == 8 && y[1] == 0 && y[2] == 1 && y[3] == 14 && y[4] == -8 && y[5] == -0.5);
    fc_plan_free(plan);
}

static void at_every_level(void (*test)(void)) {
    fc_cpu_level best = fc_cpu_current();
    for (int level = 0; level <= (int)best; level++)
        if (fc_cpu_force((fc_cpu_level)level) == (fc_cpu_level)level) test();
    CHECK(fc_cpu_force(best) == best);
}

static void lists(void) { at_every_level(any_list_is_its_operations); }
static void quick_divisions(void) { at_every_level(quick_division_is_division); }
static void refused_infinities(void) { at_every_level(infinities); }
static void refused_markers(void) { at_every_level(markers); }

static const harness_test tests[] = {
    TEST(lists),
    TEST(quick_divisions),
    TEST(some_divisions_stay),
    TEST(refused_infinities),
    TEST(refused_markers),
    TEST(chains_are_one_step),
};
TEST_MAIN(tests)
