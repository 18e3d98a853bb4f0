/* What each statistic of stats.def is given. */
#ifndef FASTCORE_DRIFT_STAT_H
#define FASTCORE_DRIFT_STAT_H

#include "fastcore/drift.h"

typedef struct fc_rows {
    const double *r, *c; /* counts or shares of the reference and the current data */
    size_t bins;
    double n, m; /* their sums, above 0 */
    const fc_stat_options *options;
} fc_rows;

#define FC_STAT(name, tested)                                                                      \
    void fc_stat_##name(const fc_rows *rows, double *statistic, double *p);
#include "drift/stats.def"
#undef FC_STAT

#endif
