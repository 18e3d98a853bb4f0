/* Plans without Python: values by hand, blocks against single rows, refusals, specifications that
 * do not hold together, and every failing allocation. */
#include "failing.h"
#include "harness.h"

#include <math.h>

#include "fastcore/plan.h"

/* Three columns of numbers, imputed and standardised; a column of codes, one-hot; all joined once
 * more with the ordinal form of the codes. */
static const double fill[] = {1, 2, 3}, mean[] = {0.5, 0, -1}, scale[] = {2, 4, 0.5};
static const double ordinals[] = {10, 20, 30, -7};
static const int64_t hot[] = {0, 1, -1, -1}, counts[] = {3}, one[] = {1};
static const int64_t panels[] = {1, 0, 0, 0}, columns[] = {0, 0, 1, 2};
static const fc_blob_item fill_items[] = {{"fill", 'd', fill, 3}};
static const fc_blob_item scale_items[] = {{"mean", 'd', mean, 3}, {"scale", 'd', scale, 3}};
static const fc_blob_item hot_items[] = {{"table", 'q', hot, 4}, {"counts", 'q', counts, 1}};
static const fc_blob_item ordinal_items[] = {
    {"table", 'd', ordinals, 4}, {"counts", 'q', counts, 1}, {"unknown", 'q', one, 1}};
static const fc_blob_item join_items[] = {{"panels", 'q', panels, 4}, {"columns", 'q', columns, 4}};
static const uint32_t numbers[] = {0, 1, 2}, codes[] = {3};
static const uint32_t in0[] = {0}, in1[] = {1}, in2[] = {2}, in_join[] = {3, 5};
static const fc_panel_spec panel_specs[] = {{FC_PLAN_F64, numbers, 3}, {FC_PLAN_I32, codes, 1}};
static const fc_step_spec step_specs[] = {
    {"impute", in0, 1, FC_PLAN_F64, 3, {fill_items, 1}},
    {"standardize", in2, 1, FC_PLAN_F64, 3, {scale_items, 2}},
    {"onehot", in1, 1, FC_PLAN_I32, 1, {hot_items, 2}},
    {"ordinal", in1, 1, FC_PLAN_F64, 1, {ordinal_items, 3}},
    {"join", in_join, 2, FC_PLAN_F64, 4, {join_items, 2}},
};
static const fc_piece_spec piece_specs[] = {{6, false, 4}, {4, true, 2}};
static const fc_plan_spec spec = {4, panel_specs, 2, step_specs, 5, piece_specs, 2};
enum { ROWS = 700, WIDTH = 6 };

static fc_plan *make(const fc_plan_spec *from, const fc_alloc *alloc) {
    fc_plan *plan = NULL;
    const char *why = "";
    fc_status status = fc_plan_new(alloc, from, &plan, &why);
    CHECK_FOR(status == FC_OK || status == FC_ENOMEM, "%s", why);
    return plan;
}

static void input(double *values, int32_t *code, fc_source *sources) {
    uint64_t state = 7;
    for (size_t i = 0; i < ROWS * 3; i++) {
        uint64_t r = harness_random(&state);
        values[i] = r % 11 == 0 ? (double)NAN : (double)(int64_t)(r >> 40) / 1000;
    }
    for (size_t r = 0; r < ROWS; r++) code[r] = (int32_t)(harness_random(&state) % 5) - 1;
    for (size_t j = 0; j < 3; j++)
        sources[j] = (fc_source){FC_SOURCE_F64, values + j, 3 * sizeof *values, NULL, 0};
    sources[3] = (fc_source){FC_SOURCE_I32, code, sizeof *code, NULL, 0};
}

static void expected(const double *x, int32_t code, double *out) {
    bool known = code >= 0 && code < 3;
    out[0] = ordinals[known ? code : 3];
    for (int j = 0; j < 3; j++) out[1 + j] = ((x[j] != x[j] ? fill[j] : x[j]) - mean[j]) / scale[j];
    out[4] = code == 0;
    out[5] = code == 1;
}

