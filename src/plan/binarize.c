/* Binarizer: 1 where x > threshold, else 0. NaN and infinities are refused: scikit-learn raises.
 * Parameters: threshold (d, 1), single (q, 1: float32 values are compared with the threshold
 * rounded to float32, as NumPy does with a Python number). */
#include "plan/family.h"

typedef struct fc_binarize {
    fc_plan_type type;
    size_t width;
    double threshold;
} fc_binarize;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *threshold = fc_blob_find(blob, "threshold", 'd', 1);
    if (!threshold || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_binarize *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    self->threshold = *(const double *)threshold->data;
    if (shape->type == FC_PLAN_F32 && fc_blob_flag(blob, "single", 0))
        self->threshold = (double)(float)self->threshold;
    *state = self;
    return FC_OK;
}

FC_BODY bool run64_body(const double *restrict x, double *restrict y, size_t total,
                        double threshold) {
    int64_t bad = 0;
    for (size_t i = 0; i < total; i++) {
        bad |= fc_wild64(x[i]);
        y[i] = x[i] > threshold ? 1.0 : 0.0;
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, run64,
              (const double *restrict x, double *restrict y, size_t total, double threshold),
              (x, y, total, threshold))

FC_BODY bool run32_body(const float *restrict x, float *restrict y, size_t total,
                        double threshold) {
    int32_t bad = 0;
    for (size_t i = 0; i < total; i++) {
        bad |= fc_wild32(x[i]);
        y[i] = (double)x[i] > threshold ? 1.0f : 0.0f;
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, run32,
              (const float *restrict x, float *restrict y, size_t total, double threshold),
              (x, y, total, threshold))

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_binarize *self = state;
    size_t total = rows * self->width;
    bool good = self->type == FC_PLAN_F64 ? run64(inputs[0], out, total, self->threshold)
                                          : run32(inputs[0], out, total, self->threshold);
    return good ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_binarize = {.name = "binarize", .build = build, .run = run};
