/* Sums of a Gaussian kernel over all pairs of rows: what MMD is made of. */
#ifndef FASTCORE_DRIFT_VECTORS_H
#define FASTCORE_DRIFT_VECTORS_H

#include "fastcore/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Rows are taken in tiles of that many; each sample begins a tile of its own. */
enum { FC_RBF_TILE = 64 };

typedef struct fc_rbf {
    const double *first, *second; /* samples of n and m rows of d values, one row after the other */
    size_t n, m, d;
    double gamma; /* > 0, of exp(-gamma |a - b|^2) */
    /* Bit i of word t of a labelling says whether row 64 t + i belongs to its first sample. The
     * rows are those of `first`, filled up to whole tiles, then those of `second`; the bits of what
     * they are filled up with are 0. */
    const uint64_t *labels; /* [labellings][tiles]; NULL if there are none */
    size_t labellings;
    int threads;
} fc_rbf;

/* The tiles of n and m rows together. */
size_t fc_rbf_tiles(size_t n, size_t m);

/* sums: of the kernel over the pairs of different rows within the first sample, within the second
 * (each pair once), and between both. by_label: for each labelling the first two of these, in its
 * samples.
 *
 * Every value of the kernel is found once, in float32, and its relative error is about
 * 1e-7 (1 + gamma |a|^2), of either sign: rows should be near 0, and gamma |a|^2 below 16 or so.
 * Sums are taken in float64 in an order that depends on neither threads nor SIMD level. The values
 * are finite. FC_ENOMEM, or FC_EINVALID for sizes that overflow. */
fc_status fc_rbf_sums(const fc_alloc *alloc, const fc_rbf *task, double sums[3], double *by_label);

#ifdef __cplusplus
}
#endif
#endif
