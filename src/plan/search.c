/* Numbers to category codes: binary search in each column's sorted categories. NaN has its own
 * code, or none; an infinity is refused, as scikit-learn does. Parameters: values (d, all columns'
 * categories in a row, NaN left out), counts (q, width), nan (q, width: the code of NaN, or -1). */
#include "plan/family.h"

typedef struct fc_search {
    size_t width;
    const double **values; /* of each column */
    const int64_t *counts, *nan;
} fc_search;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *values = fc_blob_find(blob, "values", 'd', SIZE_MAX);
    const fc_blob_item *counts = fc_blob_find(blob, "counts", 'q', shape->width);
    const fc_blob_item *nan = fc_blob_find(blob, "nan", 'q', shape->width);
    if (!values || !counts || !nan || shape->input_count != 1 || shape->types[0] != FC_PLAN_F64 ||
        shape->type != FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_search *self = fc_arena_zeros(arena, 1, sizeof *self);
    const double *all = fc_blob_doubles(arena, values);
    const double **columns = fc_arena_zeros(arena, (size_t)shape->width + 1, sizeof *columns);
    if (!self || !all || !columns || !(self->counts = fc_blob_ints(arena, counts)) ||
        !(self->nan = fc_blob_ints(arena, nan)))
        return FC_ENOMEM;
    size_t left = values->count;
    for (uint32_t j = 0; j < shape->width; j++) {
        if (self->counts[j] < 0 || self->counts[j] >= INT32_MAX || (size_t)self->counts[j] > left)
            return FC_EINVALID;
        columns[j] = all;
        all += self->counts[j];
        left -= (size_t)self->counts[j];
    }
    self->width = shape->width;
    self->values = columns;
    *state = self;
    return FC_OK;
}

/* The index of x, or -1. Halving without branches: `base` ends at the last value <= x. */
static int32_t find(const double *values, size_t count, double x) {
    if (!count) return -1;
    const double *base = values;
    for (size_t n = count; n > 1;) {
        size_t half = n / 2;
        base = base[half] <= x ? base + half : base;
        n -= half;
    }
    return *base == x ? (int32_t)(base - values) : -1;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_search *self = state;
    const double *x = inputs[0];
    int32_t *y = out;
    int64_t bad = 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < self->width; j++) {
            double v = *x++;
            bad |= fc_inf64(v);
            *y++ =
                v != v ? (int32_t)self->nan[j] : find(self->values[j], (size_t)self->counts[j], v);
        }
    return bad ? FC_EREFUSED : FC_OK;
}

const fc_family fc_family_search = {.name = "search", .build = build, .run = run};
