/* Divergences of two distributions over bins. */
#include "drift/stat.h"
#include "fastcore/drift_pvalues.h"

static double in_base(double value, double base) { return base > 0 ? value / log(base) : value; }

/* Sum of (c - r) ln(c / r): the sum of both Kullback-Leibler divergences (Jeffreys 1946). Empty
 * bins decide its value: with half an observation more in each bin it is defined, and has its
 * distribution: without drift PSI / (1/n + 1/m) is chi-squared with bins - 1 degrees (Yurdakul
 * 2018). With `eps` no share is below that. */
void fc_stat_psi(const fc_rows *rows, double *statistic, double *p) {
    double eps = rows->options->eps, sum = 0;
    for (size_t i = 0; i < rows->bins; i++) {
        fc_bin b = fc_rows_bin(rows, i, isnan(eps) ? 0.5 : 0);
        if (b.r < eps || b.c < eps) {
            b.r = fmax(b.r, eps), b.c = fmax(b.c, eps);
            b.apart = b.c - b.r;
        }
        if (b.apart == 0) continue; /* also where both are 0 */
        double u = b.apart / b.r;
        sum += b.apart * (fabs(u) < FC_NEAR ? log1p(u) : log(b.c / b.r));
    }
    *statistic = sum;
    double n = rows->n / rows->scale_r, m = rows->m / rows->scale_c;
    if (rows->bins > 1) *p = fc_chi2_sf(sum / (1 / n + 1 / m), (double)rows->bins - 1);
}

/* (1 + d) ln(1 + d) + (1 - d) ln(1 - d), which is d^2 + d^4/6 + ... + d^2k / (k (2k - 1)) + ... */
static double spread(double d) {
    static const double parts[] = {1 / 120., 1 / 91., 1 / 66., 1 / 45.,
                                   1 / 28.,  1 / 15., 1 / 6.,  1.};
    double square = d * d, sum = 0;
    if (square > 0.01) return (1 + d) * log(1 + d) + (1 - d) * log(1 - d);
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) sum = (sum + parts[k]) * square;
    return sum;
}

/* The distance, the root of the divergence (Lin 1991), as scipy.spatial.distance.jensenshannon. */
void fc_stat_jensenshannon(const fc_rows *rows, double *statistic, double *p) {
    double sum = 0;
    for (size_t i = 0; i < rows->bins; i++) {
        fc_bin b = fc_rows_bin(rows, i, 0);
        double both = b.r + b.c, d = b.apart / both;
        if (both > 0) sum += both / 2 * (fabs(d) < 1 ? spread(d) : 2 * log(2));
    }
    (void)p;
    *statistic = sqrt(fmax(in_base(sum, rows->options->base), 0) / 2);
}

/* Of the reference from the current data, as scipy.stats.entropy(reference, current). Terms as in
 * fc_relative: none is negative, and none cancel. */
void fc_stat_kl_divergence(const fc_rows *rows, double *statistic, double *p) {
    double sum = 0;
    for (size_t i = 0; i < rows->bins; i++) {
        fc_bin b = fc_rows_bin(rows, i, 0);
        sum += b.c > 0 ? fc_relative(b.r, b.c, -b.apart) : b.r > 0 ? INFINITY : 0;
    }
    (void)p;
    *statistic = in_base(sum, rows->options->base);
}

/* sqrt(1 - sum sqrt(r c)), written as a sum of squares: no cancellation for close rows. */
void fc_stat_hellinger(const fc_rows *rows, double *statistic, double *p) {
    double sum = 0;
    for (size_t i = 0; i < rows->bins; i++) {
        fc_bin b = fc_rows_bin(rows, i, 0);
        double roots = sqrt(b.r) + sqrt(b.c), d = roots > 0 ? b.apart / roots : 0;
        sum += d * d;
    }
    (void)p;
    *statistic = sqrt(sum / 2);
}

void fc_stat_total_variation(const fc_rows *rows, double *statistic, double *p) {
    double sum = 0;
    for (size_t i = 0; i < rows->bins; i++) sum += fabs(fc_rows_bin(rows, i, 0).apart);
    (void)p;
    *statistic = sum / 2;
}

void fc_stat_linf(const fc_rows *rows, double *statistic, double *p) {
    double most = 0;
    for (size_t i = 0; i < rows->bins; i++) most = fmax(most, fabs(fc_rows_bin(rows, i, 0).apart));
    (void)p;
    *statistic = most;
}
