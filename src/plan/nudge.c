/* Numbers moved by a few units in the last place: how far an output may lie away on another CPU is
 * found by moving what a step gives whose arithmetic is not the same everywhere. Zeros, infinities
 * and NaN stay. Parameter: ulps (q, 1). */
#include <string.h>

#include "plan/family.h"

enum { MOST_ULPS = 1 << 20 };

typedef struct fc_nudge {
    fc_plan_type type;
    size_t width;
    int32_t ulps;
} fc_nudge;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    int64_t ulps = fc_blob_flag(blob, "ulps", 0);
    if (shape->input_count != 1 || shape->types[0] != shape->type || shape->type == FC_PLAN_I32 ||
        shape->widths[0] != shape->width || ulps < -MOST_ULPS || ulps > MOST_ULPS)
        return FC_EINVALID;
    fc_nudge *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    *self = (fc_nudge){shape->type, shape->width, (int32_t)ulps};
    *state = self;
    return FC_OK;
}

/* Bits without their sign are in the order of magnitudes: away from zero is up. */
#define FC_NUDGE(float_type, int_type)                                                             \
    do {                                                                                           \
        const float_type *x = inputs[0];                                                           \
        float_type *y = out;                                                                       \
        for (size_t i = 0; i < total; i++) {                                                       \
            int_type bits;                                                                         \
            memcpy(&bits, &x[i], sizeof bits);                                                     \
            int_type up = x[i] < 0 ? -self->ulps : self->ulps;                                     \
            bool stays = x[i] == 0 || x[i] - x[i] != 0;                                            \
            bits = stays ? bits : (int_type)(bits + up);                                           \
            memcpy(&y[i], &bits, sizeof bits);                                                     \
        }                                                                                          \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_nudge *self = state;
    size_t total = rows * self->width;
    if (self->type == FC_PLAN_F64)
        FC_NUDGE(double, int64_t);
    else
        FC_NUDGE(float, int32_t);
    return FC_OK;
}

const fc_family fc_family_nudge = {.name = "nudge", .build = build, .run = run};
