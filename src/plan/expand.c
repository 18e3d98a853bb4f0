/* A sparse panel, or column numbers that are a 1 each, as a dense one: for output that a later step
 * reads. No parameters; a number outside the output is a 1 nowhere. */
#include <string.h>

#include "plan/csr.h"

typedef struct fc_expand {
    fc_plan_type from, type;
    size_t in_width, width;
} fc_expand;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    (void)blob;
    if (shape->input_count != 1 || shape->type > FC_PLAN_F32) return FC_EINVALID;
    if (shape->types[0] != FC_PLAN_I32 &&
        (shape->types[0] != FC_PLAN_CSR || shape->widths[0] != shape->width))
        return FC_EINVALID;
    fc_expand *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->from = shape->types[0];
    self->type = shape->type;
    self->in_width = shape->widths[0];
    self->width = shape->width;
    *state = self;
    return FC_OK;
}

static void expand_sparse(const fc_expand *self, const fc_csr *csr, void *out, size_t rows) {
    for (size_t r = 0; r < rows; r++)
        for (size_t i = csr->heads[r]; i < csr->heads[r + 1]; i++) {
            size_t at = r * self->width + (size_t)csr->columns[i];
            double value = csr->values[i] + 0.0; /* SciPy adds to zero: no zero is negative */
            if (self->type == FC_PLAN_F64)
                ((double *)out)[at] = value;
            else
                ((float *)out)[at] = (float)value;
        }
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_expand *self = state;
    const int32_t *x = inputs[0];
    memset(out, 0, rows * self->width * fc_plan_type_size(self->type));
    if (self->from == FC_PLAN_CSR) {
        expand_sparse(self, inputs[0], out, rows);
        return FC_OK;
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < self->in_width; j++) {
            int32_t column = *x++;
            if (column < 0 || (size_t)column >= self->width) continue;
            size_t at = r * self->width + (size_t)column;
            if (self->type == FC_PLAN_F64)
                ((double *)out)[at] = 1.0;
            else
                ((float *)out)[at] = 1.0f;
        }
    return FC_OK;
}

const fc_family fc_family_expand = {.name = "expand", .build = build, .run = run, .ragged = true};
