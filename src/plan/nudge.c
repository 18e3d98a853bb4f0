/* A panel moved by a few units in the last place, behind a step whose arithmetic is not the same on
 * every CPU; see nudge.h. Parameters: ulps (q, width), single (q, a flag: values of a sparse panel
 * are float32's). */
#include "plan/nudge.h"

#include "plan/csr.h"

typedef struct fc_nudge {
    fc_plan_type type;
    size_t width;
    bool single;
    const int64_t *ulps;
} fc_nudge;

fc_status fc_nudge_read(fc_arena *arena, const fc_blob *blob, const char *name, uint32_t width,
                        const int64_t **out) {
    const fc_blob_item *item = fc_blob_find(blob, name, 'q', width);
    *out = item ? fc_blob_ints(arena, item) : NULL;
    if (!item) return fc_blob_find(blob, name, 'q', SIZE_MAX) ? FC_EINVALID : FC_OK;
    if (!*out) return FC_ENOMEM;
    for (uint32_t j = 0; j < width; j++)
        if ((*out)[j] < -FC_MOST_ULPS || (*out)[j] > FC_MOST_ULPS) return FC_EINVALID;
    return FC_OK;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    if (shape->input_count != 1 || shape->types[0] != shape->type || shape->type == FC_PLAN_I32 ||
        shape->type == FC_PLAN_TEXT || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_nudge *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    FC_TRY(fc_nudge_read(arena, blob, "ulps", shape->width, &self->ulps));
    *state = self;
    return self->ulps ? FC_OK : FC_EINVALID;
}

static fc_status nudge_csr(const fc_nudge *self, const fc_csr *from, fc_csr *to, size_t rows) {
    fc_csr_clear(to);
    FC_TRY(fc_csr_reserve(to, from->used));
    memcpy(to->heads, from->heads, (rows + 1) * sizeof *to->heads);
    to->used = from->used;
    memcpy(to->columns, from->columns, from->used * sizeof *to->columns);
    for (size_t i = 0; i < from->used; i++) {
        double x = from->values[i];
        int64_t ulps = self->ulps[from->columns[i]];
        to->values[i] = self->single ? (double)fc_nudge32((float)x, ulps) : fc_nudge64(x, ulps);
    }
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_nudge *self = state;
    if (self->type == FC_PLAN_CSR) return nudge_csr(self, inputs[0], out, rows);
    const double *x64 = inputs[0];
    const float *x32 = inputs[0];
    for (size_t r = 0, i = 0; r < rows; r++)
        for (size_t j = 0; j < self->width; j++, i++)
            if (self->type == FC_PLAN_F64)
                ((double *)out)[i] = fc_nudge64(x64[i], self->ulps[j]);
            else
                ((float *)out)[i] = fc_nudge32(x32[i], self->ulps[j]);
    return FC_OK;
}

const fc_family fc_family_nudge = {.name = "nudge", .build = build, .run = run, .ragged = true};
