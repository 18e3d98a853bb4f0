/* Rows of named numbers without Python: FeatureHasher's sums and DictVectorizer's columns by hand,
 * long rows in any order, bytes that are no items, and every failing allocation. */
#include "failing.h"
#include "harness.h"

#include "fastcore/plan.h"

enum { WIDTH = 3, LONGEST = 200 };

static const char term_bytes[] = "abc";
static const int64_t term_ends[] = {1, 2, 3};
static const uint32_t first[] = {0};
static const fc_panel_spec panels[] = {{FC_PLAN_TEXT, first, 1}};

static fc_plan *make(const fc_alloc *alloc, const char *family, fc_plan_type type) {
    const fc_blob_item items[] = {{"term_bytes", 'b', term_bytes, 3},
                                  {"term_ends", 'q', term_ends, 3}};
    fc_step_spec step = {family, first, 1, type, WIDTH, {items, 2}};
    fc_piece_spec piece = {1, false, WIDTH};
    fc_plan_spec spec = {1, panels, 1, &step, 1, &piece, 1, NULL};
    fc_plan *plan = NULL;
    const char *why = "";
    fc_status status = fc_plan_new(alloc, &spec, &plan, &why);
    CHECK_FOR(status == FC_OK || status == FC_ENOMEM, "%s", why);
    return plan;
}

/* One item for each letter, all in memory of their own, so that reading past the end is seen. */
static fc_text row_of(const char *letters, const double *values) {
    static char bytes[LONGEST * 10];
    size_t used = 0;
    for (size_t i = 0; letters[i]; i++) {
        bytes[used++] = letters[i];
        bytes[used++] = (char)0xFF;
        memcpy(bytes + used, &values[i], sizeof *values);
        used += sizeof *values;
    }
    return (fc_text){harness_copy(bytes, used), (int64_t)used};
}

static fc_status run_one(const fc_plan *plan, fc_text row, double *out) {
    fc_source source = {.kind = FC_SOURCE_VIEWS, .data = &row, .stride = sizeof row};
    return fc_plan_run(plan, &source, 1, FC_SOURCE_F64, out, WIDTH * 8, 1);
}

static void check_row(const fc_plan *plan, const char *letters, const double *values,
                      fc_status status, const double *want) {
    double out[WIDTH];
    fc_text row = row_of(letters, values);
    CHECK_FOR(run_one(plan, row, out) == status, "%s", letters);
    if (status == FC_OK) CHECK_FOR(memcmp(out, want, sizeof out) == 0, "%s", letters);
    free((char *)(uintptr_t)row.data);
}

static void fields(void) {
    fc_plan *sparse = make(&fc_alloc_libc, "dict_items", FC_PLAN_CSR);
    fc_plan *dense = make(&fc_alloc_libc, "dict_items", FC_PLAN_F64);
    if (!sparse || !dense) return;
    const double values[] = {1.5, -2, 7, 0.25}, want[] = {-2, 7, 1.5}, twice[] = {8.5, 0, -1.75};
    check_row(sparse, "cab", values, FC_OK, want);
    check_row(dense, "cabx", values, FC_OK, want);
    check_row(sparse, "acac", values, FC_EREFUSED, NULL);
    check_row(dense, "acac", values, FC_OK, twice);
    fc_plan_free(sparse);
    fc_plan_free(dense);
}

/* All names of one letter fall into three columns: sums of whole numbers are exact, and of three
 * others no order is known. */
static void hashed(void) {
    fc_plan *plan = make(&fc_alloc_libc, "hash_items", FC_PLAN_CSR);
    if (!plan) return;
    char letters[LONGEST + 1] = {0};
    double values[LONGEST], sum = 0, out[WIDTH], total = 0;
    for (int i = 0; i < LONGEST; i++) {
        letters[i] = (char)('A' + i * 7 % 50);
        values[i] = (i * 37 % 11) - 3;
        sum += values[i];
    }
    fc_text row = row_of(letters, values);
    CHECK(run_one(plan, row, out) == FC_OK);
    for (int i = 0; i < WIDTH; i++) total += out[i];
    CHECK(total == sum);
    free((char *)(uintptr_t)row.data);
    const double odd[] = {0.1, 0.2, 0.3};
    check_row(plan, "aaa", odd, FC_EREFUSED, NULL);
    fc_plan_free(plan);
}

static void bytes_of_any_kind(void) {
    const double values[] = {1, 2, 3};
    fc_text whole = row_of("abc", values);
    for (int family = 0; family < 2; family++) {
        fc_plan *plan = make(&fc_alloc_libc, family ? "hash_items" : "dict_items", FC_PLAN_CSR);
        for (int64_t cut = 0; plan && cut <= whole.size; cut++) {
            fc_text part = {harness_copy(whole.data, (size_t)cut), cut};
            double out[WIDTH];
            fc_status status = run_one(plan, part, out);
            CHECK_FOR(status == (cut % 10 ? FC_EREFUSED : FC_OK), "cut at %d", (int)cut);
            free((char *)(uintptr_t)part.data);
        }
        double out[WIDTH];
        if (plan) CHECK(run_one(plan, (fc_text){NULL, FC_TEXT_NONE}, out) == FC_EREFUSED);
        fc_plan_free(plan);
    }
    free((char *)(uintptr_t)whole.data);
}

static void every_failing_allocation(void) {
    char letters[LONGEST + 1] = {0};
    double values[LONGEST];
    for (int i = 0; i < LONGEST; i++) {
        letters[i] = (char)(LONGEST - i);
        values[i] = i + 1;
    }
    fc_text row = row_of(letters, values);
    bool done = false;
    for (int at = 0; !done && at < 100; at++) {
        failing f = {0, at, 0};
        fc_alloc alloc = failing_alloc(&f);
        fc_plan *plan = make(&alloc, "hash_items", FC_PLAN_CSR);
        double out[WIDTH];
        fc_status status = plan ? run_one(plan, row, out) : FC_ENOMEM;
        CHECK(status == FC_OK || status == FC_ENOMEM);
        done = status == FC_OK;
        fc_plan_free(plan);
        CHECK(f.held == 0);
    }
    CHECK(done);
    free((char *)(uintptr_t)row.data);
}

static const harness_test tests[] = {
    TEST(fields),
    TEST(hashed),
    TEST(bytes_of_any_kind),
    TEST(every_failing_allocation),
};
TEST_MAIN(tests)
