/* RobustScaler: x - center, rounded, then / scale, rounded. With float32 input NumPy computes each
 * of the two in the wider type of input and constants, and stores float32. Here they are computed
 * in double unless all constants were float32 (`single`): that is the same number, since one
 * operation on float32 values, rounded to double and then to float32, is rounded as if once.
 * Parameters: center, scale (d, width; each optional), single (q, 1). */
#include "plan/family.h"

typedef struct fc_robust {
    fc_plan_type type;
    bool single;
    fc_tile center, scale;
} fc_robust;

static fc_status take(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, const char *name,
                      double neutral, fc_tile *tile) {
    const fc_blob_item *item = fc_blob_find(blob, name, 'd', shape->width);
    if (!item && fc_blob_find(blob, name, 'd', SIZE_MAX)) return FC_EINVALID;
    double *values = fc_arena_zeros(arena, (size_t)shape->width + 1, sizeof *values);
    if (!values) return FC_ENOMEM;
    for (uint32_t j = 0; j < shape->width; j++)
        values[j] = item ? ((const double *)item->data)[j] : neutral;
    return fc_tile_make(arena, values, shape->width, tile);
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    if (shape->input_count != 1 || shape->types[0] != shape->type || shape->type == FC_PLAN_I32 ||
        shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_robust *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->type = shape->type;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    *state = self;
    FC_TRY(take(arena, shape, blob, "center", 0.0, &self->center));
    return take(arena, shape, blob, "scale", 1.0, &self->scale);
}

/* x - 0 and x / 1 are x, whatever x is: what is absent needs no loop of its own. */
#define FC_ROBUST(inf, type, wide, center, scale)                                                  \
    FC_TILE_LOOP(total, self->center.period, at, n)                                                \
    for (size_t i = 0; i < n; i++) {                                                               \
        type centered = (type)((wide)x[at + i] - center[i]);                                       \
        y[at + i] = (type)((wide)centered / scale[i]);                                             \
        bad |= inf(x[at + i]) | inf(y[at + i]); /* of an overflow scikit-learn warns */            \
    }

FC_BODY bool run64_body(const double *restrict x, double *restrict y, size_t total,
                        const fc_robust *self) {
    const double *restrict center = self->center.d, *restrict scale = self->scale.d;
    int64_t bad = 0;
    FC_ROBUST(fc_inf64, double, double, center, scale)
    return bad == 0;
}
FC_SIMD_FORMS(bool, run64,
              (const double *restrict x, double *restrict y, size_t total, const fc_robust *self),
              (x, y, total, self))

FC_BODY bool run32_body(const float *restrict x, float *restrict y, size_t total,
                        const fc_robust *self) {
    const float *restrict center = self->center.f, *restrict scale = self->scale.f;
    int32_t bad = 0;
    FC_ROBUST(fc_inf32, float, float, center, scale)
    return bad == 0;
}
FC_SIMD_FORMS(bool, run32,
              (const float *restrict x, float *restrict y, size_t total, const fc_robust *self),
              (x, y, total, self))

FC_BODY bool mixed_body(const float *restrict x, float *restrict y, size_t total,
                        const fc_robust *self) {
    const double *restrict center = self->center.d, *restrict scale = self->scale.d;
    int32_t bad = 0;
    FC_ROBUST(fc_inf32, float, double, center, scale)
    return bad == 0;
}
FC_SIMD_FORMS(bool, mixed,
              (const float *restrict x, float *restrict y, size_t total, const fc_robust *self),
              (x, y, total, self))

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_robust *self = state;
    size_t total = rows * self->center.width;
    bool good = self->type == FC_PLAN_F64 ? run64(inputs[0], out, total, self)
                : self->single            ? run32(inputs[0], out, total, self)
                                          : mixed(inputs[0], out, total, self);
    return good ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_robust = {"robust", build, run};
