/* SimpleImputer on numbers: a missing value becomes its column's fill. Missing is NaN, or a marker
 * number (then scikit-learn refuses NaN). Parameters: fill (d, width), marker (d, 1; optional). */
#include "plan/family.h"

typedef struct fc_impute {
    fc_plan_type type;
    bool marked;
    double marker;
    fc_tile fill;
} fc_impute;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *fill = fc_blob_find(blob, "fill", 'd', shape->width);
    const fc_blob_item *marker = fc_blob_find(blob, "marker", 'd', 1);
    if (!fill || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_impute *self = fc_arena_zeros(arena, 1, sizeof *self);
    const double *values = fc_blob_doubles(arena, fill);
    if (!self || !values) return FC_ENOMEM;
    self->type = shape->type;
    self->marked = marker != NULL;
    if (marker) self->marker = *(const double *)marker->data;
    *state = self;
    return fc_tile_make(arena, values, shape->width, &self->fill);
}

FC_BODY bool nan64_body(const double *restrict x, double *restrict y, size_t total,
                        const fc_tile *tile) {
    const double *restrict fill = tile->d;
    int64_t bad = 0;
    FC_TILE_LOOP(total, tile->period, at, n)
    for (size_t i = 0; i < n; i++) {
        double v = x[at + i], f = fill[i]; /* loaded always: a loop without branches vectorises */
        bad |= fc_inf64(v);
        y[at + i] = v != v ? f : v;
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, nan64,
              (const double *restrict x, double *restrict y, size_t total, const fc_tile *tile),
              (x, y, total, tile))

FC_BODY bool nan32_body(const float *restrict x, float *restrict y, size_t total,
                        const fc_tile *tile) {
    const float *restrict fill = tile->f;
    int32_t bad = 0;
    FC_TILE_LOOP(total, tile->period, at, n)
    for (size_t i = 0; i < n; i++) {
        float v = x[at + i], f = fill[i]; /* loaded always: a loop without branches vectorises */
        bad |= fc_inf32(v);
        y[at + i] = v != v ? f : v;
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, nan32,
              (const float *restrict x, float *restrict y, size_t total, const fc_tile *tile),
              (x, y, total, tile))

/* The marker's forms are rare: one plain loop each. x - x is 0 for finite values only. */
static bool mark64(const fc_impute *self, const double *x, double *y, size_t total) {
    bool good = true;
    FC_TILE_LOOP(total, self->fill.period, at, n)
    for (size_t i = 0; i < n; i++) {
        double v = x[at + i];
        good &= v - v == 0;
        y[at + i] = v == self->marker ? self->fill.d[i] : v;
    }
    return good;
}

static bool mark32(const fc_impute *self, const float *x, float *y, size_t total) {
    bool good = true;
    float marker = (float)self->marker;
    FC_TILE_LOOP(total, self->fill.period, at, n)
    for (size_t i = 0; i < n; i++) {
        float v = x[at + i];
        good &= v - v == 0;
        y[at + i] = v == marker ? self->fill.f[i] : v;
    }
    return good;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_impute *self = state;
    size_t total = rows * self->fill.width;
    bool good;
    if (self->type == FC_PLAN_F64)
        good = self->marked ? mark64(self, inputs[0], out, total)
                            : nan64(inputs[0], out, total, &self->fill);
    else
        good = self->marked ? mark32(self, inputs[0], out, total)
                            : nan32(inputs[0], out, total, &self->fill);
    return good ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_impute = {"impute", build, run};