/* Cells in place of sources: the same bits in every type, and refused alike. */
static void rows_of_cells(void) {
    static double values[ROWS * 3], out[WIDTH], want[WIDTH];
    static float singles[WIDTH], rounded[WIDTH];
    static int32_t code[ROWS];
    fc_source sources[4];
    input(values, code, sources);
    fc_plan *plan = make(&spec, &fc_alloc_libc);
    if (!plan) return;
    for (size_t r = 0; r < ROWS; r++) {
        fc_cell cells[4] = {{values[3 * r]}, {values[3 * r + 1]}, {values[3 * r + 2]}, {0}};
        cells[3].code = code[r];
        expected(values + 3 * r, code[r], want);
        memset(out, 0xFF, sizeof out);
        CHECK(fc_plan_run_row(plan, cells, FC_SOURCE_F64, out) == FC_OK);
        CHECK_FOR(memcmp(out, want, sizeof want) == 0, "row %zu", r);
        for (int j = 0; j < WIDTH; j++) rounded[j] = (float)want[j];
        CHECK(fc_plan_run_row(plan, cells, FC_SOURCE_F32, singles) == FC_OK);
        CHECK_FOR(memcmp(singles, rounded, sizeof rounded) == 0, "float32, row %zu", r);
    }
    fc_cell wild[4] = {{1}, {(double)INFINITY}, {2}, {0}};
    CHECK(fc_plan_run_row(plan, wild, FC_SOURCE_F64, out) == FC_EREFUSED);
    CHECK(fc_plan_run_row(plan, wild, FC_SOURCE_VIEWS, out) == FC_EINVALID);
    fc_plan_free(plan);
}

static void values_and_single_rows(void) {
    static double values[ROWS * 3], out[ROWS * WIDTH], row[WIDTH], want[WIDTH];
    static int32_t code[ROWS];
    fc_source sources[4], shifted[4];
    input(values, code, sources);
    fc_plan *plan = make(&spec, &fc_alloc_libc);
    CHECK(plan && fc_plan_width(plan) == WIDTH && fc_plan_row_bound(plan) == 5);
    if (!plan) return;
    const fc_cpu_level levels[] = {FC_CPU_GENERIC, FC_CPU_AVX2, FC_CPU_AVX512};
    for (size_t level = 0; level < 3; level++) {
        fc_cpu_force(levels[level]);
        CHECK(fc_plan_run(plan, sources, ROWS, FC_SOURCE_F64, out, WIDTH * 8, 1) == FC_OK);
        for (size_t r = 0; r < ROWS; r++) {
            expected(values + 3 * r, code[r], want);
            CHECK_FOR(memcmp(out + WIDTH * r, want, sizeof want) == 0, "row %zu", r);
            for (int j = 0; j < 4; j++) {
                shifted[j] = sources[j];
                shifted[j].data = (const char *)sources[j].data + (ptrdiff_t)r * sources[j].stride;
            }
            CHECK(fc_plan_run(plan, shifted, 1, FC_SOURCE_F64, row, WIDTH * 8, 1) == FC_OK);
            CHECK(memcmp(row, want, sizeof want) == 0);
        }
    }
    fc_cpu_force(FC_CPU_AVX512);
    fc_plan_free(plan);
}

static void sparse_is_dense_without_zeros(void) {
    static double values[ROWS * 3], out[ROWS * WIDTH], data[ROWS * 5];
    static int32_t code[ROWS], indices[ROWS * 5], indptr[ROWS + 1];
    fc_source sources[4];
    input(values, code, sources);
    fc_plan *plan = make(&spec, &fc_alloc_libc);
    if (!plan) return;
    CHECK(fc_plan_run(plan, sources, ROWS, FC_SOURCE_F64, out, WIDTH * 8, 1) == FC_OK);
    CHECK(fc_plan_run_csr(plan, sources, ROWS, FC_SOURCE_F64, data, indices, indptr, 1) == FC_OK);
    for (size_t r = 0; r < ROWS; r++) {
        int32_t at = indptr[r];
        for (int32_t j = 0; j < WIDTH; j++) {
            if (out[r * WIDTH + (size_t)j] == 0) continue;
            CHECK(at < indptr[r + 1] && indices[at] == j);
            CHECK(data[at] == out[r * WIDTH + (size_t)j]);
            at++;
        }
        CHECK(at == indptr[r + 1]);
    }
    CHECK(fc_plan_run_csr(plan, sources, SIZE_MAX / 2, FC_SOURCE_F64, data, indices, indptr, 1) ==
          FC_ELIMIT);
    fc_plan_free(plan);
}

