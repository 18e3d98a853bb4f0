/* The indicator columns of an imputer: 1 where the input is missing, for chosen columns.
 * Parameters: columns (q, width), marker (d, 1; optional: else NaN is missing); strict (q, 1;
 * optional: refuses infinities, and NaN if there is a marker, as no imputer beside it does), and
 * forbidden (q, any; optional: columns in which a missing value is refused). */
#include "plan/family.h"

typedef struct fc_missing {
    fc_plan_type type;
    size_t in_width, width;
    const int64_t *columns, *forbidden;
    size_t forbidden_count;
    bool marked, strict;
    double marker;
} fc_missing;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *columns = fc_blob_find(blob, "columns", 'q', shape->width);
    const fc_blob_item *marker = fc_blob_find(blob, "marker", 'd', 1);
    if (!columns || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32)
        return FC_EINVALID;
    fc_missing *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self || !(self->columns = fc_blob_ints(arena, columns))) return FC_ENOMEM;
    for (size_t j = 0; j < shape->width; j++)
        if (self->columns[j] < 0 || self->columns[j] >= shape->widths[0]) return FC_EINVALID;
    const fc_blob_item *forbidden = fc_blob_find(blob, "forbidden", 'q', SIZE_MAX);
    if (forbidden) {
        if (!(self->forbidden = fc_blob_ints(arena, forbidden))) return FC_ENOMEM;
        self->forbidden_count = forbidden->count;
    }
    for (size_t j = 0; j < self->forbidden_count; j++)
        if (self->forbidden[j] < 0 || self->forbidden[j] >= shape->widths[0]) return FC_EINVALID;
    self->strict = fc_blob_flag(blob, "strict", 0) != 0;
    self->type = shape->type;
    self->in_width = shape->widths[0];
    self->width = shape->width;
    self->marked = marker != NULL;
    if (marker) self->marker = *(const double *)marker->data;
    *state = self;
    return FC_OK;
}

#define FC_IS_MISSING(v) (self->marked ? (v) == marker : (v) != (v))
#define FC_MARK(value_type)                                                                        \
    do {                                                                                           \
        const value_type *x = inputs[0];                                                           \
        value_type *y = out, marker = (value_type)self->marker;                                    \
        for (size_t r = 0; r < rows; r++, x += self->in_width) {                                   \
            bool bad = false;                                                                      \
            for (size_t j = 0; self->strict && j < self->in_width; j++)                            \
                bad |= x[j] - x[j] != 0 && (self->marked || x[j] == x[j]);                         \
            for (size_t j = 0; j < self->forbidden_count; j++)                                     \
                bad |= FC_IS_MISSING(x[self->forbidden[j]]);                                       \
            if (bad) return FC_EREFUSED;                                                           \
            for (size_t j = 0; j < self->width; j++) *y++ = FC_IS_MISSING(x[self->columns[j]]);    \
        }                                                                                          \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_missing *self = state;
    if (self->type == FC_PLAN_F64)
        FC_MARK(double);
    else
        FC_MARK(float);
    return FC_OK;
}

const fc_family fc_family_missing = {.name = "missing", .build = build, .run = run};
