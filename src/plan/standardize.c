/* StandardScaler: (x - mean) / scale in the input's own type; the constants are rounded to that
 * type first, as scikit-learn does, and it is a division, not a multiplication by a reciprocal.
 * Parameters: mean (d, width; optional), scale (d, width; optional). */
#include "plan/family.h"

typedef struct fc_standardize {
    fc_plan_type type;
    size_t width, period;
    fc_tile mean, scale; /* period 0: not there */
} fc_standardize;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    if (shape->input_count != 1 || shape->types[0] != shape->type || shape->type == FC_PLAN_I32 ||
        shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_standardize *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    const char *names[] = {"mean", "scale"};
    fc_tile *tiles[] = {&self->mean, &self->scale};
    for (int i = 0; i < 2; i++) {
        const fc_blob_item *item = fc_blob_find(blob, names[i], 'd', shape->width);
        if (!item) {
            if (fc_blob_find(blob, names[i], 'd', SIZE_MAX)) return FC_EINVALID;
            continue;
        }
        const double *values = fc_blob_doubles(arena, item);
        if (!values) return FC_ENOMEM;
        FC_TRY(fc_tile_make(arena, values, shape->width, tiles[i]));
        self->period = tiles[i]->period;
    }
    if (!self->period) self->period = shape->width;
    *state = self;
    return FC_OK;
}

/* Written once for both types; the compiler makes three loops of each by the two NULL tests. */
#define FC_STANDARDIZE(x, y, mean, scale, period, inf, bad)                                        \
    FC_TILE_LOOP(total, period, at, n) {                                                           \
        if (mean && scale)                                                                         \
            for (size_t i = 0; i < n; i++) {                                                       \
                bad |= inf(x[at + i]);                                                             \
                y[at + i] = (x[at + i] - mean[i]) / scale[i];                                      \
            }                                                                                      \
        else                                                                                       \
            for (size_t i = 0; i < n; i++) {                                                       \
                bad |= inf(x[at + i]);                                                             \
                y[at + i] = mean ? x[at + i] - mean[i] : scale ? x[at + i] / scale[i] : x[at + i]; \
            }                                                                                      \
    }

FC_BODY bool run64_body(const double *restrict x, double *restrict y, size_t total,
                        const double *restrict mean, const double *restrict scale, size_t period) {
    int64_t bad = 0;
    FC_STANDARDIZE(x, y, mean, scale, period, fc_inf64, bad)
    return bad == 0;
}
FC_SIMD_FORMS(bool, run64,
              (const double *restrict x, double *restrict y, size_t total,
               const double *restrict mean, const double *restrict scale, size_t period),
              (x, y, total, mean, scale, period))

FC_BODY bool run32_body(const float *restrict x, float *restrict y, size_t total,
                        const float *restrict mean, const float *restrict scale, size_t period) {
    int32_t bad = 0;
    FC_STANDARDIZE(x, y, mean, scale, period, fc_inf32, bad)
    return bad == 0;
}
FC_SIMD_FORMS(bool, run32,
              (const float *restrict x, float *restrict y, size_t total, const float *restrict mean,
               const float *restrict scale, size_t period),
              (x, y, total, mean, scale, period))

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_standardize *self = state;
    size_t total = rows * self->width;
    bool good = self->type == FC_PLAN_F64
                    ? run64(inputs[0], out, total, self->mean.d, self->scale.d, self->period)
                    : run32(inputs[0], out, total, self->mean.f, self->scale.f, self->period);
    return good ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_standardize = {"standardize", build, run};
