/* IterativeImputer with linear estimators, after its initial imputer: missing cells are predicted
 * from the others of their row, estimator after estimator, clipped, and written back; known cells
 * stay. The first input are the columns as they were given, the second as they were filled.
 * A row with no known cell is refused: alone it keeps what it was filled with, in company not.
 * Parameters: target (q, steps), start (q, steps + 1), neighbor (q, all steps' in a row), coef (d,
 * the same), intercept (d, steps), low and high (d, width), known (q, width: columns that nothing
 * is predicted for), marker (d, 1; optional: else NaN is missing). */
#include "plan/family.h"

typedef struct fc_iterate {
    fc_plan_type type;
    size_t width, steps;
    const int64_t *target, *start, *neighbor, *known;
    const double *coef, *intercept, *low, *high;
    bool marked;
    double marker;
} fc_iterate;

static bool checked(const fc_iterate *self, size_t total) {
    for (size_t s = 0; s < self->steps; s++) {
        if (self->target[s] < 0 || self->target[s] >= (int64_t)self->width) return false;
        if (self->start[s] > self->start[s + 1]) return false;
    }
    for (size_t i = 0; i < total; i++)
        if (self->neighbor[i] < 0 || self->neighbor[i] >= (int64_t)self->width) return false;
    return self->start[0] == 0 && self->start[self->steps] == (int64_t)total;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *target = fc_blob_find(blob, "target", 'q', SIZE_MAX);
    const fc_blob_item *neighbor = fc_blob_find(blob, "neighbor", 'q', SIZE_MAX);
    if (!target || !neighbor || target->count >= INT32_MAX || shape->input_count != 2 ||
        shape->type == FC_PLAN_I32)
        return FC_EINVALID;
    for (int i = 0; i < 2; i++)
        if (shape->types[i] != shape->type || shape->widths[i] != shape->width) return FC_EINVALID;
    size_t steps = target->count, total = neighbor->count, width = shape->width;
    const fc_blob_item *start = fc_blob_find(blob, "start", 'q', steps + 1);
    const fc_blob_item *known = fc_blob_find(blob, "known", 'q', width);
    const fc_blob_item *coef = fc_blob_find(blob, "coef", 'd', total);
    const fc_blob_item *intercept = fc_blob_find(blob, "intercept", 'd', steps);
    const fc_blob_item *low = fc_blob_find(blob, "low", 'd', width);
    const fc_blob_item *high = fc_blob_find(blob, "high", 'd', width);
    const fc_blob_item *marker = fc_blob_find(blob, "marker", 'd', 1);
    if (!start || !known || !coef || !intercept || !low || !high) return FC_EINVALID;
    fc_iterate *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self || !(self->target = fc_blob_ints(arena, target)) ||
        !(self->start = fc_blob_ints(arena, start)) ||
        !(self->neighbor = fc_blob_ints(arena, neighbor)) ||
        !(self->known = fc_blob_ints(arena, known)) ||
        !(self->coef = fc_blob_doubles(arena, coef)) ||
        !(self->intercept = fc_blob_doubles(arena, intercept)) ||
        !(self->low = fc_blob_doubles(arena, low)) || !(self->high = fc_blob_doubles(arena, high)))
        return FC_ENOMEM;
    self->type = shape->type;
    self->width = width;
    self->steps = steps;
    self->marked = marker != NULL;
    if (marker) self->marker = *(const double *)marker->data;
    *state = self;
    return checked(self, total) ? FC_OK : FC_EINVALID;
}

#define FC_IS_MISSING(v) (self->marked ? (v) == marker : (v) != (v))

#define FC_ITERATE(value_type)                                                                     \
    do {                                                                                           \
        const value_type *x = inputs[0], *filled = inputs[1];                                      \
        value_type *y = out, marker = (value_type)self->marker;                                    \
        for (size_t r = 0; r < rows; r++, x += width, filled += width, y += width) {               \
            bool alone = width != 0;                                                               \
            for (size_t j = 0; j < width; j++) {                                                   \
                y[j] = filled[j];                                                                  \
                alone &= !self->known[j] && FC_IS_MISSING(x[j]);                                   \
            }                                                                                      \
            if (alone) return FC_EREFUSED;                                                         \
            for (size_t s = 0; s < self->steps; s++) {                                             \
                int64_t at = self->target[s];                                                      \
                if (self->known[at] || !FC_IS_MISSING(x[at])) continue;                            \
                double sum = 0;                                                                    \
                for (int64_t i = self->start[s]; i < self->start[s + 1]; i++)                      \
                    sum += (double)y[self->neighbor[i]] * self->coef[i];                           \
                sum += self->intercept[s];                                                         \
                sum = sum < self->low[at] ? self->low[at] : sum;                                   \
                sum = sum > self->high[at] ? self->high[at] : sum;                                 \
                y[at] = (value_type)sum;                                                           \
                if (y[at] - y[at] != 0) return FC_EREFUSED;                                        \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_iterate *self = state;
    size_t width = self->width;
    if (self->type == FC_PLAN_F64)
        FC_ITERATE(double);
    else
        FC_ITERATE(float);
    return FC_OK;
}

const fc_family fc_family_iterate = {.name = "iterate", .build = build, .run = run};