static void nulls_conversions_and_infinities(void) {
    const int8_t small[] = {1, 2, 3};
    const float floats[] = {1.5f, 2.5f, 3.5f};
    const double doubles[] = {1, (double)INFINITY, 3};
    const int32_t code[] = {0, 1, 2};
    const uint8_t valid[] = {0x0a}; /* from bit 1: valid, null, valid */
    double out[3 * WIDTH];
    fc_source sources[4] = {{FC_SOURCE_I8, small, 1, valid, 1},
                            {FC_SOURCE_F32, floats, 4, NULL, 0},
                            {FC_SOURCE_F64, doubles, 8, valid, 1},
                            {FC_SOURCE_I32, code, 4, valid, 1}};
    fc_plan *plan = make(&spec, &fc_alloc_libc);
    if (!plan) return;
    CHECK(fc_plan_run(plan, sources, 3, FC_SOURCE_F64, out, WIDTH * 8, 1) == FC_OK);
    CHECK(out[WIDTH + 1] == (fill[0] - mean[0]) / scale[0]); /* null: filled */
    CHECK(out[WIDTH + 2] == (2.5 - mean[1]) / scale[1]);
    CHECK(out[WIDTH] == -7 && out[WIDTH + 5] == 0); /* a null code is unknown */
    sources[2].valid = NULL;
    CHECK(fc_plan_run(plan, sources, 3, FC_SOURCE_F64, out, WIDTH * 8, 1) == FC_EREFUSED);
    fc_plan_free(plan);
}

static void specifications_are_checked(void) {
    const char *why;
    fc_plan *plan;
    fc_step_spec steps[5];
    fc_plan_spec bad = spec;
    bad.steps = steps;
    for (int change = 0; change < 6; change++) {
        memcpy(steps, step_specs, sizeof steps);
        if (change == 0) steps[0].family = "nothing";
        if (change == 1) steps[1].blob.items = fill_items, steps[1].width = 2;
        if (change == 2) steps[0].inputs = in2; /* itself */
        if (change == 3) steps[2].blob.count = 1;
        if (change == 4) steps[4].width = 3;
        if (change == 5) steps[3].type = FC_PLAN_I32;
        CHECK_FOR(fc_plan_new(&fc_alloc_libc, &bad, &plan, &why) == FC_EINVALID, "%d", change);
        CHECK(!plan && *why);
    }
}

static void every_allocation_may_fail(void) {
    static double values[ROWS * 3], out[ROWS * WIDTH];
    static int32_t code[ROWS];
    fc_source sources[4];
    input(values, code, sources);
    int failures = 0;
    for (int k = 0; k < 1000; k++) {
        failing state = {.fail_at = k};
        fc_alloc alloc = failing_alloc(&state);
        fc_plan *plan = make(&spec, &alloc);
        fc_status status = FC_ENOMEM;
        if (plan) status = fc_plan_run(plan, sources, ROWS, FC_SOURCE_F64, out, WIDTH * 8, 1);
        fc_plan_free(plan);
        CHECK_FOR(state.held == 0, "%d blocks held after failure %d", state.held, k);
        if (status == FC_OK) break;
        CHECK(status == FC_ENOMEM);
        failures++;
    }
    CHECK(failures >= 3 && failures < 999);
}

static const harness_test tests[] = {
    TEST(values_and_single_rows),        TEST(rows_of_cells),
    TEST(sparse_is_dense_without_zeros), TEST(nulls_conversions_and_infinities),
    TEST(specifications_are_checked),    TEST(every_allocation_may_fail),
};
TEST_MAIN(tests)
