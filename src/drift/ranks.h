/* The pass over pooled values in rising order, a block of groups of equal values at a time. */
#ifndef FASTCORE_DRIFT_RANKS_H_
#define FASTCORE_DRIFT_RANKS_H_

#include "fastcore/drift_ranks.h"

__extension__ typedef __int128 fc_ranks_i128;

/* What is known before the pass, and sums over the groups so far. */
typedef struct fc_rank_sums {
    uint64_t n, m;
    unsigned want;
    const double *weight_x, *weight_y; /* BWS: of each rank, and one more; NULL otherwise */
    uint64_t i, j;                     /* values of the first and second sample so far */
    double last;                       /* the value of the group before */
    int64_t above, below;              /* of i m - j n */
    uint64_t u;                        /* twice U */
    double ties;
    fc_ranks_i128 squares_x, squares_y; /* 4 sum (rank - index)^2 */
    double ad, w1, energy, bws_x, bws_y;
} fc_rank_sums;

enum { FC_RANK_BLOCK = 512 };

/* Begins with all sums 0. */
void fc_rank_begin(fc_rank_sums *s, uint64_t n, uint64_t m, unsigned want);
/* Adds `count` groups: value v[g] occurs a[g] times in the first sample and b[g] in the second. */
void fc_rank_add(fc_rank_sums *s, const double *v, const uint32_t *a, const uint32_t *b,
                 size_t count);
void fc_rank_end(const fc_rank_sums *s, fc_ranks *out);

/* T: values v[g], each times[g] times (NULL: once). */
typedef struct fc_rank_part {
    const double *values;
    const uint32_t *times;
    size_t count;
} fc_rank_part;
/* Student's t of samples of `of_x` and `of_y` values. */
double fc_rank_student(const fc_rank_part *x, const fc_rank_part *y, uint64_t of_x, uint64_t of_y,
                       bool welch);

/* BWS: fills 1 / (k / (n + 1) (1 - k / (n + 1)) m (n + m) / n) for k = 1 ... n, at [0, n), the same
 * of the other sample behind it, and a 0 at n + m. */
void fc_rank_weights(double *weights, uint64_t n, uint64_t m);

#endif
