/* KNNImputer: a missing cell becomes the mean of the nearest fitted rows that have it, in the
 * distance over the columns that both rows know, scaled up to all columns. scikit-learn takes
 * distances from a matrix product, with a rounding error that grows with the rows' lengths: what
 * lies nearer together than that (who is the k-th; for weights by distance, which distance is
 * nought) only the original can tell, and is refused. So is an infinity.
 * Parameters: fit (d, rows x width, NaN for missing), k (q, 1), distance (q, 1: weights 1/d), mean
 * (d, width: where no fitted row can be compared), valid (q, width: others become 0), marker (d, 1;
 * optional: else NaN is missing). */
#include <math.h>

#include "plan/family.h"

/* Neighbours and columns, at most: a row and its neighbours lie on the stack. */
enum { MOST = 64, WIDEST = 2048 };

typedef struct fc_neighbors {
    fc_plan_type type;
    size_t width, fitted, k;
    bool distance, marked;
    double marker, slack;
    const double *fit, *mean;
    const int64_t *valid;
} fc_neighbors;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *fit = fc_blob_find(blob, "fit", 'd', SIZE_MAX);
    const fc_blob_item *mean = fc_blob_find(blob, "mean", 'd', shape->width);
    const fc_blob_item *valid = fc_blob_find(blob, "valid", 'q', shape->width);
    const fc_blob_item *marker = fc_blob_find(blob, "marker", 'd', 1);
    int64_t k = fc_blob_flag(blob, "k", 0);
    if (!fit || !mean || !valid || k < 1 || k > MOST || !shape->width || shape->width > WIDEST ||
        shape->input_count != 1 || fit->count % shape->width || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_neighbors *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self || !(self->fit = fc_blob_doubles(arena, fit)) ||
        !(self->mean = fc_blob_doubles(arena, mean)) || !(self->valid = fc_blob_ints(arena, valid)))
        return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    self->fitted = fit->count / shape->width;
    self->k = (size_t)k;
    self->distance = fc_blob_flag(blob, "distance", 0) != 0;
    self->marked = marker != NULL;
    if (marker) self->marker = *(const double *)marker->data;
    self->slack = shape->type == FC_PLAN_F64 ? 1e-12 : 1e-4;
    *state = self;
    return FC_OK;
}

/* The nearest so far, in order; one more than are wanted, to see whether the last is certain. */
typedef struct fc_near {
    size_t count;
    double square[MOST + 1], length[MOST + 1], value[MOST + 1];
} fc_near;

static void insert(fc_near *near, size_t room, double square, double length, double value) {
    size_t at = near->count;
    if (at == room && !(square < near->square[at - 1])) return;
    if (at == room)
        at--;
    else
        near->count++;
    for (; at && square < near->square[at - 1]; at--) {
        near->square[at] = near->square[at - 1];
        near->length[at] = near->length[at - 1];
        near->value[at] = near->value[at - 1];
    }
    near->square[at] = square;
    near->length[at] = length;
    near->value[at] = value;
}

/* The squared distance over the columns that both know, scaled to all; NaN if there are none.
 * `length` is what its rounding error is proportional to: the original adds the squares of all
 * columns, and takes those away again that only one of both knows. */
static double compare(const double *restrict x, const double *restrict y, size_t width,
                      double *length) {
    double square = 0, sum = 0;
    size_t shared = 0;
    for (size_t j = 0; j < width; j++) {
        bool both = x[j] == x[j] && y[j] == y[j];
        double gap = both ? x[j] - y[j] : 0;
        square += gap * gap;
        sum += (x[j] == x[j] ? x[j] * x[j] : 0) + (y[j] == y[j] ? y[j] * y[j] : 0);
        shared += both;
    }
    if (!shared) return (double)NAN;
    double scale = (double)width / (double)shared;
    *length = sum * scale;
    return square * scale;
}

/* The value of column j of the row x; false if only the original can tell. */
static bool impute(const fc_neighbors *self, const double *x, size_t j, double *out) {
    fc_near near = {0};
    size_t donors = 0;
    double longest = 0;
    for (size_t i = 0; i < self->fitted; i++) {
        const double *y = self->fit + i * self->width;
        if (y[j] != y[j]) continue;
        donors++;
        double length = 0, square = compare(x, y, self->width, &length);
        if (square != square) continue;
        if (length > longest) longest = length;
        insert(&near, self->k + 1, square, length, y[j]);
    }
    if (!donors || longest - longest != 0) return false; /* squares that overflow */
    if (!near.count) {
        *out = self->mean[j];
        return true;
    }
    size_t k = near.count < self->k ? near.count : self->k;
    if (near.count > k && near.square[k] - near.square[k - 1] <= self->slack * longest)
        return false;
    double sum = 0, weights = 0;
    for (size_t i = 0; i < k; i++) {
        double weight = 1;
        if (self->distance) {
            if (near.square[i] <= 1e-3 * near.length[i]) return false;
            weight = 1 / sqrt(near.square[i]);
        }
        sum += near.value[i] * weight;
        weights += weight;
    }
    *out = sum / weights;
    return true;
}

#define FC_NEIGHBORS(value_type, x)                                                                \
    do {                                                                                           \
        value_type *y = (value_type *)out + r * width, marker = (value_type)self->marker;          \
        for (size_t j = 0; j < width; j++) {                                                       \
            value_type v = (x)[r * width + j];                                                     \
            bool missing = self->marked ? v == marker : v != v;                                    \
            if (!missing && v - v != 0) return FC_EREFUSED;                                        \
            row[j] = missing ? (double)NAN : (double)v;                                            \
        }                                                                                          \
        for (size_t j = 0; j < width; j++) {                                                       \
            double made = row[j];                                                                  \
            if (!self->valid[j])                                                                   \
                made = 0;                                                                          \
            else if (made != made && !impute(self, row, j, &made))                                 \
                return FC_EREFUSED;                                                                \
            y[j] = (value_type)made;                                                               \
        }                                                                                          \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_neighbors *self = state;
    size_t width = self->width;
    double row[WIDEST];
    for (size_t r = 0; r < rows; r++) {
        if (self->type == FC_PLAN_F64)
            FC_NEIGHBORS(double, (const double *)inputs[0]);
        else
            FC_NEIGHBORS(float, (const float *)inputs[0]);
    }
    return FC_OK;
}

const fc_family fc_family_neighbors = {.name = "neighbors", .build = build, .run = run};
