/* KBinsDiscretizer: the number of inner bin edges that are <= x, compared in double. Values below
 * the first and above the last edge fall in the end bins. NaN and infinities are refused.
 *
 * To float panels the index is written as it is; to I32 panels with the column's offset added: the
 * column of the one-hot output that gets the 1.
 * Parameters: edges (d, all columns' inner edges in a row, ascending), counts (q, width), offsets
 * (q, width; for I32 output). */
#include "plan/family.h"

/* With at most so many edges they are all counted, without branches and many values at once;
 * a binary search does the rest. */
enum { FC_BINS_COUNTED = 16 };

typedef struct fc_bins {
    fc_plan_type from, type;
    size_t width, most; /* most: edges of the column that has most */
    const double **columns;
    const int64_t *counts;
    const double *offsets;             /* 0 for float output */
    fc_tile tile[FC_BINS_COUNTED + 1]; /* tile[k]: every column's edge k, infinity behind the last;
                                          the one behind all edges: the offsets */
} fc_bins;

static fc_status tile_edges(fc_arena *arena, fc_bins *self, uint32_t width) {
    double *edges = fc_arena_zeros(arena, (size_t)width + 1, sizeof *edges);
    if (!edges) return FC_ENOMEM;
    for (size_t k = 0; k < self->most; k++) {
        for (uint32_t j = 0; j < width; j++)
            edges[j] = k < (size_t)self->counts[j] ? self->columns[j][k] : (double)__builtin_inf();
        FC_TRY(fc_tile_make(arena, edges, width, &self->tile[k]));
    }
    return fc_tile_make(arena, self->offsets, width, &self->tile[self->most]);
}

static fc_status split(fc_arena *arena, fc_bins *self, const fc_blob_item *edges) {
    const double *all = fc_blob_doubles(arena, edges);
    const double **columns = fc_arena_zeros(arena, self->width + 1, sizeof *columns);
    if (!all || !columns) return FC_ENOMEM;
    size_t left = edges->count;
    for (size_t j = 0; j < self->width; j++) {
        int64_t count = self->counts[j];
        if (count < 0 || count >= INT32_MAX || (size_t)count > left) return FC_EINVALID;
        columns[j] = all;
        all += count;
        left -= (size_t)count;
        if ((size_t)count > self->most) self->most = (size_t)count;
    }
    self->columns = columns;
    return FC_OK;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *edges = fc_blob_find(blob, "edges", 'd', SIZE_MAX);
    const fc_blob_item *counts = fc_blob_find(blob, "counts", 'q', shape->width);
    const fc_blob_item *offsets = fc_blob_find(blob, "offsets", 'q', shape->width);
    if (!edges || !counts || shape->input_count != 1 || shape->types[0] == FC_PLAN_I32 ||
        shape->widths[0] != shape->width)
        return FC_EINVALID;
    if ((shape->type == FC_PLAN_I32) != (offsets != NULL)) return FC_EINVALID;
    if (shape->type != FC_PLAN_I32 && shape->type != shape->types[0]) return FC_EINVALID;
    fc_bins *self = fc_arena_zeros(arena, 1, sizeof *self);
    double *starts = fc_arena_zeros(arena, (size_t)shape->width + 1, sizeof *starts);
    if (!self || !starts || !(self->counts = fc_blob_ints(arena, counts))) return FC_ENOMEM;
    for (uint32_t j = 0; offsets && j < shape->width; j++) {
        int64_t start = ((const int64_t *)offsets->data)[j];
        if (start < 0 || start > INT32_MAX / 2) return FC_EINVALID;
        starts[j] = (double)start;
    }
    self->from = shape->types[0];
    self->type = shape->type;
    self->width = shape->width;
    self->offsets = starts;
    *state = self;
    FC_TRY(split(arena, self, edges));
    return self->most <= FC_BINS_COUNTED ? tile_edges(arena, self, shape->width) : FC_OK;
}

