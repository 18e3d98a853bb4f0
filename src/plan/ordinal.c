/* OrdinalEncoder: from category codes to the encoded numbers, through a table that holds the
 * infrequent grouping, the code for missing and the value for unknown already.
 * Parameters: table (d: each column's codes, then one entry for unknown), counts (q, width),
 * unknown (q, 1: 0 if an unknown category is an error, and the original must speak). */
#include "plan/family.h"

typedef struct fc_ordinal {
    fc_plan_type type;
    size_t width;
    bool unknown;
    const double **tables;
    const int64_t *counts;
} fc_ordinal;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *table = fc_blob_find(blob, "table", 'd', SIZE_MAX);
    const fc_blob_item *counts = fc_blob_find(blob, "counts", 'q', shape->width);
    if (!table || !counts || shape->input_count != 1 || shape->types[0] != FC_PLAN_I32 ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_ordinal *self = fc_arena_zeros(arena, 1, sizeof *self);
    const double *all = fc_blob_doubles(arena, table);
    const double **tables = fc_arena_zeros(arena, (size_t)shape->width + 1, sizeof *tables);
    if (!self || !all || !tables || !(self->counts = fc_blob_ints(arena, counts))) return FC_ENOMEM;
    size_t left = table->count;
    for (uint32_t j = 0; j < shape->width; j++) {
        if (self->counts[j] < 0 || (size_t)self->counts[j] >= left) return FC_EINVALID;
        tables[j] = all;
        all += self->counts[j] + 1;
        left -= (size_t)self->counts[j] + 1;
    }
    self->type = shape->type;
    self->width = shape->width;
    self->unknown = fc_blob_flag(blob, "unknown", 0) != 0;
    self->tables = tables;
    *state = self;
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_ordinal *self = state;
    const int32_t *x = inputs[0];
    size_t at = 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < self->width; j++, at++) {
            int32_t code = x[at];
            if (code < -1) return FC_EREFUSED; /* a missing text that only the original may judge */
            bool known = code >= 0 && code < self->counts[j];
            if (!known && !self->unknown) return FC_EREFUSED;
            double value = self->tables[j][known ? code : self->counts[j]];
            if (self->type == FC_PLAN_F64)
                ((double *)out)[at] = value;
            else
                ((float *)out)[at] = (float)value;
        }
    return FC_OK;
}

const fc_family fc_family_ordinal = {.name = "ordinal", .build = build, .run = run};
