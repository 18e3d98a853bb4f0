/* Tokens that were found elsewhere, and the weights of their counts: by hand, as rows and as
 * blocks, bytes that are no tokens, nudged, and every failing allocation. */
#include "failing.h"
#include "harness.h"

#include <math.h>

#include "fastcore/plan.h"

enum { WIDTH = 4, ROWS = 300 };
#define END "\xFF"

static const int64_t ngrams[] = {1, 2}, given[] = {3}, yes[] = {1}, l2[] = {2}, none[] = {0};
static const char term_bytes[] = "ab c"
                                 "d"
                                 "d ";
static const int64_t term_ends[] = {1, 4, 5, 7};
static const double idf[] = {1.5, 2, 1, 3};

static void log_loop(char **args, const intptr_t *count, const intptr_t *steps, void *data) {
    (void)data;
    for (intptr_t i = 0; i < *count; i++)
        *(double *)(void *)(args[1] + i * steps[1]) =
            log(*(double *)(void *)(args[0] + i * steps[0]));
}

static const int64_t moves[WIDTH] = {1, 1, 1, 1};
static const uint32_t inputs[] = {0, 1, 2};
static const fc_panel_spec panels[] = {{FC_PLAN_TEXT, inputs, 1}};

/* Counts, or what their weights make of them; nudged in the end. */
static fc_plan *make(const fc_alloc *alloc, int steps, const int64_t *sublinear) {
    const fc_blob_item count[] = {{"analyzer", 'q', given, 1},
                                  {"ngrams", 'q', ngrams, 2},
                                  {"term_bytes", 'b', term_bytes, 7},
                                  {"term_ends", 'q', term_ends, 4}};
    const fc_blob_item weigh[] = {
        {"idf", 'd', idf, 4}, {"norm", 'q', l2, 1}, {"sublinear", 'q', sublinear, 1}};
    const fc_blob_item ulps[] = {{"ulps", 'q', moves, WIDTH}};
    const fc_step_spec specs[] = {
        {"count_terms", inputs, 1, FC_PLAN_CSR, WIDTH, {count, 4}},
        {"tfidf", inputs + 1, 1, FC_PLAN_CSR, WIDTH, {weigh, 3}},
        {"nudge", inputs + 2, 1, FC_PLAN_CSR, WIDTH, {ulps, 1}},
    };
    static const fc_loops loops = {.d[FC_LOOP_log] = {log_loop, NULL}};
    fc_piece_spec piece = {(uint32_t)steps, false, WIDTH};
    fc_plan_spec spec = {1, panels, 1, specs, (uint32_t)steps, &piece, 1, &loops};
    fc_plan *plan = NULL;
    const char *why = "";
    fc_status status = fc_plan_new(alloc, &spec, &plan, &why);
    CHECK_FOR(status == FC_OK || status == FC_ENOMEM, "%s", why);
    return plan;
}

static fc_status run_one(const fc_plan *plan, const char *bytes, double *out) {
    fc_text text = {bytes, (int64_t)strlen(bytes)};
    fc_source source = {.kind = FC_SOURCE_VIEWS, .data = &text, .stride = sizeof text};
    return fc_plan_run(plan, &source, 1, FC_SOURCE_F64, out, WIDTH * 8, 1);
}

static void tokens(void) {
    fc_plan *plan = make(&fc_alloc_libc, 1, none);
    if (!plan) return;
    double out[WIDTH];
    const double want[] = {2, 1, 1, 1}; /* "d " is the bigram of "d" and "" */
    CHECK(run_one(plan, "a" END "b" END "c" END "d" END END "a" END, out) == FC_OK);
    CHECK(memcmp(out, want, sizeof want) == 0);
    const double nothing[WIDTH] = {0};
    CHECK(run_one(plan, "", out) == FC_OK && memcmp(out, nothing, sizeof nothing) == 0);
    const char *bad[] = {"a", "a" END "b", "\x80" END, "a" END "\xC3" END "\xED\xA0\x80" END};
    for (size_t i = 0; i < 4; i++) CHECK(run_one(plan, bad[i], out) == FC_EREFUSED);
    fc_plan_free(plan);
}

