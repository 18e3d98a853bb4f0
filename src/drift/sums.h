/* The sums of a column, part by part: of quality.c, and for profile.c. */
#ifndef FASTCORE_DRIFT_SUMS_H
#define FASTCORE_DRIFT_SUMS_H

#include "fastcore/drift.h"

/* Value i of a column is added to lane i mod 8 at every level, whatever the width of its vectors.
 */
typedef struct fc_sums {
    double sum[8], squares[8], min[8], max[8];
    uint64_t finite, present;
} fc_sums;

void fc_sums_open(fc_sums *s);
/* Adds the finite ones of `n` values. Every part but the last has a multiple of 8. */
void fc_sums_add_f64(const double *values, size_t n, double shift, bool *finite, fc_sums *s);
void fc_sums_add_f32(const float *values, size_t n, double shift, bool *finite, fc_sums *s);
/* With all `n` values of the column. */
void fc_sums_close_f64(const fc_sums *s, const double *values, size_t n, fc_quality *out);
void fc_sums_close_f32(const fc_sums *s, const float *values, size_t n, fc_quality *out);

#endif
