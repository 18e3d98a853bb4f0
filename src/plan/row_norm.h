/* The norm of a sparse row, as scikit-learn has it: sums in double, one value after the other in
 * the order in which they are stored, and each value divided by the norm. */
#ifndef FC_PLAN_ROW_NORM_H
#define FC_PLAN_ROW_NORM_H

#include <math.h>

#include "fastcore/base.h"

typedef enum fc_norm { FC_NORM_NONE = 0, FC_NORM_L1, FC_NORM_L2, FC_NORM_MAX } fc_norm;

/* Divides the values of a row by their norm, unless that is zero. `single`: the matrix is float32,
 * whose squares are rounded to float before they are added, and whose values afterwards. */
static inline void fc_row_normalize(double *x, size_t count, fc_norm norm, bool single) {
    double sum = 0;
    if (norm == FC_NORM_L1)
        for (size_t i = 0; i < count; i++) sum += fabs(x[i]);
    else if (norm == FC_NORM_MAX)
        for (size_t i = 0; i < count; i++) sum = fabs(x[i]) > sum ? fabs(x[i]) : sum;
    else if (norm == FC_NORM_L2 && single)
        for (size_t i = 0; i < count; i++) sum += (double)((float)x[i] * (float)x[i]);
    else if (norm == FC_NORM_L2)
        for (size_t i = 0; i < count; i++) sum += x[i] * x[i];
    if (norm == FC_NORM_L2) sum = sqrt(sum);
    if (sum == 0) return;
    for (size_t i = 0; i < count; i++) x[i] = single ? (double)(float)(x[i] / sum) : x[i] / sum;
}

#endif
