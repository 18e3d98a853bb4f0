/* What panels become in the output: every kind of memory, its limits, and what is refused. */
#include "harness.h"

#include <math.h>

#include "fastcore/plan.h"

static const fc_source_kind integers[] = {
    FC_SOURCE_I64, FC_SOURCE_I32, FC_SOURCE_I16, FC_SOURCE_I8,
    FC_SOURCE_U64, FC_SOURCE_U32, FC_SOURCE_U16, FC_SOURCE_U8,
};
/* The least and the largest value of each; 64 bits as far as float64 counts. */
static const double low[] = {-9007199254740991.0, -0x1p31, -0x1p15, -128, 0, 0, 0, 0};
static const double high[] = {9007199254740991.0, 0x1p31 - 1, 0x1p15 - 1, 127,
                              9007199254740991.0, 0x1p32 - 1, 65535,      255};

/* A value of the output as a double. */
static double read_cell(fc_source_kind kind, const void *at) {
    switch (kind) {
    case FC_SOURCE_F64: return *(const double *)at;
    case FC_SOURCE_F32: return (double)*(const float *)at;
    case FC_SOURCE_I64: return (double)*(const int64_t *)at;
    case FC_SOURCE_I32: return *(const int32_t *)at;
    case FC_SOURCE_I16: return *(const int16_t *)at;
    case FC_SOURCE_I8: return *(const int8_t *)at;
    case FC_SOURCE_U64: return (double)*(const uint64_t *)at;
    case FC_SOURCE_U32: return *(const uint32_t *)at;
    case FC_SOURCE_U16: return *(const uint16_t *)at;
    case FC_SOURCE_U8: return *(const uint8_t *)at;
    default: break;
    }
    return (double)NAN;
}

/* A plan that hands on two numbers, then one as a one-hot column of three. */
static fc_plan *make(fc_plan_type type) {
    static const uint32_t numbers[] = {0, 1}, codes[] = {2};
    const fc_panel_spec panels[] = {{type, numbers, 2}, {FC_PLAN_I32, codes, 1}};
    static const fc_piece_spec pieces[] = {{0, false, 2}, {1, true, 3}};
    const fc_plan_spec spec = {3, panels, 2, NULL, 0, pieces, 2};
    fc_plan *plan = NULL;
    const char *why = "";
    CHECK_FOR(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_OK, "%s", why);
    return plan;
}

static fc_status run(const fc_plan *plan, fc_source_kind kind, double x, int32_t code, bool sparse,
                     double *out) {
    double pair[2] = {x, 0};
    fc_source sources[] = {{FC_SOURCE_F64, &pair[0], 8, NULL, 0},
                           {FC_SOURCE_F64, &pair[1], 8, NULL, 0},
                           {FC_SOURCE_I32, &code, 4, NULL, 0}};
    char bytes[40];
    size_t size = fc_source_kind_size(kind);
    if (!sparse) {
        fc_status status = fc_plan_run(plan, sources, 1, kind, bytes, (ptrdiff_t)(5 * size), 1);
        for (size_t j = 0; status == FC_OK && j < 5; j++)
            out[j] = read_cell(kind, bytes + j * size);
        return status;
    }
    int32_t indices[5], indptr[2];
    fc_status status = fc_plan_run_csr(plan, sources, 1, kind, bytes, indices, indptr, 1);
    for (size_t j = 0; j < 5; j++) out[j] = 0;
    for (int32_t k = 0; status == FC_OK && k < indptr[1]; k++)
        out[indices[k]] = read_cell(kind, bytes + (size_t)k * size);
    return status;
}

static void limits(void) {
    fc_plan *plan = make(FC_PLAN_F64);
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        for (int sparse = 0; sparse < 2; sparse++) {
            const double good[] = {low[i], high[i], 1, 0};
            double out[5];
            for (size_t k = 0; k < 4; k++) {
                CHECK(run(plan, integers[i], good[k], 2, sparse, out) == FC_OK);
                CHECK(out[0] == good[k] && out[1] == 0);
                CHECK(out[2] == 0 && out[3] == 0 && out[4] == 1);
            }
            const double bad[] = {low[i] - 1, high[i] + 1, (double)NAN, (double)INFINITY};
            for (size_t k = 0; k < 4; k++)
                CHECK(run(plan, integers[i], bad[k], 0, sparse, out) == FC_EREFUSED);
        }
    fc_plan_free(plan);
}

static void panels_of_every_type(void) {
    for (int type = FC_PLAN_F64; type <= FC_PLAN_F32; type++) {
        fc_plan *plan = make((fc_plan_type)type);
        for (int kind = FC_SOURCE_F64; kind <= FC_SOURCE_U8; kind++)
            for (int sparse = 0; sparse < 2; sparse++) {
                double out[5];
                CHECK(run(plan, (fc_source_kind)kind, 100, -1, sparse, out) == FC_OK);
                CHECK(out[0] == 100 && out[2] == 0 && out[3] == 0 && out[4] == 0);
            }
        fc_plan_free(plan);
    }
}

/* Whole numbers that a step counts need not pass through floats. */
static void dense_integers(void) {
    static const uint32_t codes[] = {0};
    static const fc_panel_spec panels[] = {{FC_PLAN_I32, codes, 1}};
    static const fc_piece_spec pieces[] = {{0, false, 1}};
    const fc_plan_spec spec = {1, panels, 1, NULL, 0, pieces, 1};
    fc_plan *plan = NULL;
    const char *why = "";
    CHECK_FOR(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_OK, "%s", why);
    int32_t x = -1; /* of no category: codes below tell what is missing (see fc_source) */
    fc_source source = {FC_SOURCE_I32, &x, 4, NULL, 0};
    for (int kind = FC_SOURCE_F64; kind <= FC_SOURCE_U8; kind++) {
        char out[8];
        fc_status status = fc_plan_run(plan, &source, 1, (fc_source_kind)kind, out, 8, 1);
        CHECK(status == (kind < FC_SOURCE_U64 ? FC_OK : FC_EREFUSED));
        if (status == FC_OK) CHECK(read_cell((fc_source_kind)kind, out) == -1);
    }
    fc_plan_free(plan);
}

static const harness_test tests[] = {
    TEST(limits),
    TEST(panels_of_every_type),
    TEST(dense_integers),
};
TEST_MAIN(tests)
