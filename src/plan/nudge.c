/* Numbers moved by a few units in the last place: how far an output may lie away on another CPU is
 * found by moving what a step gives whose arithmetic is not the same everywhere. Zeros, infinities
 * and NaN stay. Parameters: ulps (q, 1), single (q, a flag: values of a sparse panel are
 * float32's). */
#include <string.h>

#include "plan/csr.h"

enum { MOST_ULPS = 1 << 20 };

typedef struct fc_nudge {
    fc_plan_type type;
    size_t width;
    int32_t ulps;
    bool single;
} fc_nudge;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    int64_t ulps = fc_blob_flag(blob, "ulps", 0);
    if (shape->input_count != 1 || shape->types[0] != shape->type || shape->type == FC_PLAN_I32 ||
        shape->type == FC_PLAN_TEXT || shape->widths[0] != shape->width || ulps < -MOST_ULPS ||
        ulps > MOST_ULPS)
        return FC_EINVALID;
    fc_nudge *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    bool single = fc_blob_flag(blob, "single", 0) != 0;
    *self = (fc_nudge){shape->type, shape->width, (int32_t)ulps, single};
    *state = self;
    return FC_OK;
}

/* Bits without their sign are in the order of magnitudes: away from zero is up. */
#define FC_NUDGE(float_type, int_type, name)                                                       \
    static void name(const float_type *x, float_type *y, size_t count, int32_t ulps) {             \
        for (size_t i = 0; i < count; i++) {                                                       \
            int_type bits;                                                                         \
            memcpy(&bits, &x[i], sizeof bits);                                                     \
            int_type up = x[i] < 0 ? -ulps : ulps;                                                 \
            bool stays = x[i] == 0 || x[i] - x[i] != 0;                                            \
            bits = stays ? bits : (int_type)(bits + up);                                           \
            memcpy(&y[i], &bits, sizeof bits);                                                     \
        }                                                                                          \
    }
FC_NUDGE(double, int64_t, nudge64)
FC_NUDGE(float, int32_t, nudge32)

static fc_status nudge_csr(const fc_nudge *self, const fc_csr *from, fc_csr *to, size_t rows) {
    fc_csr_clear(to);
    FC_TRY(fc_csr_reserve(to, from->used));
    memcpy(to->heads, from->heads, (rows + 1) * sizeof *to->heads);
    to->used = from->used;
    memcpy(to->columns, from->columns, from->used * sizeof *to->columns);
    if (!self->single) nudge64(from->values, to->values, from->used, self->ulps);
    for (size_t i = 0; self->single && i < from->used; i++) {
        float x = (float)from->values[i], y;
        nudge32(&x, &y, 1, self->ulps);
        to->values[i] = (double)y;
    }
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_nudge *self = state;
    if (self->type == FC_PLAN_CSR) return nudge_csr(self, inputs[0], out, rows);
    if (self->type == FC_PLAN_F64)
        nudge64(inputs[0], out, rows * self->width, self->ulps);
    else
        nudge32(inputs[0], out, rows * self->width, self->ulps);
    return FC_OK;
}

const fc_family fc_family_nudge = {.name = "nudge", .build = build, .run = run, .ragged = true};
