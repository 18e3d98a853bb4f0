/* Divergences of two distributions over bins. */
#include <math.h>

#include "drift/stat.h"
#include "fastcore/drift_pvalues.h"

static double in_base(double value, double base) { return base > 0 ? value / log(base) : value; }

/* x ln(x / y), its limit 0 at x = 0, inf at y = 0 < x (scipy.special.rel_entr). */
static double relative(double x, double y) {
    return x > 0 ? (y > 0 ? x * log(x / y) : INFINITY) : 0;
}

/* Sum of (c - r) ln(c / r): the sum of both Kullback-Leibler divergences (Jeffreys 1946). Empty
 * bins decide its value: with half an observation more in each bin it is defined, and has its
 * distribution: without drift PSI / (1/n + 1/m) is chi-squared with bins - 1 degrees (Yurdakul
 * 2018). With `eps` no share is below that. */
void fc_stat_psi(const fc_rows *rows, double *statistic, double *p) {
    double eps = rows->options->eps, half = (double)rows->bins / 2, sum = 0;
    for (size_t i = 0; i < rows->bins; i++) {
        double r, c;
        if (isnan(eps)) {
            r = (rows->r[i] + 0.5) / (rows->n + half);
            c = (rows->c[i] + 0.5) / (rows->m + half);
        } else {
            r = fmax(rows->r[i] / rows->n, eps);
            c = fmax(rows->c[i] / rows->m, eps);
        }
        if (r != c) sum += (c - r) * log(c / r); /* also where both are 0 */
    }
    *statistic = sum;
    if (rows->bins > 1) *p = fc_chi2_sf(sum / (1 / rows->n + 1 / rows->m), (double)rows->bins - 1);
}

/* The distance, the root of the divergence (Lin 1991), as scipy.spatial.distance.jensenshannon. */
void fc_stat_jensenshannon(const fc_rows *rows, double *statistic, double *p) {
    double left = 0, right = 0;
    for (size_t i = 0; i < rows->bins; i++) {
        double r = rows->r[i] / rows->n, c = rows->c[i] / rows->m, middle = (r + c) / 2;
        left += relative(r, middle);
        right += relative(c, middle);
    }
    (void)p;
    *statistic = sqrt(fmax(in_base(left + right, rows->options->base), 0) / 2);
}

/* Of the reference from the current data, as scipy.stats.entropy(reference, current). */
void fc_stat_kl_divergence(const fc_rows *rows, double *statistic, double *p) {
    double sum = 0;
    for (size_t i = 0; i < rows->bins; i++)
        sum += relative(rows->r[i] / rows->n, rows->c[i] / rows->m);
    (void)p;
    *statistic = in_base(sum, rows->options->base);
}

/* sqrt(1 - sum sqrt(r c)), written as a sum of squares: no cancellation for close rows. */
void fc_stat_hellinger(const fc_rows *rows, double *statistic, double *p) {
    double sum = 0;
    for (size_t i = 0; i < rows->bins; i++) {
        double d = sqrt(rows->r[i] / rows->n) - sqrt(rows->c[i] / rows->m);
        sum += d * d;
    }
    (void)p;
    *statistic = sqrt(sum / 2);
}

void fc_stat_total_variation(const fc_rows *rows, double *statistic, double *p) {
    double sum = 0;
    for (size_t i = 0; i < rows->bins; i++)
        sum += fabs(rows->r[i] / rows->n - rows->c[i] / rows->m);
    (void)p;
    *statistic = sum / 2;
}

void fc_stat_linf(const fc_rows *rows, double *statistic, double *p) {
    double most = 0;
    for (size_t i = 0; i < rows->bins; i++)
        most = fmax(most, fabs(rows->r[i] / rows->n - rows->c[i] / rows->m));
    (void)p;
    *statistic = most;
}
