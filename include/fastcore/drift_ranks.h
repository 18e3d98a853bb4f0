/* Statistics of two samples that one pass over the sorted, pooled values gives, and how probable
 * they are by chance. */
#ifndef FASTCORE_DRIFT_RANKS_H
#define FASTCORE_DRIFT_RANKS_H

#include "fastcore/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What to compute; flags that are added. */
enum {
    FC_RANK_KS = 1,             /* distances of the distribution functions, upwards and downwards */
    FC_RANK_MWU = 2,            /* Mann and Whitney's U of the first sample; with it, the ties */
    FC_RANK_CVM = 4,            /* Cramer-von Mises's T, midranks */
    FC_RANK_AD = 8,             /* Anderson and Darling's A^2 for two samples, midranks */
    FC_RANK_AD_RIGHT = 16,      /* the same, right-continuous distribution functions */
    FC_RANK_AD_CONTINUOUS = 32, /* the same, the formula without ties, which there may be */
    FC_RANK_W1 = 64,            /* integral of |F - G| */
    FC_RANK_ENERGY = 128,       /* root of twice the integral of (F - G)^2 */
    FC_RANK_BWS = 256,          /* Baumgartner, Weiss and Schindler's B */
    FC_RANK_BWS_SIGNED = 512,   /* its one-sided form */
    FC_RANK_T = 1024,           /* Student's t, equal variances */
    FC_RANK_T_WELCH = 2048
};

typedef struct fc_ranks {
    double above, below; /* sup(F - G), sup(G - F), both at least 0 */
    double u, ties;      /* ties: the sum of t^3 - t over the groups of t equal values */
    double cvm, ad, w1, energy, bws, t;
} fc_ranks;

/* Up to so many values in both samples together: what is counted exactly fits into 128 bits. */
#define FC_RANKS_MAX ((size_t)1 << 28)

/* Compares x (n values) with y (m values), both rising and without NaN (infinities are values like
 * others, but W1, ENERGY and T are then undefined). FC_ELIMIT for more than FC_RANKS_MAX values,
 * FC_EINVALID for n or m 0 or for values that fall. What is not in `want` is left unset. KS, U and
 * T are correctly rounded quotients of integers. AD and AD_RIGHT, BWS and BWS_SIGNED, T and
 * T_WELCH share a place: ask for one of them. */
fc_status fc_ranks_compare(const fc_alloc *alloc, const double *x, size_t n, const double *y,
                           size_t m, unsigned want, fc_ranks *out);

/* Labels over the pooled values: `groups` distinct values in rising order, of which group g has
 * sizes[g] >= 1 members; value i of the total (in any order) is in group group[i]. */
typedef struct fc_pool {
    const double *values; /* of each group */
    const uint32_t *sizes;
    size_t groups;
    const uint32_t *group;
    size_t total;
} fc_pool;

/* The statistics of each of `count` choices of n of the pooled values as the first sample: choice k
 * is chosen[k * n], ..., different numbers below `total`; out[k] is what fc_ranks_compare would
 * say. FC_EINVALID for a number out of range or chosen twice. */
fc_status fc_ranks_permuted(const fc_alloc *alloc, const fc_pool *pool, size_t n,
                            const int64_t *chosen, size_t count, unsigned want, fc_ranks *out);

/* ---- Distributions ------------------------------------------------------------------------ */

/* P(U >= u) of Mann and Whitney's U without ties. FC_ELIMIT where the counts would take more than
 * FC_EXACT_MAX places. */
enum { FC_EXACT_MAX = 1 << 25 };
fc_status fc_mannwhitney_sf(const fc_alloc *alloc, uint64_t u, uint64_t n, uint64_t m, double *p);

/* The same for large samples; `ties` is the sum of t^3 - t over the groups of t equal values,
 * `continuity` is taken from u. NaN where all values are equal and u is what it then must be. */
double fc_mannwhitney_limit_sf(double u, double ties, double n, double m, double continuity);

/* P(T >= t) of Cramer and von Mises's T for samples of n and m without ties. FC_ELIMIT as above. */
fc_status fc_cramer_exact_sf(const fc_alloc *alloc, double t, uint64_t n, uint64_t m, double *p);
/* P(T <= t) in the limit of large samples; and P(T >= t) for large samples of n and m, by that
 * limit and the mean and the variance of T. */
double fc_cramer_limit_cdf(double t);
double fc_cramer_limit_sf(double t, double n, double m);

/* P(T > t) of Student's distribution with df > 0 degrees of freedom. */
double fc_student_sf(double t, double df);

/* The variance of Anderson and Darling's A^2 of two samples, n + m > 3. */
double fc_anderson_variance(uint64_t n, uint64_t m);

#ifdef __cplusplus
}
#endif
#endif
