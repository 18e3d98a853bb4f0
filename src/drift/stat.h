/* What each statistic of stats.def is given. */
#ifndef FASTCORE_DRIFT_STAT_H
#define FASTCORE_DRIFT_STAT_H

#include <math.h>

#include "fastcore/drift.h"

typedef struct fc_rows {
    const double *r, *c; /* counts or shares of the reference and the current data */
    size_t bins;
    /* Their sums, above 0, and what these were rounded by; of the rows times powers of 2, which are
     * 1 unless sums or products would be out of a double's range. */
    double n, m, n_low, m_low, scale_r, scale_c;
    const fc_stat_options *options;
} fc_rows;

/* What differs by less, relatively, is near: otherwise a difference has 14 right digits. */
#define FC_NEAR 0x1p-6

/* a b - c d, rounded about once (Dekker 1971; Kahan). */
static inline double fc_cross(double a, double b, double c, double d) {
    double cd = c * d;
    return fma(a, b, -cd) + fma(-c, d, cd);
}

/* A bin's shares of both rows, each count being `half` more, and c - r, which is found from the
 * counts where the shares are so near that their roundings would count. */
typedef struct fc_bin {
    double r, c, apart;
} fc_bin;

/* c n - r m of the scaled counts of a bin. */
static inline double fc_rows_cross(const fc_rows *s, double r, double c) {
    return fc_cross(c, s->n, r, s->m) + (c * s->n_low - r * s->m_low);
}

static inline fc_bin fc_rows_bin(const fc_rows *s, size_t i, double half) {
    double more_r = half * s->scale_r, more_c = half * s->scale_c, bins = (double)s->bins;
    double r = s->r[i] * s->scale_r + more_r, n = s->n + bins * more_r;
    double c = s->c[i] * s->scale_c + more_c, m = s->m + bins * more_c;
    fc_bin bin = {r / n, c / m, c / m - r / n};
    if (fabs(bin.apart) < FC_NEAR * bin.r)
        bin.apart = (fc_cross(c, n, r, m) + (c * s->n_low - r * s->m_low)) / (n * m);
    return bin;
}

/* x ln(x / y) - (x - y) for x >= 0, y > 0 and `apart` = x - y: at least 0, and accurate for x near
 * y. Over distributions the x - y add up to 0, so that these terms say what x ln(x / y) do. */
double fc_relative(double x, double y, double apart);

#define FC_STAT(name, tested)                                                                      \
    void fc_stat_##name(const fc_rows *rows, double *statistic, double *p);
#include "drift/stats.def"
#undef FC_STAT

#endif
