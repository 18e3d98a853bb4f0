/* Counts in the gaps of a sorted set of points: from them the two-sample Kolmogorov-Smirnov
 * statistic follows exactly at the points, without sorting what is counted (the empirical
 * distribution functions jump nowhere else that matters: at a point, and between two of them).
 *
 * m points v[0] < ... < v[m-1] make 2m + 1 cells: cell 2i is the open gap before v[i] (cell 2m the
 * one behind the last), cell 2i + 1 is v[i] itself. NaN is in no cell. */
#ifndef FASTCORE_DRIFT_GAPS_H
#define FASTCORE_DRIFT_GAPS_H

#include "fastcore/base.h"

/* Immutable after fc_points_init; any thread may read it. */
typedef struct fc_points {
    const double *points; /* rising, finite, no two equal; NaN behind them */
    uint32_t count;
    /* A table of guesses over [points[0], points[count - 1]]: a value whose bucket is b lies
     * between the points start[b] and start[b + 1], because the bucket never falls as the value
     * rises. A look at the first points from there on is enough where the points are spread, and
     * there are never more steps of a binary search than without the table. */
    double low, scale;
    uint32_t buckets;
    const uint32_t *start; /* buckets + 1 */
} fc_points;

/* Copies `count` (0 is allowed) points into `arena`. FC_EINVALID unless they are finite and
 * rising; FC_ELIMIT for more than FC_POINTS_MAX. */
enum { FC_POINTS_MAX = 1 << 24 };
fc_status fc_points_init(fc_points *points, fc_arena *arena, const double *values, size_t count);

/* The bucket of a value. It rises with x; the comparisons are false for NaN, which is in the last
 * one. */
static inline int32_t fc_points_bucket(const fc_points *p, double x) {
    double at = (x - p->low) * p->scale, last = (double)(p->buckets - 1);
    at = at < last ? at : last;
    return (int32_t)(at > 0 ? at : 0);
}

/* The cell of `x`, which is not NaN. */
uint32_t fc_points_cell(const fc_points *points, double x);

/* Adds `n` values, of which NaN are passed over, to the 2 * count + 1 counts `cells`. */
void fc_points_count(const fc_points *points, const double *values, size_t n, uint64_t *cells);

/* The largest distance of two distribution functions, of n and m values in the cells of the same
 * points: taken at each point and at the end of each gap. */
double fc_cells_distance(const uint64_t *a, const uint64_t *b, size_t cells, uint64_t n,
                         uint64_t m);

/* Values that are infinite, of two samples: they lie in the first gap and in the last, but are
 * known to be equal to each other, and to no other. */
typedef struct fc_infinite {
    uint64_t a_below, b_below, a_above, b_above;
} fc_infinite;

/* The distance of the functions at -inf and short of +inf, where fc_cells_distance does not look.
 */
double fc_ends_distance(const fc_infinite *infinite, uint64_t n, uint64_t m);

/* What the counts in the cells of the same points tell of ranks. Values in one gap count as
 * different if all are of one sample, and as equal otherwise: u is exact if no gap has values of
 * both samples; ties and cvm, if besides no values in a gap are equal, as is certain if `apart`:
 * none has two. cvm is NaN for more than FC_RANKS_MAX values. */
typedef struct fc_cell_ranks {
    uint64_t n, m;
    double u, ties, cvm;
    bool apart;
} fc_cell_ranks;
void fc_cells_ranks(const uint64_t *a, const uint64_t *b, size_t cells, const fc_infinite *infinite,
                    fc_cell_ranks *out);
/* Their two-sided p-values, by the exact distributions where SciPy takes those. */
fc_status fc_cells_mannwhitney(const fc_alloc *alloc, const fc_cell_ranks *ranks, double *p);
fc_status fc_cells_cramer(const fc_alloc *alloc, const fc_cell_ranks *ranks, double *p);

/* Values [at, at + n) as doubles: where they are, or written to `room`, which has place for them.
 */
typedef const double *fc_points_source(void *ctx, size_t at, size_t n, double *room);
/* The same distance, of `count` values of which `missing` are NaN, from a reference of
 * `reference_count` values that was counted into cells, without counting all values into cells.
 * FC_EREFUSED if counting them is better; what it allocates is given back. */
fc_status fc_points_distance(const fc_points *points, const fc_alloc *alloc,
                             const uint64_t *reference, uint64_t reference_count,
                             fc_points_source *source, void *ctx, size_t count, uint64_t missing,
                             double *distance);

#endif