static void weights(void) {
    fc_plan *plan = make(&fc_alloc_libc, 2, yes), *moved = make(&fc_alloc_libc, 3, yes);
    if (!plan || !moved) return;
    double out[WIDTH], other[WIDTH];
    CHECK(run_one(plan, "d" END "a" END "x" END "a" END, out) == FC_OK);
    double a = (log(2) + 1.0) * 1.5, size = sqrt(a * a + 1.0);
    CHECK(out[0] == a / size && out[1] == 0 && out[2] == 1.0 / size && out[3] == 0);
    CHECK(run_one(moved, "d" END "a" END "x" END "a" END, other) == FC_OK);
    CHECK(other[0] == nextafter(out[0], 2) && other[1] == 0);
    fc_plan_free(plan);
    fc_plan_free(moved);
}

static void blocks_and_allocations(void) {
    static fc_text texts[ROWS];
    static double out[ROWS * WIDTH];
    static char bytes[2 * ROWS];
    for (int i = 0; i < ROWS; i++) {
        bytes[2 * i] = (char)('a' + i % 5);
        bytes[2 * i + 1] = (char)0xFF;
        texts[i] = (fc_text){bytes, 2 * (i + 1)};
    }
    fc_source source = {.kind = FC_SOURCE_VIEWS, .data = texts, .stride = sizeof *texts};
    bool done = false;
    for (int at = 0; !done && at < 300; at++) {
        failing f = {0, at, 0};
        fc_alloc alloc = failing_alloc(&f);
        fc_plan *plan = make(&alloc, 3, yes);
        if (plan) {
            fc_status status = fc_plan_run(plan, &source, ROWS, FC_SOURCE_F64, out, WIDTH * 8, 1);
            CHECK(status == FC_OK || status == FC_ENOMEM);
            done = status == FC_OK;
            fc_plan_free(plan);
        }
        CHECK(f.held == 0);
    }
    CHECK(done);
    fc_plan *plan = make(&fc_alloc_libc, 3, yes);
    for (size_t r = 0; plan && r < ROWS; r++) {
        double row[WIDTH];
        fc_source one = {.kind = FC_SOURCE_VIEWS, .data = texts + r, .stride = sizeof *texts};
        CHECK(fc_plan_run(plan, &one, 1, FC_SOURCE_F64, row, WIDTH * 8, 1) == FC_OK);
        CHECK_FOR(memcmp(row, out + r * WIDTH, sizeof row) == 0, "row %zu", r);
    }
    fc_plan_free(plan);
}

/* Dense input: zeros are no values, and what has no logarithm is refused. */
static void dense(void) {
    const fc_panel_spec panel = {FC_PLAN_F64, (const uint32_t[]){0, 1}, 2};
    const fc_blob_item weigh[] = {{"idf", 'd', idf, 2}, {"norm", 'q', none, 1}, {NULL}};
    const fc_step_spec step = {"tfidf", inputs, 1, FC_PLAN_CSR, 2, {weigh, 2}};
    fc_piece_spec piece = {1, false, 2};
    fc_plan_spec spec = {2, &panel, 1, &step, 1, &piece, 1, NULL};
    fc_plan *plan = NULL;
    const char *why = "";
    CHECK(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_OK);
    double x[] = {0, -3, 5, (double)NAN}, out[4];
    fc_source sources[] = {{.kind = FC_SOURCE_F64, .data = x, .stride = 16},
                           {.kind = FC_SOURCE_F64, .data = x + 1, .stride = 16}};
    int32_t indptr[2];
    fc_plan_found *found;
    size_t used;
    CHECK(fc_plan_find_csr(plan, sources, 1, FC_SOURCE_I64, indptr, 1, &found, &used) == FC_OK);
    int64_t value;
    int32_t column;
    CHECK(used == 1);
    fc_plan_found_take(found, &value, &column);
    CHECK(value == -6 && column == 1);
    fc_plan_found_free(found);
    CHECK(fc_plan_run(plan, sources, 2, FC_SOURCE_F64, out, 16, 1) == FC_EREFUSED);
    fc_plan_free(plan);
    /* Without the borrowed logarithm, or with a weight too few, there is no plan. */
    const fc_blob_item log_too[] = {weigh[0], weigh[1], {"sublinear", 'q', yes, 1}};
    fc_step_spec bad = {"tfidf", inputs, 1, FC_PLAN_CSR, 2, {log_too, 3}};
    spec.steps = &bad;
    CHECK(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_EINVALID && !plan);
    const fc_blob_item few[] = {{"idf", 'd', idf, 1}, weigh[1]};
    bad.blob = (fc_blob){few, 2};
    CHECK(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_EINVALID && !plan);
}

static const harness_test tests[] = {
    TEST(tokens),
    TEST(weights),
    TEST(blocks_and_allocations),
    TEST(dense),
};
TEST_MAIN(tests)
