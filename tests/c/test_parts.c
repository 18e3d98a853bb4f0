/* Plans over several threads: the same output for any number of them, dense and sparse, and the
 * status of the first row that has one. */
#include "harness.h"

#include <math.h>
#include <stdatomic.h>

#include "plan/run.h"

/* Three columns of numbers, imputed and standardised, and a one-hot column of codes. */
static const double fill[] = {1, 2, 3}, mean[] = {0.5, 0, -1}, scale[] = {2, 4, 0.5};
static const int64_t hot[] = {0, 1, -1, -1}, counts[] = {3};
static const fc_blob_item fill_items[] = {{"fill", 'd', fill, 3}};
static const fc_blob_item scale_items[] = {{"mean", 'd', mean, 3}, {"scale", 'd', scale, 3}};
static const fc_blob_item hot_items[] = {{"table", 'q', hot, 4}, {"counts", 'q', counts, 1}};
static const uint32_t numbers[] = {0, 1, 2}, codes[] = {3}, in0[] = {0}, in1[] = {1}, in2[] = {2};
static const fc_panel_spec panels[] = {{FC_PLAN_F64, numbers, 3}, {FC_PLAN_I32, codes, 1}};
static const fc_step_spec steps[] = {
    {"impute", in0, 1, FC_PLAN_F64, 3, {fill_items, 1}},
    {"standardize", in2, 1, FC_PLAN_F64, 3, {scale_items, 2}},
    {"onehot", in1, 1, FC_PLAN_I32, 1, {hot_items, 2}},
};
static const fc_piece_spec pieces[] = {{3, false, 3}, {4, true, 2}};
static const fc_plan_spec mixed = {4, panels, 2, steps, 3, pieces, 2};
static const fc_plan_spec plain = {4, panels, 2, steps, 2, pieces, 1};
enum { ROWS = 300000, WIDTH = 5, BOUND = 4 };

/* All memory of a test: what goes in, and two of what comes out. */
typedef struct memory {
    double values[ROWS * 3], out[2][ROWS * WIDTH], data[2][ROWS * BOUND];
    int32_t code[ROWS], indices[2][ROWS * BOUND], indptr[2][ROWS + 1];
    fc_source sources[4];
} memory;

static memory *input(void) {
    memory *m = malloc(sizeof *m);
    if (!m) abort();
    uint64_t state = 7;
    for (size_t i = 0; i < ROWS * 3; i++) {
        uint64_t r = harness_random(&state);
        m->values[i] = r % 11 == 0 ? (double)NAN : (double)(int64_t)(r >> 40) / 1000;
        if (r % 13 == 0) m->values[i] = mean[i % 3]; /* a zero in the output */
    }
    for (size_t r = 0; r < ROWS; r++) m->code[r] = (int32_t)(harness_random(&state) % 5) - 1;
    for (size_t j = 0; j < 3; j++)
        m->sources[j] = (fc_source){FC_SOURCE_F64, m->values + j, 24, NULL, 0};
    m->sources[3] = (fc_source){FC_SOURCE_I32, m->code, sizeof *m->code, NULL, 0};
    return m;
}

static fc_plan *make(const fc_plan_spec *spec) {
    fc_plan *plan = NULL;
    const char *why = "";
    if (fc_plan_new(&fc_alloc_libc, spec, &plan, &why) != FC_OK) abort();
    return plan;
}

/* `plain` is computed into the output itself, and streamed where that is large. */
static void dense_output_is_the_same(void) {
    static const size_t sizes[] = {1, 255, 256, 257, 5000, ROWS};
    memory *m = input();
    const fc_plan_spec *specs[] = {&mixed, &plain};
    for (size_t k = 0; k < 12; k++) {
        fc_plan *plan = make(specs[k % 2]);
        size_t rows = sizes[k / 2], stride = fc_plan_width(plan) * 8;
        CHECK(fc_plan_run(plan, m->sources, rows, FC_SOURCE_F64, m->out[0], (ptrdiff_t)stride, 1) ==
              FC_OK);
        for (int threads = 2; threads <= 5; threads++) {
            memset(m->out[1], 0xff, rows * stride);
            CHECK(fc_plan_run(plan, m->sources, rows, FC_SOURCE_F64, m->out[1], (ptrdiff_t)stride,
                              threads) == FC_OK);
            CHECK_FOR(memcmp(m->out[0], m->out[1], rows * stride) == 0, "%zu rows", rows);
        }
        fc_plan_free(plan);
    }
    free(m);
}

