/* PCA and TruncatedSVD: each row times a matrix, then - offset, then / scale.
 *
 * Every output value is a sum over the features in their order, in double, whatever the batch: so
 * a row has one result. BLAS sums in an order of its own, that depends on the shape and the CPU;
 * the two agree to 1e-12 (float32: 1e-6) of the size of the terms. NaN and infinities are refused.
 * Parameters: matrix (d, features x width, row by row), offset, scale (d, width; each optional). */
#include "plan/family.h"

/* Rows and columns that are computed together: a vector of AVX-512's for each row. */
enum { FC_PROJECT_ROWS = 8, FC_PROJECT_LANES = 8 };

typedef struct fc_project {
    fc_plan_type from, type;
    size_t in_width, width;
    const double *matrix; /* FC_PROJECT_LANES columns after the other, filled with zeros */
    const double *offset, *scale;
} fc_project;

static const double *filled(fc_arena *arena, const fc_blob_item *item, size_t rows, size_t width,
                            double fill) {
    size_t blocks = (width + FC_PROJECT_LANES - 1) / FC_PROJECT_LANES, count;
    if (!fc_size_mul(blocks * FC_PROJECT_LANES, rows, &count)) return NULL;
    double *made = fc_arena_zeros(arena, count + 1, sizeof *made);
    if (!made) return NULL;
    const double *values = item ? item->data : NULL;
    for (size_t b = 0, at = 0; b < blocks; b++)
        for (size_t i = 0; i < rows; i++)
            for (size_t l = 0; l < FC_PROJECT_LANES; l++, at++) {
                size_t j = b * FC_PROJECT_LANES + l;
                made[at] = values && j < width ? values[i * width + j] : fill;
            }
    return made;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    if (shape->input_count != 1 || shape->types[0] == FC_PLAN_I32 || shape->type == FC_PLAN_I32)
        return FC_EINVALID;
    size_t count;
    if (!fc_size_mul(shape->widths[0], shape->width, &count)) return FC_EINVALID;
    const fc_blob_item *matrix = fc_blob_find(blob, "matrix", 'd', count);
    const fc_blob_item *offset = fc_blob_find(blob, "offset", 'd', shape->width);
    const fc_blob_item *scale = fc_blob_find(blob, "scale", 'd', shape->width);
    if (!matrix || (!offset && fc_blob_find(blob, "offset", 'd', SIZE_MAX)) ||
        (!scale && fc_blob_find(blob, "scale", 'd', SIZE_MAX)))
        return FC_EINVALID;
    fc_project *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->from = shape->types[0];
    self->type = shape->type;
    self->in_width = shape->widths[0];
    self->width = shape->width;
    self->matrix = filled(arena, matrix, self->in_width, self->width, 0);
    self->offset = filled(arena, offset, 1, self->width, 0);
    self->scale = filled(arena, scale, 1, self->width, 1);
    *state = self;
    return self->matrix && self->offset && self->scale ? FC_OK : FC_ENOMEM;
}

typedef double fc_lanes __attribute__((vector_size(64), aligned(8), may_alias));

/* `count` rows (a constant where it is called, so that the sums stay in registers) times the eight
 * columns of block `b`. */
#define FC_PROJECT(count, x, b)                                                                    \
    do {                                                                                           \
        const double *restrict c = self->matrix + (b) * n * FC_PROJECT_LANES;                      \
        fc_lanes sum[count];                                                                       \
        for (size_t i = 0; i < (count); i++) sum[i] = (fc_lanes){0};                               \
        for (size_t k = 0; k < n; k++) {                                                           \
            fc_lanes factor = *(const fc_lanes *)(c + k * FC_PROJECT_LANES);                       \
            for (size_t i = 0; i < (count); i++) sum[i] += factor * (double)(x)[i * n + k];        \
        }                                                                                          \
        for (size_t i = 0; i < (count); i++) bad |= finish(self, &sum[i], r + i, b, out);          \
    } while (0)

#define FC_PROJECT_ALL(in_type, wild)                                                              \
    do {                                                                                           \
        const in_type *restrict x = in;                                                            \
        for (size_t i = 0; i < rows * n; i++) bad |= wild(x[i]);                                   \
        for (size_t b = 0; b * FC_PROJECT_LANES < self->width; b++) {                              \
            size_t r = 0;                                                                          \
            for (; rows - r >= FC_PROJECT_ROWS; r += FC_PROJECT_ROWS)                              \
                FC_PROJECT(FC_PROJECT_ROWS, x + r * n, b);                                         \
            for (; r < rows; r++) FC_PROJECT(1, x + r * n, b);                                     \
        }                                                                                          \
    } while (0)

/* - offset, / scale, and into the output; whether some value is not finite, as a mask. */
FC_BODY int64_t finish(const fc_project *self, const fc_lanes *sums, size_t row, size_t block,
                       void *out) {
    size_t column = block * FC_PROJECT_LANES, left = self->width - column;
    size_t lanes = left < FC_PROJECT_LANES ? left : FC_PROJECT_LANES;
    size_t at = row * self->width + column;
    fc_lanes sum = *sums - *(const fc_lanes *)(self->offset + column);
    sum /= *(const fc_lanes *)(self->scale + column);
    int64_t bad = 0;
    for (size_t l = 0; l < FC_PROJECT_LANES; l++) bad |= fc_wild64(sum[l]);
    if (self->type == FC_PLAN_F64 && lanes == FC_PROJECT_LANES)
        *(fc_lanes *)((double *)out + at) = sum;
    else if (self->type == FC_PLAN_F64)
        for (size_t l = 0; l < lanes; l++) ((double *)out)[at + l] = sum[l];
    else
        for (size_t l = 0; l < lanes; l++) ((float *)out)[at + l] = (float)sum[l];
    return bad;
}

FC_BODY bool project_body(const fc_project *self, const void *in, void *out, size_t rows) {
    size_t n = self->in_width;
    int64_t bad = 0;
    if (self->from == FC_PLAN_F64)
        FC_PROJECT_ALL(double, fc_wild64);
    else
        FC_PROJECT_ALL(float, fc_wild32);
    return bad == 0;
}
FC_SIMD_FORMS(bool, project, (const fc_project *self, const void *in, void *out, size_t rows),
              (self, in, out, rows))

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    return project(state, inputs[0], out, rows) ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_project = {.name = "project", .build = build, .run = run};