/* Counts edges; the sums are of whole numbers below 2^31, so doubles (and the casts) are exact. */
#define FC_COUNT(from_type, to_type)                                                               \
    do {                                                                                           \
        const from_type *restrict x = in;                                                          \
        to_type *restrict y = out;                                                                 \
        FC_TILE_LOOP(total, self->tile[0].period, at, n)                                           \
        for (size_t i = 0; i < n; i += FC_BINS_LANES) {                                            \
            size_t lanes = n - i < FC_BINS_LANES ? n - i : FC_BINS_LANES;                          \
            if (lanes < FC_BINS_LANES) {                                                           \
                for (size_t l = 0; l < lanes; l++) {                                               \
                    double v = (double)x[at + i + l], sum = self->tile[most].d[i + l];             \
                    bad |= fc_wild64(v);                                                           \
                    for (size_t k = 0; k < most; k++) sum += v >= self->tile[k].d[i + l] ? 1 : 0;  \
                    y[at + i + l] = (to_type)sum;                                                  \
                }                                                                                  \
                continue;                                                                          \
            }                                                                                      \
            double v[FC_BINS_LANES], sum[FC_BINS_LANES];                                           \
            for (size_t l = 0; l < FC_BINS_LANES; l++) {                                           \
                v[l] = (double)x[at + i + l];                                                      \
                sum[l] = self->tile[most].d[i + l];                                                \
                bad |= fc_wild64(v[l]);                                                            \
            }                                                                                      \
            for (size_t k = 0; k < most; k++) {                                                    \
                const double *restrict edge = self->tile[k].d + i;                                 \
                for (size_t l = 0; l < FC_BINS_LANES; l++) sum[l] += v[l] >= edge[l] ? 1 : 0;      \
            }                                                                                      \
            for (size_t l = 0; l < FC_BINS_LANES; l++) y[at + i + l] = (to_type)sum[l];            \
        }                                                                                          \
    } while (0)

enum { FC_BINS_LANES = 16 };

FC_BODY bool counted_body(const fc_bins *self, const void *in, void *out, size_t total) {
    size_t most = self->most;
    int64_t bad = 0;
    if (self->from == FC_PLAN_F64 && self->type == FC_PLAN_I32)
        FC_COUNT(double, int32_t);
    else if (self->from == FC_PLAN_F64)
        FC_COUNT(double, double);
    else if (self->type == FC_PLAN_I32)
        FC_COUNT(float, int32_t);
    else
        FC_COUNT(float, float);
    return bad == 0;
}
FC_SIMD_FORMS(bool, counted, (const fc_bins *self, const void *in, void *out, size_t total),
              (self, in, out, total))

/* How many of the ascending edges are <= x, halving without branches. */
static size_t below(const double *edges, size_t count, double x) {
    const double *base = edges;
    for (size_t n = count; n > 0;) {
        size_t half = (n + 1) / 2;
        base += base[half - 1] <= x ? half : 0;
        n -= half;
    }
    return (size_t)(base - edges);
}

static bool searched(const fc_bins *self, const void *in, void *out, size_t rows) {
    int64_t bad = 0;
    size_t at = 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < self->width; j++, at++) {
            double x = self->from == FC_PLAN_F64 ? ((const double *)in)[at]
                                                 : (double)((const float *)in)[at];
            bad |= fc_wild64(x);
            size_t index = below(self->columns[j], (size_t)self->counts[j], x);
            if (self->type == FC_PLAN_I32)
                ((int32_t *)out)[at] = (int32_t)index + (int32_t)self->offsets[j];
            else if (self->type == FC_PLAN_F64)
                ((double *)out)[at] = (double)index;
            else
                ((float *)out)[at] = (float)index;
        }
    return bad == 0;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_bins *self = state;
    bool good = self->most <= FC_BINS_COUNTED ? counted(self, inputs[0], out, rows * self->width)
                                              : searched(self, inputs[0], out, rows);
    return good ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_discretize = {.name = "discretize", .build = build, .run = run};
