/* TruncatedSVD of a sparse matrix: each row is the sum, in the order in which they are stored, of
 * its values times a row of a matrix; so does SciPy add, in the type of the result. Parameters:
 * matrix (d, input columns x output columns). */
#include <string.h>

#include "plan/csr.h"

typedef struct fc_project_stored {
    fc_plan_type type;
    size_t width;
    const double *matrix;
    const float *narrow; /* the same, for float32 */
} fc_project_stored;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *matrix = fc_blob_find(blob, "matrix", 'd', SIZE_MAX);
    size_t count;
    if (!matrix || shape->input_count != 1 || shape->types[0] != FC_PLAN_CSR ||
        shape->type > FC_PLAN_F32 || !fc_size_mul(shape->widths[0], shape->width, &count) ||
        matrix->count != count)
        return FC_EINVALID;
    fc_project_stored *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    *state = self;
    self->matrix = fc_blob_doubles(arena, matrix);
    if (!self->matrix) return FC_ENOMEM;
    if (shape->type == FC_PLAN_F64) return FC_OK;
    float *narrow = fc_arena_zeros(arena, count + 1, sizeof *narrow);
    if (!narrow) return FC_ENOMEM;
    for (size_t i = 0; i < count; i++) narrow[i] = (float)self->matrix[i];
    self->narrow = narrow;
    return FC_OK;
}

FC_BODY void add64_body(double *restrict y, const double *restrict row, double x, size_t n) {
    for (size_t k = 0; k < n; k++) y[k] += x * row[k];
}
FC_SIMD_FORMS(void, add64, (double *restrict y, const double *restrict row, double x, size_t n),
              (y, row, x, n))

FC_BODY void add32_body(float *restrict y, const float *restrict row, float x, size_t n) {
    for (size_t k = 0; k < n; k++) y[k] += x * row[k];
}
FC_SIMD_FORMS(void, add32, (float *restrict y, const float *restrict row, float x, size_t n),
              (y, row, x, n))

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_project_stored *self = state;
    const fc_csr *from = inputs[0];
    size_t n = self->width;
    int64_t bad = 0;
    memset(out, 0, rows * n * fc_plan_type_size(self->type));
    for (size_t r = 0; r < rows; r++)
        for (size_t i = from->heads[r]; i < from->heads[r + 1]; i++) {
            size_t at = (size_t)from->columns[i] * n;
            double x = from->values[i];
            bad |= fc_wild64(x);
            if (self->type == FC_PLAN_F64)
                add64((double *)out + r * n, self->matrix + at, x, n);
            else
                add32((float *)out + r * n, self->narrow + at, (float)x, n);
        }
    return bad ? FC_EREFUSED : FC_OK;
}

const fc_family fc_family_project_stored = {
    .name = "project_stored", .build = build, .run = run, .ragged = true};
