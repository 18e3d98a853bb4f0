/* Tests of independence of the 2 x bins table, as scipy.stats.chi2_contingency. */
#include <math.h>

#include "drift/stat.h"
#include "fastcore/drift_pvalues.h"

/* Bins that are empty in both rows say nothing and are left out. */
static size_t used_bins(const fc_rows *rows) {
    size_t used = 0;
    for (size_t i = 0; i < rows->bins; i++) used += rows->r[i] + rows->c[i] > 0;
    return used;
}

/* An observation moved by at most 1/2 towards what is expected (Yates 1934). */
static double corrected(double observed, double expected) {
    double d = expected - observed;
    return observed + copysign(fmin(0.5, fabs(d)), d);
}

static void test(const fc_rows *rows, double (*term)(double observed, double expected),
                 double *statistic, double *p) {
    size_t used = used_bins(rows);
    double all = rows->n + rows->m, sum = 0;
    bool correct = used == 2 && rows->options->correction;
    for (size_t i = 0; i < rows->bins; i++) {
        double both = rows->r[i] + rows->c[i];
        if (!(both > 0)) continue;
        double er = both * rows->n / all, ec = both * rows->m / all;
        sum += term(correct ? corrected(rows->r[i], er) : rows->r[i], er) +
               term(correct ? corrected(rows->c[i], ec) : rows->c[i], ec);
    }
    *statistic = sum;
    *p = used > 1 ? fc_chi2_sf(sum, (double)used - 1) : 1;
}

static double pearson(double observed, double expected) {
    return (observed - expected) * (observed - expected) / expected;
}

static double likelihood(double observed, double expected) {
    return observed > 0 ? 2 * observed * log(observed / expected) : 0;
}

void fc_stat_chi2(const fc_rows *rows, double *statistic, double *p) {
    test(rows, pearson, statistic, p);
}

void fc_stat_g_test(const fc_rows *rows, double *statistic, double *p) {
    test(rows, likelihood, statistic, p);
}
