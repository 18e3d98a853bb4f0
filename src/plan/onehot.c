/* OneHotEncoder: from category codes to the number of the column that gets the 1.
 * Infrequent levels, dropped levels and the treatment of unknown categories are all in the table:
 * for each column its codes' output columns, and one entry more for code -1 (unknown). An entry is
 * a column, -1 (no 1 at all) or -2 (an error or a warning: the original must speak).
 * Parameters: table (q), counts (q, width: codes of each column, without the entry for unknown). */
#include "plan/family.h"

typedef struct fc_onehot {
    size_t width;
    const int64_t **tables;
    const int64_t *counts;
} fc_onehot;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *table = fc_blob_find(blob, "table", 'q', SIZE_MAX);
    const fc_blob_item *counts = fc_blob_find(blob, "counts", 'q', shape->width);
    if (!table || !counts || shape->input_count != 1 || shape->types[0] != FC_PLAN_I32 ||
        shape->type != FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_onehot *self = fc_arena_zeros(arena, 1, sizeof *self);
    const int64_t *all = fc_blob_ints(arena, table);
    const int64_t **tables = fc_arena_zeros(arena, (size_t)shape->width + 1, sizeof *tables);
    if (!self || !all || !tables || !(self->counts = fc_blob_ints(arena, counts))) return FC_ENOMEM;
    size_t left = table->count;
    for (uint32_t j = 0; j < shape->width; j++) {
        if (self->counts[j] < 0 || (size_t)self->counts[j] >= left) return FC_EINVALID;
        tables[j] = all;
        all += self->counts[j] + 1;
        left -= (size_t)self->counts[j] + 1;
    }
    self->width = shape->width;
    self->tables = tables;
    *state = self;
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_onehot *self = state;
    const int32_t *x = inputs[0];
    int32_t *y = out;
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < self->width; j++) {
            int32_t code = *x++;
            if (code < -1) return FC_EREFUSED; /* a missing text that only the original may judge */
            /* Codes come from the caller's tables: what is out of range is unknown. */
            int64_t at = code < 0 || code >= self->counts[j] ? self->counts[j] : code;
            int64_t column = self->tables[j][at];
            if (column < -1) return FC_EREFUSED;
            *y++ = (int32_t)column;
        }
    return FC_OK;
}

const fc_family fc_family_onehot = {.name = "onehot", .build = build, .run = run};
