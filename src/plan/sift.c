/* Some columns of a sparse panel, in their order; zeros that are stored stay so.
 * Parameters: columns (q, width, rising), finite (q: NaN and infinities anywhere are refused). */
#include "plan/csr.h"

typedef struct fc_sift {
    const int32_t *places; /* of each column in the output, or -1 */
    bool finite;
} fc_sift;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *columns = fc_blob_find(blob, "columns", 'q', shape->width);
    if (!columns || shape->input_count != 1 || shape->types[0] != FC_PLAN_CSR ||
        shape->type != FC_PLAN_CSR || shape->width > INT32_MAX)
        return FC_EINVALID;
    size_t width = shape->widths[0];
    fc_sift *self = fc_arena_zeros(arena, 1, sizeof *self);
    int32_t *places = fc_arena_zeros(arena, width + 1, sizeof *places);
    if (!self || !places) return FC_ENOMEM;
    for (size_t j = 0; j < width; j++) places[j] = -1;
    int64_t before = -1;
    for (size_t j = 0; j < shape->width; j++) {
        int64_t column = ((const int64_t *)columns->data)[j];
        if (column <= before || column >= (int64_t)width) return FC_EINVALID;
        places[column] = (int32_t)j;
        before = column;
    }
    self->places = places;
    self->finite = fc_blob_flag(blob, "finite", 0) != 0;
    *state = self;
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_sift *self = state;
    const fc_csr *from = inputs[0];
    fc_csr *csr = out;
    fc_csr_clear(csr);
    FC_TRY(fc_csr_reserve(csr, from->heads[rows] - from->heads[0]));
    int64_t bad = 0;
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = from->heads[r]; i < from->heads[r + 1]; i++) {
            int32_t place = self->places[from->columns[i]];
            bad |= fc_wild64(from->values[i]);
            if (place >= 0) fc_csr_put(csr, (size_t)place, from->values[i]);
        }
        csr->heads[r + 1] = csr->used;
    }
    return bad && self->finite ? FC_EREFUSED : FC_OK;
}

const fc_family fc_family_sift = {.name = "sift", .build = build, .run = run, .ragged = true};
