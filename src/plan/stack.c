/* Panels side by side as one sparse panel, as scipy.sparse.hstack makes it: zeros of dense panels
 * are left out, those that a CSR panel stores stay. I32 panels are one-hot: a 1 at each of their
 * column numbers.
 * Parameters: widths (q, a panel each: its columns in the output), single (q: rounds to float32).
 */
#include "plan/csr.h"

typedef struct fc_stack {
    uint32_t count;
    const fc_plan_type *types;
    const int64_t *widths, *columns; /* of the output, and of the panel itself */
    bool single;
} fc_stack;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *widths = fc_blob_find(blob, "widths", 'q', shape->input_count);
    if (!widths || shape->type != FC_PLAN_CSR || shape->width > INT32_MAX) return FC_EINVALID;
    fc_stack *self = fc_arena_zeros(arena, 1, sizeof *self);
    int64_t *columns = fc_arena_zeros(arena, shape->input_count, sizeof *columns);
    fc_plan_type *types = fc_arena_zeros(arena, shape->input_count, sizeof *types);
    if (!self || !columns || !types || !(self->widths = fc_blob_ints(arena, widths)))
        return FC_ENOMEM;
    int64_t left = shape->width;
    for (uint32_t i = 0; i < shape->input_count; i++) {
        types[i] = shape->types[i];
        columns[i] = shape->widths[i];
        if (types[i] == FC_PLAN_TEXT || self->widths[i] < 0 || self->widths[i] > left ||
            (types[i] != FC_PLAN_I32 && self->widths[i] != columns[i]))
            return FC_EINVALID;
        left -= self->widths[i];
    }
    if (left) return FC_EINVALID;
    self->count = shape->input_count;
    self->types = types;
    self->columns = columns;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    *state = self;
    return FC_OK;
}

static inline void put(const fc_stack *self, fc_csr *csr, size_t column, double value) {
    fc_csr_put(csr, column, self->single ? (double)(float)value : value);
}

/* Row r of input i, which begins at `column`. */
static fc_status add(const fc_stack *self, uint32_t i, const void *input, size_t r, size_t column,
                     fc_csr *csr) {
    size_t width = (size_t)self->columns[i];
    if (self->types[i] == FC_PLAN_CSR) {
        const fc_csr *from = input;
        size_t end = from->heads[r + 1];
        FC_TRY(fc_csr_reserve(csr, end - from->heads[r]));
        for (size_t k = from->heads[r]; k < end; k++)
            put(self, csr, column + (size_t)from->columns[k], from->values[k]);
        return FC_OK;
    }
    FC_TRY(fc_csr_reserve(csr, width));
    for (size_t j = 0, k = r * width; j < width; j++, k++) {
        if (self->types[i] == FC_PLAN_I32) {
            int32_t at = ((const int32_t *)input)[k];
            if (at >= 0 && at < self->widths[i]) put(self, csr, column + (size_t)at, 1.0);
            continue;
        }
        double value = self->types[i] == FC_PLAN_F64 ? ((const double *)input)[k]
                                                     : (double)((const float *)input)[k];
        if (value != 0) put(self, csr, column + j, value);
    }
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_stack *self = state;
    fc_csr *csr = out;
    fc_csr_clear(csr);
    for (size_t r = 0; r < rows; r++) {
        size_t column = 0;
        for (uint32_t i = 0; i < self->count; i++) {
            FC_TRY(add(self, i, inputs[i], r, column, csr));
            column += (size_t)self->widths[i];
        }
        csr->heads[r + 1] = csr->used;
    }
    return FC_OK;
}

const fc_family fc_family_stack = {.name = "stack", .build = build, .run = run, .ragged = true};