static void sparse_output_is_the_same(void) {
    static const size_t sizes[] = {1, 257, 5000, ROWS};
    memory *m = input();
    fc_plan *plan = make(&mixed);
    for (size_t k = 0; k < 4; k++) {
        size_t rows = sizes[k];
        for (int threads = 1; threads <= 5; threads++) {
            int to = threads > 1;
            CHECK(fc_plan_run_csr(plan, m->sources, rows, FC_SOURCE_F64, m->data[to],
                                  m->indices[to], m->indptr[to], threads) == FC_OK);
            if (!to) continue;
            size_t used = (size_t)m->indptr[0][rows];
            CHECK(memcmp(m->indptr[0], m->indptr[1], (rows + 1) * 4) == 0);
            CHECK(memcmp(m->indices[0], m->indices[1], used * 4) == 0);
            CHECK(memcmp(m->data[0], m->data[1], used * 8) == 0);
        }
    }
    fc_plan_free(plan);
    free(m);
}

static void one_bad_row_refuses_the_run(void) {
    static const size_t bad[] = {0, 1, 255, ROWS / 2, ROWS - 1};
    memory *m = input();
    fc_plan *plan = make(&mixed);
    for (size_t k = 0; k < 5; k++) {
        double before = m->values[bad[k] * 3 + 1];
        m->values[bad[k] * 3 + 1] = (double)INFINITY;
        for (int threads = 1; threads <= 3; threads++) {
            CHECK(fc_plan_run(plan, m->sources, ROWS, FC_SOURCE_F64, m->out[0], WIDTH * 8,
                              threads) == FC_EREFUSED);
            CHECK(fc_plan_run_csr(plan, m->sources, ROWS, FC_SOURCE_F64, m->data[0], m->indices[0],
                                  m->indptr[0], threads) == FC_EREFUSED);
        }
        m->values[bad[k] * 3 + 1] = before;
    }
    fc_plan_free(plan);
    free(m);
}

/* Parts of 10 rows: those from row `fails[0]` on fail in one way, from row `fails[1]` in another.
 */
typedef struct faults {
    size_t fails[2];
    atomic_size_t rows;
} faults;

static fc_status maybe_fail(void *run, size_t first, size_t rows) {
    faults *f = run;
    atomic_fetch_add(&f->rows, rows);
    if (first >= f->fails[1]) return FC_ENOMEM;
    return first >= f->fails[0] ? FC_EREFUSED : FC_OK;
}

static void the_first_fault_in_row_order_counts(void) {
    for (int threads = 1; threads <= 4; threads++) {
        for (int round = 0; round < 50; round++) {
            faults f = {{500, 700}, 0};
            CHECK(fc_plan_run_parts(995, 10, threads, maybe_fail, &f) == FC_EREFUSED);
            CHECK(f.rows >= 510);
            f = (faults){{SIZE_MAX, 990}, 0};
            CHECK(fc_plan_run_parts(995, 10, threads, maybe_fail, &f) == FC_ENOMEM);
            CHECK(f.rows == 995);
            f = (faults){{SIZE_MAX, SIZE_MAX}, 0};
            CHECK(fc_plan_run_parts(995, 10, threads, maybe_fail, &f) == FC_OK);
            CHECK(f.rows == 995);
        }
    }
}

static const harness_test tests[] = {
    TEST(dense_output_is_the_same),
    TEST(sparse_output_is_the_same),
    TEST(one_bad_row_refuses_the_run),
    TEST(the_first_fault_in_row_order_counts),
};
TEST_MAIN(tests)
