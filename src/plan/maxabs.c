/* MaxAbsScaler: x / scale. With float32 input and float64 constants NumPy divides in double and
 * stores float32; `single` says that the constants were float32 themselves.
 * Parameters: scale (d, width), single (q, 1), clip (q, 1; optional: to [-1, 1], NaN stays). */
#include "plan/family.h"

typedef struct fc_maxabs {
    fc_plan_type type;
    bool single, clip;
    fc_tile scale;
} fc_maxabs;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *scale = fc_blob_find(blob, "scale", 'd', shape->width);
    if (!scale || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_maxabs *self = fc_arena_zeros(arena, 1, sizeof *self);
    const double *values = fc_blob_doubles(arena, scale);
    if (!self || !values) return FC_ENOMEM;
    self->type = shape->type;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    self->clip = fc_blob_flag(blob, "clip", 0) != 0;
    *state = self;
    return fc_tile_make(arena, values, shape->width, &self->scale);
}

FC_BODY bool run64_body(const double *restrict x, double *restrict y, size_t total,
                        const fc_tile *tile) {
    const double *restrict scale = tile->d;
    int64_t bad = 0;
    FC_TILE_LOOP(total, tile->period, at, n)
    for (size_t i = 0; i < n; i++) {
        bad |= fc_inf64(x[at + i]);
        y[at + i] = x[at + i] / scale[i];
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, run64,
              (const double *restrict x, double *restrict y, size_t total, const fc_tile *tile),
              (x, y, total, tile))

FC_BODY bool run32_body(const float *restrict x, float *restrict y, size_t total,
                        const fc_tile *tile) {
    const float *restrict scale = tile->f;
    int32_t bad = 0;
    FC_TILE_LOOP(total, tile->period, at, n)
    for (size_t i = 0; i < n; i++) {
        bad |= fc_inf32(x[at + i]);
        y[at + i] = x[at + i] / scale[i];
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, run32,
              (const float *restrict x, float *restrict y, size_t total, const fc_tile *tile),
              (x, y, total, tile))

FC_BODY bool mixed_body(const float *restrict x, float *restrict y, size_t total,
                        const fc_tile *tile) {
    const double *restrict scale = tile->d;
    int32_t bad = 0;
    FC_TILE_LOOP(total, tile->period, at, n)
    for (size_t i = 0; i < n; i++) {
        bad |= fc_inf32(x[at + i]);
        y[at + i] = (float)((double)x[at + i] / scale[i]);
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, mixed,
              (const float *restrict x, float *restrict y, size_t total, const fc_tile *tile),
              (x, y, total, tile))

#define FC_CLIP(value_type)                                                                        \
    do {                                                                                           \
        value_type *y = out;                                                                       \
        for (size_t i = 0; i < total; i++) {                                                       \
            value_type v = y[i];                                                                   \
            v = v != v || v > -1 ? v : -1;                                                         \
            y[i] = v != v || v < 1 ? v : 1;                                                        \
        }                                                                                          \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_maxabs *self = state;
    size_t total = rows * self->scale.width;
    bool good = self->type == FC_PLAN_F64 ? run64(inputs[0], out, total, &self->scale)
                : self->single            ? run32(inputs[0], out, total, &self->scale)
                                          : mixed(inputs[0], out, total, &self->scale);
    if (!good) return FC_EREFUSED;
    if (self->clip && self->type == FC_PLAN_F64)
        FC_CLIP(double);
    else if (self->clip)
        FC_CLIP(float);
    return FC_OK;
}

const fc_family fc_family_maxabs = {"maxabs", build, run};
