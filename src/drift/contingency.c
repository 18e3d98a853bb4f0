/* Tests of independence of the 2 x bins table, as scipy.stats.chi2_contingency.
 *
 * With n and m the sums of the rows r and c, N that of both, and x = r m - c n, a bin's counts
 * differ from what is expected, (r + c) n / N and (r + c) m / N, by x / N and -x / N. */
#include "drift/stat.h"
#include "fastcore/drift_pvalues.h"

/* What a bin of a row adds; `apart` is observed less expected. */
typedef double term(double observed, double expected, double apart);

/* Bins that are empty in both rows say nothing and are left out. */
static size_t used_bins(const fc_rows *rows) {
    size_t used = 0;
    for (size_t i = 0; i < rows->bins; i++) used += rows->r[i] + rows->c[i] > 0;
    return used;
}

static void test(const fc_rows *rows, term *of, double *statistic, double *p) {
    size_t used = used_bins(rows);
    double n = rows->n / rows->scale_r, m = rows->m / rows->scale_c, all = n + m, sum = 0;
    bool correct = used == 2 && rows->options->correction;
    for (size_t i = 0; used > 1 && i < rows->bins; i++) {
        double r = rows->r[i], c = rows->c[i];
        if (!(r + c > 0)) continue;
        double moved = 0, cross = fc_rows_cross(rows, r * rows->scale_r, c * rows->scale_c);
        double apart = cross / rows->scale_r / rows->scale_c / all;
        if (correct) { /* by at most 1/2 towards what is expected (Yates 1934) */
            moved = copysign(fmin(0.5, fabs(apart)), apart);
            apart -= moved;
        }
        sum +=
            of(r + moved, (r + c) * (n / all), -apart) + of(c - moved, (r + c) * (m / all), apart);
    }
    *statistic = sum;
    *p = used > 1 ? fc_chi2_sf(sum, (double)used - 1) : 1;
}

static double pearson(double observed, double expected, double apart) {
    (void)observed;
    return apart * apart / expected;
}

static double likelihood(double observed, double expected, double apart) {
    return 2 * fc_relative(observed, expected, apart);
}

void fc_stat_chi2(const fc_rows *rows, double *statistic, double *p) {
    test(rows, pearson, statistic, p);
}

void fc_stat_g_test(const fc_rows *rows, double *statistic, double *p) {
    test(rows, likelihood, statistic, p);
}
