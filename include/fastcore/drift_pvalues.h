/* Distributions of the statistics of drift: how probable a difference is by chance. */
#ifndef FASTCORE_DRIFT_PVALUES_H
#define FASTCORE_DRIFT_PVALUES_H

#include "fastcore/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The chi-squared distribution with df > 0 degrees of freedom: P(X > x), and the x for which that
 * is p. NaN for NaN and for arguments outside their range; 1 for x <= 0. */
double fc_chi2_sf(double x, double df);
double fc_chi2_isf(double p, double df);

/* P(Z > z) of the standard normal distribution. */
double fc_norm_sf(double z);

/* P(D >= d) of the two-sided Kolmogorov statistic of a sample of n against its distribution. */
double fc_kstwo_sf(double d, double n);

typedef enum fc_ks_method { FC_KS_AUTO = 0, FC_KS_EXACT, FC_KS_ASYMPTOTIC } fc_ks_method;

/* The p-value of a distance d between two empirical distribution functions, of n and of m values.
 * AUTO is exact up to 10,000 values in the larger sample. Exact takes n m steps at most (n = m:
 * n); d is then rounded to the nearest distance there can be, as *statistic. Where the numbers of
 * the exact method would not fit, the asymptotic one answers. NaN for NaN and for no values. */
fc_status fc_ks_pvalue(const fc_alloc *alloc, double d, int64_t n, int64_t m, fc_ks_method method,
                       double *statistic, double *p);
/* The same of the largest difference in one direction; asymptotically Hodges's formula 5.3. *exact:
 * whether the exact method answered, which it does not where the number of paths would be no double
 * (samples of different sizes, about 1,030 values together). */
fc_status fc_ks_one_sided(const fc_alloc *alloc, double d, int64_t n, int64_t m,
                          fc_ks_method method, double *statistic, double *p, bool *exact);

/* Fisher's exact test of the table {a, b, c, d} of whole numbers that sum to 1e12 at most, at least
 * one in each row and column: the probability, given the sums of rows and columns, of an a no
 * larger (alternative < 0), no smaller (> 0), or no more probable. Takes some 80 standard
 * deviations of a steps. */
double fc_fisher(const double table[4], int alternative);

#ifdef __cplusplus
}
#endif
#endif
