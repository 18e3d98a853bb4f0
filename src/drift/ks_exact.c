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

/* P(D >= h / lcm) by the share of lattice paths from (0, 0) to (m, n) that touch |i n - j m| >= h
 * (in units of the greatest common divisor): the last step to (i, j) came from the left with
 * probability i / (i + j). Sums of positive terms only (Hodges, Arkiv f. Matematik 3, 1958). */
static fc_status any_size(const fc_alloc *alloc, int64_t m, int64_t n, int64_t h, double *p) {
    int64_t g = gcd(m, n), mg = m / g, ng = n / g;
    double *row = alloc->get(alloc->ctx, ((size_t)n + 1) * sizeof *row);
    if (!row) return FC_ENOMEM;
    for (int64_t i = 0; i <= m; i++) {
        double left = 0;
        for (int64_t j = 0; j <= n; j++) {
            int64_t distance = i * ng - j * mg;
            if (distance >= h || -distance >= h)
                left = 1;
            else if (i + j == 0)
                left = 0;
            else
                left =
                    ((double)i * (i ? row[j] : 0) + (double)j * (j ? left : 0)) / (double)(i + j);
            row[j] = left;
        }
    }
    *p = row[n];
    alloc->release(alloc->ctx, row);
    return FC_OK;
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
            FC_TRY(any_size(alloc, large, small, h, p));
    } else {
        double both = (double)large + (double)small;
        *p = fc_kstwo_sf(d, nearbyint((double)large * (double)small / both));
    }
    *p = *p < 0 ? 0 : *p > 1 ? 1 : *p;
    return FC_OK;
}
