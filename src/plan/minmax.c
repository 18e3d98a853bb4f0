/* MinMaxScaler: x * scale, rounded, then + min, rounded. With float32 input and float64 constants
 * NumPy computes each of the two in double and stores float32: `single` says that the constants
 * were float32 themselves. Parameters: scale, min (d, width), single (q, 1), clip (d, 2; optional:
 * NaN stays NaN). */
#include "plan/family.h"

typedef struct fc_minmax {
    fc_plan_type type;
    bool single, clip;
    double low, high;
    fc_tile scale, min;
} fc_minmax;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *scale = fc_blob_find(blob, "scale", 'd', shape->width);
    const fc_blob_item *min = fc_blob_find(blob, "min", 'd', shape->width);
    const fc_blob_item *clip = fc_blob_find(blob, "clip", 'd', 2);
    if (!scale || !min || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_minmax *self = fc_arena_zeros(arena, 1, sizeof *self);
    const double *scales = fc_blob_doubles(arena, scale), *mins = fc_blob_doubles(arena, min);
    if (!self || !scales || !mins) return FC_ENOMEM;
    self->type = shape->type;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    self->clip = clip != NULL;
    if (clip) {
        const double *range = clip->data;
        self->low = range[0];
        self->high = range[1];
    }
    *state = self;
    FC_TRY(fc_tile_make(arena, scales, shape->width, &self->scale));
    return fc_tile_make(arena, mins, shape->width, &self->min);
}

FC_BODY bool run64_body(const double *restrict x, double *restrict y, size_t total,
                        const fc_minmax *self) {
    const double *restrict scale = self->scale.d, *restrict min = self->min.d;
    int64_t bad = 0;
    FC_TILE_LOOP(total, self->scale.period, at, n)
    for (size_t i = 0; i < n; i++) {
        bad |= fc_inf64(x[at + i]);
        double scaled = x[at + i] * scale[i];
        y[at + i] = scaled + min[i];
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, run64,
              (const double *restrict x, double *restrict y, size_t total, const fc_minmax *self),
              (x, y, total, self))

FC_BODY bool run32_body(const float *restrict x, float *restrict y, size_t total,
                        const fc_minmax *self) {
    const float *restrict scale = self->scale.f, *restrict min = self->min.f;
    int32_t bad = 0;
    FC_TILE_LOOP(total, self->scale.period, at, n)
    for (size_t i = 0; i < n; i++) {
        bad |= fc_inf32(x[at + i]);
        float scaled = x[at + i] * scale[i];
        y[at + i] = scaled + min[i];
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, run32,
              (const float *restrict x, float *restrict y, size_t total, const fc_minmax *self),
              (x, y, total, self))

FC_BODY bool mixed_body(const float *restrict x, float *restrict y, size_t total,
                        const fc_minmax *self) {
    const double *restrict scale = self->scale.d, *restrict min = self->min.d;
    int32_t bad = 0;
    FC_TILE_LOOP(total, self->scale.period, at, n)
    for (size_t i = 0; i < n; i++) {
        bad |= fc_inf32(x[at + i]);
        float scaled = (float)((double)x[at + i] * scale[i]);
        y[at + i] = (float)((double)scaled + min[i]);
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, mixed,
              (const float *restrict x, float *restrict y, size_t total, const fc_minmax *self),
              (x, y, total, self))

/* np.clip, comparison by comparison: NaN compares false and stays. */
#define FC_CLIP(value_type)                                                                        \
    do {                                                                                           \
        value_type *y = out, low = (value_type)self->low, high = (value_type)self->high;           \
        for (size_t i = 0; i < total; i++) {                                                       \
            value_type v = y[i];                                                                   \
            v = v != v || v > low ? v : low;                                                       \
            y[i] = v != v || v < high ? v : high;                                                  \
        }                                                                                          \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_minmax *self = state;
    size_t total = rows * self->scale.width;
    bool good = self->type == FC_PLAN_F64 ? run64(inputs[0], out, total, self)
                : self->single            ? run32(inputs[0], out, total, self)
                                          : mixed(inputs[0], out, total, self);
    if (!good) return FC_EREFUSED;
    if (self->clip) {
        if (self->type == FC_PLAN_F64)
            FC_CLIP(double);
        else
            FC_CLIP(float);
    }
    return FC_OK;
}

const fc_family fc_family_minmax = {"minmax", build, run};
