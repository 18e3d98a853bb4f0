/* The two-sample Kolmogorov-Smirnov test: its exact and its asymptotic p-value. */
#include <math.h>

#include "fastcore/drift_pvalues.h"

enum { MAX_EXACT = 10000 }; /* of the larger sample, for the exact method by itself */

static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* P(D >= h / n), both samples of n: 2 sum_k (-1)^(k+1) C(2n, n - kh) / C(2n, n), innermost first
 * (Gnedenko and Korolyuk 1951), each ratio as a product of ratios. */
static double same_size(int64_t n, int64_t h) {
    double p = 0;
    for (int64_t k = n / h; k >= 1; k--) {
        double ratio = 1; /* of term k to term k - 1 */
        for (int64_t j = 0; j < h; j++)
            ratio *= (double)(n - k * h + j + 1) / (double)(n + k * h - j);
        p = ratio * (1 - p);
    }
    return 2 * p;
}

/* `count` cells of the antidiagonal s, from i on, out of those of the one before. */
static void next_diagonal(const double *restrict left, const double *restrict below,
                          double *restrict cells, int32_t count, double i, double s) {
    for (int32_t k = 0; k < count; k++) {
        double here = i + k;
        cells[k] = (here * left[k] + (s - here) * below[k]) / s;
    }
}

/* P(D >= h / lcm) by the share of lattice paths from (0, 0) to (m, n) that touch |i n - j m| >= h
 * (in units of the greatest common divisor; one-sided: i n - j m >= h): the last step to (i, j)
 * came from the left with probability i / (i + j). Sums of positive terms only (Hodges, Arkiv f.
 * Matematik 3, 1958). Outside of the band between the lines all is 1: only what is inside is
 * computed, by antidiagonals i + j = s, whose cells do not depend on each other. */
static fc_status any_size(const fc_alloc *alloc, int64_t m, int64_t n, int64_t h, bool one_sided,
                          double *p) {
    int64_t g = gcd(m, n), mg = m / g, ng = n / g, both = mg + ng;
    if (m > INT32_MAX) return FC_ENOMEM;
    size_t size = (size_t)m + 3; /* one cell before the first, and one behind the last */
    double *rows = alloc->get(alloc->ctx, 2 * size * sizeof *rows);
    if (!rows) return FC_ENOMEM;
    double *before = rows + 1, *cells = before + size;
    for (size_t i = 0; i < 2 * size; i++) rows[i] = 1;
    before[0] = 0; /* of (0, 0), where paths begin */
    for (int64_t s = 1; s <= m + n; s++) {
        /* Inside, h > i ng - (s - i) mg = i both - s mg, and, two-sided, more than -h. */
        int64_t last = (s * mg + h - 1) / both, first = s > n ? s - n : 0;
        if (!one_sided && s * mg >= h && (s * mg - h) / both + 1 > first)
            first = (s * mg - h) / both + 1;
        if (last > m) last = m;
        if (last > s) last = s;
        next_diagonal(before + first - 1, before + first, cells + first,
                      (int32_t)(last - first + 1), (double)first, (double)s);
        cells[first - 1] = cells[last + 1] = 1;
        double *swap = before;
        before = cells, cells = swap;
    }
    *p = before[m];
    alloc->release(alloc->ctx, rows);
    return FC_OK;
}

/* P(D+ >= h / n), both samples of n: C(2n, n - h) / C(2n, n). */
static double same_size_one_sided(int64_t n, int64_t h) {
    double p = 1;
    for (int64_t j = 0; j < h; j++) p *= (double)(n - j) / (double)(n + j + 1);
    return p;
}

fc_status fc_ks_pvalue(const fc_alloc *alloc, double d, int64_t n, int64_t m, fc_ks_method method,
                       double *statistic, double *p) {
    *statistic = d;
    *p = NAN;
    if (isnan(d) || n < 1 || m < 1) return FC_OK;
    int64_t large = n > m ? n : m, small = n > m ? m : n, g = gcd(large, small);
    double whole = (double)(large / g) * (double)small; /* the least common multiple */
    bool fits = (double)(large / g) * (double)(small / g) < INT32_MAX;
    if (method == FC_KS_AUTO) method = large <= MAX_EXACT ? FC_KS_EXACT : FC_KS_ASYMPTOTIC;
    if (method == FC_KS_EXACT && fits && whole < 9e15) {
        int64_t h = llround(d * whole);
        *statistic = (double)h / whole;
        if (h <= 0)
            *p = 1;
        else if (large == small)
            *p = same_size(large, h);
        else
            FC_TRY(any_size(alloc, large, small, h, false, p));
    } else {
        double both = (double)large + (double)small;
        *p = fc_kstwo_sf(d, nearbyint((double)large * (double)small / both));
    }
    *p = *p < 0 ? 0 : *p > 1 ? 1 : *p;
    return FC_OK;
}

fc_status fc_ks_one_sided(const fc_alloc *alloc, double d, int64_t n, int64_t m,
                          fc_ks_method method, double *statistic, double *p, bool *exact) {
    *statistic = d;
    *p = NAN;
    *exact = false;
    if (isnan(d) || n < 1 || m < 1) return FC_OK;
    int64_t large = n > m ? n : m, small = n > m ? m : n, g = gcd(large, small);
    double whole = (double)(large / g) * (double)small, a = (double)large, b = (double)small;
    bool fits = (double)(large / g) * (double)(small / g) < INT32_MAX && whole < 9e15;
    if (method == FC_KS_AUTO) method = large <= MAX_EXACT ? FC_KS_EXACT : FC_KS_ASYMPTOTIC;
    if (method == FC_KS_EXACT && fits) {
        int64_t h = llround(d * whole);
        *statistic = (double)h / whole;
        /* The number of paths: where it is no double, counting them is refused. */
        double paths = lgamma(a + b + 1) - lgamma(a + 1) - lgamma(b + 1);
        *exact = h <= 0 || large == small || paths < 709.78;
        if (h <= 0)
            *p = 1;
        else if (large == small)
            *p = same_size_one_sided(large, h);
        else if (*exact)
            FC_TRY(any_size(alloc, large, small, h, true, p));
    }
    if (!*exact) {
        double z = sqrt(a * b / (a + b)) * *statistic;
        *p = exp(-2 * z * z - 2 * z * (a + 2 * b) / sqrt(a * b * (a + b)) / 3);
    }
    *p = *p < 0 ? 0 : *p > 1 ? 1 : *p;
    return FC_OK;
}
