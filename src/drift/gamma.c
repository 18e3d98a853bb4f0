/* The chi-squared distribution, by the incomplete gamma function.
 *
 * With a = df / 2 and x = statistic / 2, sf = Q(a, x) = Gamma(a, x) / Gamma(a). Below a + 1 the
 * series of P = 1 - Q converges quickly and Q is not small; above, the continued fraction of Q does
 * (Abramowitz and Stegun 6.5.29 and 6.5.31). Both have the factor x^a e^-x / Gamma(a + 1), whose
 * parts would cancel for large a: it is written as a deviation from its maximum at x = a (Temme,
 * SIAM J. Math. Anal. 10, 1979). */
#include "drift/gamma.h"

#include <math.h>

#include "fastcore/drift_pvalues.h"

enum { MAX_TERMS = 100000 }; /* about 10 sqrt(a) are needed near x = a */

static const double PI = 3.14159265358979323846;

double fc_gamma_stirling(double a) {
    double r = 1 / (a * a);
    return (1.0 / 12 -
            r * (1.0 / 360 -
                 r * (1.0 / 1260 -
                      r * (1.0 / 1680 - r * (1.0 / 1188 - r * (691.0 / 360360 - r / 156)))))) /
           a;
}

double fc_gamma_excess(double m) {
    if (fabs(m) > 0.2) return m - log1p(m);
    /* With t = m / (2 + m): ln(1 + m) = 2 (t + t^3 / 3 + ...), and m = 2 t / (1 - t). */
    double t = m / (2 + m), square = t * t, power = square * t, sum = 0;
    for (int k = 3; k < 60 && fabs(power) > 1e-20 * fabs(sum); k += 2, power *= square)
        sum += power / k;
    return t * m - 2 * sum;
}

/* x^a e^-x / Gamma(a + 1). */
static double factor(double a, double x) {
    if (a < 10) return exp(a * log(x) - x - lgamma(a + 1));
    return exp(-a * fc_gamma_excess((x - a) / a) - fc_gamma_stirling(a)) / sqrt(2 * PI * a);
}

static double upper_gamma(double a, double x) {
    if (x < a + 1) {
        double term = 1, sum = 1;
        for (int n = 1; n < MAX_TERMS && term > sum * 1e-17; n++) sum += term *= x / (a + n);
        return 1 - factor(a, x) * sum;
    }
    /* Lentz's method, as modified by Thompson and Barnett (1986). */
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int n = 1; n < MAX_TERMS; n++) {
        double an = -n * (n - a);
        b += 2;
        d = an * d + b;
        if (fabs(d) < 1e-300) d = 1e-300;
        c = b + an / c;
        if (fabs(c) < 1e-300) c = 1e-300;
        d = 1 / d;
        double delta = d * c;
        h *= delta;
        if (fabs(delta - 1) < 1e-16) break;
    }
    return factor(a, x) * a * h;
}

double fc_chi2_sf(double x, double df) {
    if (isnan(x) || !(df > 0)) return NAN;
    if (x <= 0) return 1;
    if (isinf(x)) return 0;
    if (isinf(df)) return 1;
    double q = upper_gamma(df / 2, x / 2);
    return q < 0 ? 0 : q > 1 ? 1 : q;
}

double fc_chi2_isf(double p, double df) {
    if (isnan(p) || p < 0 || p > 1 || !(df > 0) || isinf(df)) return NAN;
    if (p == 0) return INFINITY;
    if (p == 1) return 0;
    /* Newton's method on ln(sf), kept inside of what is known to enclose the root. */
    double low = 0, high = INFINITY, x = df;
    for (int i = 0; i < 200; i++) {
        double q = fc_chi2_sf(x, df);
        if (q > p)
            low = x;
        else
            high = x;
        double density = factor(df / 2, x / 2) * (df / 2) / x; /* of chi-squared at x */
        double next = q > 0 && density > 0 ? x + (log(q) - log(p)) * q / density : INFINITY;
        if (!(next > low && next < high)) next = isinf(high) ? 2 * x + 1 : low + (high - low) / 2;
        if (fabs(next - x) <= 1e-15 * x) return next;
        x = next;
    }
    return x;
}

double fc_norm_sf(double z) { return erfc(z / sqrt(2)) / 2; }
