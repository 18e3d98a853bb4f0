/* Plans out of bytes: whatever a specification says, it is refused or runs, and what runs gives the
 * same values as a whole and row by row, with vectors and without, dense and sparse. The memory
 * that a plan may take is bounded, so that it also meets its end. */
#include "plan_fixture.h"
#include "require.h"

/* More is not given, and what was given is counted. */
enum { MOST_BYTES = 1 << 26, MOST_CELLS = 1 << 18 };

typedef struct limited {
    size_t held, blocks;
} limited;

static void *limited_resize(void *ctx, void *block, size_t size) {
    limited *l = ctx;
    size_t *old = block ? (size_t *)block - 2 : NULL, before = old ? *old : 0;
    if (size > MOST_BYTES || l->held - before + size > MOST_BYTES) return NULL;
    size_t *made = realloc(old, size + 2 * sizeof *made);
    if (!made) return NULL;
    l->held += size - before;
    l->blocks += !block;
    *made = size;
    return made + 2;
}

static void *limited_get(void *ctx, size_t size) { return limited_resize(ctx, NULL, size); }

static void limited_release(void *ctx, void *block) {
    limited *l = ctx;
    if (!block) return;
    l->held -= ((size_t *)block)[-2];
    l->blocks--;
    free((size_t *)block - 2);
}

static bool ran(fc_status status) {
    REQUIRE(status == FC_OK || status == FC_EREFUSED || status == FC_ENOMEM || status == FC_ELIMIT);
    return status == FC_OK;
}

static void same(const double *a, const double *b, size_t count) {
    for (size_t i = 0; i < count; i++) REQUIRE(a[i] == b[i] || (a[i] != a[i] && b[i] != b[i]));
}

/* Row by row and without vectors; whole batches may be refused for one row only. */
static void check_rows(const plan_fixture *f, const fc_plan *plan, const double *whole) {
    size_t width = fc_plan_width(plan);
    double *row = plan_block(width * sizeof *row);
    fc_source sources[PLAN_WIDEST];
    fc_cpu_level best = fc_cpu_current();
    fc_cpu_force(FC_CPU_GENERIC);
    for (size_t r = 0; r < f->rows; r++) {
        plan_row_sources(f, r, sources);
        fc_status status =
            fc_plan_run(plan, sources, 1, FC_SOURCE_F64, row, (ptrdiff_t)(width * sizeof *row), 1);
        REQUIRE(status == FC_OK || status == FC_ENOMEM);
        if (status == FC_OK) same(row, whole + r * width, width);
    }
    fc_cpu_force(best);
    free(row);
}

/* Other places and types for the same values. */
static void check_forms(const plan_fixture *f, const fc_plan *plan, const double *whole) {
    size_t width = fc_plan_width(plan), rows = f->rows, cells = rows * width;
    double *other = plan_block(cells * sizeof *other);
    ptrdiff_t step = (ptrdiff_t)(rows * sizeof *other);
    if (ran(fc_plan_run_strided(plan, f->sources, rows, FC_PLAN_F64, other, sizeof *other, step,
                                1)))
        for (size_t r = 0; r < rows; r++)
            for (size_t j = 0; j < width; j++) same(&whole[r * width + j], &other[j * rows + r], 1);
    for (fc_source_kind kind = FC_SOURCE_F32; kind <= FC_SOURCE_U8; kind++) {
        size_t size = fc_source_kind_size(kind);
        char *exact = plan_block(cells * size);
        ran(fc_plan_run(plan, f->sources, rows, kind, exact, (ptrdiff_t)(width * size), 1));
        free(exact);
    }
    free(other);
}

static void same_sparse(const double *whole, size_t rows, size_t width, const double *values,
                        const int32_t *indices, const int32_t *indptr) {
    for (size_t r = 0; r < rows; r++) {
        size_t column = 0;
        for (int32_t i = indptr[r]; i < indptr[r + 1]; i++) {
            REQUIRE(indices[i] >= 0 && (size_t)indices[i] < width);
            for (; column < (size_t)indices[i]; column++) REQUIRE(whole[r * width + column] == 0);
            REQUIRE((size_t)indices[i] == column);
            same(&values[i], &whole[r * width + column++], 1);
        }
        for (; column < width; column++) REQUIRE(whole[r * width + column] == 0);
    }
}

/* `whole` is NULL where the dense run was refused. A piece of several one-hot columns has no order
 * of its own: then only the places are looked at. */
static void check_sparse(const plan_fixture *f, const fc_plan *plan, const double *whole) {
    size_t width = fc_plan_width(plan), rows = f->rows, used;
    bool ordered = whole != NULL;
    for (uint32_t i = 0; i < f->spec.piece_count; i++) ordered &= !f->pieces[i].onehot;
    for (uint32_t i = 0; i < f->spec.step_count; i++)
        ordered &= strcmp(f->steps[i].family, "stack") != 0;
    int32_t *indptr = plan_block((rows + 1) * sizeof *indptr);
    fc_plan_found *found;
    if (ran(fc_plan_find_csr(plan, f->sources, rows, FC_SOURCE_F64, indptr, 1, &found, &used))) {
        double *values = plan_block(used * sizeof *values);
        int32_t *indices = plan_block(used * sizeof *indices);
        fc_plan_found_take(found, values, indices);
        fc_plan_found_free(found);
        REQUIRE(indptr[0] == 0 && (size_t)indptr[rows] == used);
        for (size_t i = 0; i < used; i++) REQUIRE(indices[i] >= 0 && (size_t)indices[i] < width);
        if (ordered) same_sparse(whole, rows, width, values, indices, indptr);
        free(values);
        free(indices);
    }
    size_t bound = fc_plan_row_bound(plan);
    if (bound <= MOST_CELLS / (rows + 1)) {
        double *values = plan_block(bound * rows * sizeof *values);
        int32_t *indices = plan_block(bound * rows * sizeof *indices);
        if (ran(fc_plan_run_csr(plan, f->sources, rows, FC_SOURCE_F64, values, indices, indptr,
                                1)) &&
            ordered)
            same_sparse(whole, rows, width, values, indices, indptr);
        free(values);
        free(indices);
    }
    free(indptr);
}

static void run_all(const plan_fixture *f, const fc_plan *plan) {
    size_t width = fc_plan_width(plan), rows = f->rows;
    double *whole = NULL;
    if (width <= MOST_CELLS / (rows + 1)) {
        whole = plan_block(rows * width * sizeof *whole);
        if (!ran(fc_plan_run(plan, f->sources, rows, FC_SOURCE_F64, whole,
                             (ptrdiff_t)(width * sizeof *whole), 1))) {
            free(whole);
            whole = NULL;
        }
    }
    if (whole) check_rows(f, plan, whole);
    if (whole) check_forms(f, plan, whole);
    check_sparse(f, plan, whole);
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    plan_fixture *f = plan_fixture_make(data, size);
    limited memory = {0, 0};
    fc_alloc alloc = {limited_get, limited_resize, limited_release, &memory};
    fc_plan *plan;
    const char *why;
    fc_status status = fc_plan_new(&alloc, &f->spec, &plan, &why);
    REQUIRE(status == FC_OK || status == FC_ENOMEM || (status == FC_EINVALID && *why));
    if (status == FC_OK) run_all(f, plan);
    fc_plan_free(plan);
    REQUIRE(memory.blocks == 0 && memory.held == 0);
    plan_fixture_free(f);
    return 0;
}
