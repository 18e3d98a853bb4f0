/* Statistics of drift: counting values into bins, and comparing two rows of counts. */
#ifndef FASTCORE_DRIFT_H
#define FASTCORE_DRIFT_H

#include "fastcore/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Bins --------------------------------------------------------------------------------- */

/* counts[i] += how many of the n values are >= edges[i], without forming an index: for few edges
 * (FC_FEW_EDGES or less) the quickest way to a histogram. NaN is below every edge. All SIMD levels
 * agree, as these are integers. */
enum { FC_FEW_EDGES = 32 };
void fc_at_least_f64(const double *values, size_t n, const double *edges, size_t edge_count,
                     uint64_t *counts);
void fc_at_least_f32(const float *values, size_t n, const float *edges, size_t edge_count,
                     uint64_t *counts);
/* For float32 values, x >= edges[i] is, exactly, x >= out[i]: the least float32 that reaches it. */
void fc_edges_f32(const double *edges, size_t edge_count, float *out);

/* How many of the values are no NaN. */
uint64_t fc_present_f64(const double *values, size_t n);
uint64_t fc_present_f32(const float *values, size_t n);

/* Up to FC_FEW_EDGES rising edges, made ready for counting (drift/bins.c says how). Of float64
 * values, or of float32. Immutable afterwards; any thread may read it. */
enum { FC_BUCKETS_F64 = 16, FC_BUCKETS_F32 = 32 };
typedef struct fc_bins_f64 {
    uint32_t count;
    uint32_t crowd; /* the most edges in a bucket, 1 or 2; 0: not put into buckets */
    double edges[FC_FEW_EDGES];
    double scale, offset;
    double in_bucket[2][FC_BUCKETS_F64]; /* its edges; NaN where there is none */
    uint64_t step[FC_BUCKETS_F64];
} fc_bins_f64;
typedef struct fc_bins_f32 {
    uint32_t count, crowd;
    float edges[FC_FEW_EDGES]; /* those of fc_edges_f32 */
    float scale, offset;
    float in_bucket[1][FC_BUCKETS_F32];
    uint32_t step[FC_BUCKETS_F32];
} fc_bins_f32;
void fc_bins_init_f64(fc_bins_f64 *bins, const double *edges, size_t edge_count);
void fc_bins_init_f32(fc_bins_f32 *bins, const double *edges, size_t edge_count);
/* As fc_at_least_f64 and fc_at_least_f32. */
void fc_bins_count_f64(const fc_bins_f64 *bins, const double *values, size_t n, uint64_t *counts);
void fc_bins_count_f32(const fc_bins_f32 *bins, const float *values, size_t n, uint64_t *counts);

/* What one pass tells of a column besides. Sums and extremes are over the finite values. */
typedef struct fc_quality {
    uint64_t missing; /* NaN */
    uint64_t pos_inf, neg_inf;
    double sum, squares; /* of (x - shift) and (x - shift)^2 */
    double min, max;     /* +inf and -inf if there is no finite value */
} fc_quality;

/* Value i goes to lane i mod 8; the lanes are added as ((0+4)+(2+6)) + ((1+5)+(3+7)): the same bits
 * at every SIMD level. *finite: expect no NaN and no infinity, which is quicker; it is false
 * afterwards if there was one, and goes on to the next part of the same column. */
void fc_quality_f64(const double *values, size_t n, double shift, bool *finite, fc_quality *out);
void fc_quality_f32(const float *values, size_t n, double shift, bool *finite, fc_quality *out);
/* Both in one pass: fc_bins_count_f64 and fc_quality_f64, and the like of float32. */
void fc_profile_f64(const fc_bins_f64 *bins, const double *values, size_t n, double shift,
                    bool *finite, fc_quality *out, uint64_t *counts);
void fc_profile_f32(const fc_bins_f32 *bins, const float *values, size_t n, double shift,
                    bool *finite, fc_quality *out, uint64_t *counts);

/* ---- Two rows of counts ------------------------------------------------------------------- */

typedef struct fc_stat_options {
    double base; /* of logarithms; 0: natural */
    double eps;  /* psi: the least share of a bin; NaN: (count + 1/2) / (n + bins / 2) instead */
    bool correction; /* chi2, g_test: Yates's, for two bins */
} fc_stat_options;

/* Compares reference and current over `bins` bins; counts or shares, finite and not negative.
 * Names are those of stats.def. *p is NaN for a statistic without p-value, and both are NaN if one
 * row sums to zero. FC_EINVALID for an unknown name. */
fc_status fc_stat(const char *name, const double *reference, const double *current, size_t bins,
                  const fc_stat_options *options, double *statistic, double *p);
/* Whether a statistic has a p-value at all. */
bool fc_stat_has_pvalue(const char *name);
/* Name i of stats.def, NULL behind the last. */
const char *fc_stat_name(size_t i);

#ifdef __cplusplus
}
#endif
#endif
