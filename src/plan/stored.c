/* The stored values of a sparse panel, each by itself; implicit zeros stay what they are. In order,
 * each if asked for: NaN becomes a number of its column; the value times a number of its column (in
 * double, or in float32 where both are: `single` says that the matrix is, `narrow` that the
 * constants are; a float32 matrix is rounded to float32 after it); to [-1, 1]; 1 above a threshold,
 * and nothing else is stored any more. Infinities are refused, and those that come out; `finite`
 * refuses NaN too. Parameters: fill, scale (d, width), clip (q), threshold (d), single, narrow,
 * finite (q). */
#include <string.h>

#include "plan/csr.h"

typedef struct fc_stored {
    const double *fill, *scale; /* or NULL */
    bool clip, binary, single, narrow, finite;
    double threshold;
} fc_stored;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *fill = fc_blob_find(blob, "fill", 'd', SIZE_MAX);
    const fc_blob_item *scale = fc_blob_find(blob, "scale", 'd', SIZE_MAX);
    const fc_blob_item *threshold = fc_blob_find(blob, "threshold", 'd', 1);
    if (shape->input_count != 1 || shape->types[0] != FC_PLAN_CSR || shape->type != FC_PLAN_CSR ||
        shape->widths[0] != shape->width || (fill && fill->count != shape->width) ||
        (scale && scale->count != shape->width))
        return FC_EINVALID;
    fc_stored *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self || (fill && !(self->fill = fc_blob_doubles(arena, fill))) ||
        (scale && !(self->scale = fc_blob_doubles(arena, scale))))
        return FC_ENOMEM;
    self->clip = fc_blob_flag(blob, "clip", 0) != 0;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    self->narrow = fc_blob_flag(blob, "narrow", 0) != 0;
    self->finite = fc_blob_flag(blob, "finite", 0) != 0;
    self->binary = threshold != NULL;
    if (threshold) self->threshold = *(const double *)threshold->data;
    *state = self;
    return FC_OK;
}

static inline double scaled(const fc_stored *self, double x, double scale) {
    if (!self->single) return x * scale;
    return (double)(self->narrow ? (float)x * (float)scale : (float)(x * scale));
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_stored *self = state;
    const fc_csr *from = inputs[0];
    fc_csr *csr = out;
    fc_csr_clear(csr);
    FC_TRY(fc_csr_reserve(csr, from->heads[rows] - from->heads[0]));
    int64_t bad = 0;
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = from->heads[r]; i < from->heads[r + 1]; i++) {
            size_t column = (size_t)from->columns[i];
            double x = from->values[i];
            bad |= self->finite ? fc_wild64(x) : fc_inf64(x);
            if (self->fill && x != x) x = self->fill[column];
            if (self->scale) x = scaled(self, x, self->scale[column]);
            bad |= fc_inf64(x);
            if (self->clip) x = x < -1 ? -1 : x > 1 ? 1 : x;
            if (!self->binary)
                fc_csr_put(csr, column, x);
            else if (x > self->threshold)
                fc_csr_put(csr, column, 1);
        }
        csr->heads[r + 1] = csr->used;
    }
    return bad ? FC_EREFUSED : FC_OK;
}

const fc_family fc_family_stored = {.name = "stored", .build = build, .run = run, .ragged = true};
