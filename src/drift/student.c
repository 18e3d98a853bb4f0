/* Student's distribution, by the incomplete beta function. */
#include <math.h>

#include "fastcore/drift_ranks.h"

enum { MAX_TERMS = 1000000 };

/* I_x(a, b) x^-a (1 - x)^-b a B(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8; by
 * Lentz's method, as modified by Thompson and Barnett 1986), quick for x < (a + 1) / (a + b + 2).
 */
static double fraction(double a, double b, double x) {
    double c = 1, d = 1 - (a + b) * x / (a + 1), h;
    if (fabs(d) < 1e-300) d = 1e-300;
    d = 1 / d;
    h = d;
    for (int k = 1; k < MAX_TERMS; k++) {
        double up = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
        double down = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
        d = 1 + up * d;
        c = 1 + up / c;
        if (fabs(d) < 1e-300) d = 1e-300;
        if (fabs(c) < 1e-300) c = 1e-300;
        d = 1 / d;
        h *= d * c;
        d = 1 + down * d;
        c = 1 + down / c;
        if (fabs(d) < 1e-300) d = 1e-300;
        if (fabs(c) < 1e-300) c = 1e-300;
        d = 1 / d;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-16) break;
    }
    return h;
}

/* ln B(a, 1/2): for large a the ratio of the gamma functions by its series (Tricomi and Erdelyi,
 * Pacific J. Math. 1, 1951). */
static double log_beta_half(double a) {
    static const double HALF_LOG_PI = 0.57236494292470008707;
    if (a < 100) return lgamma(a) + HALF_LOG_PI - lgamma(a + 0.5);
    double r = 1 / a;
    double series =
        r *
        (-1.0 / 8 + r * (1.0 / 128 + r * (5.0 / 1024 + r * (-21.0 / 32768 - r * 399 / 262144))));
    return HALF_LOG_PI - 0.5 * log(a) - log1p(series);
}

double fc_student_sf(double t, double df) {
    if (isnan(t) || !(df > 0)) return NAN;
    if (isinf(t)) return t > 0 ? 0 : 1;
    double a = df / 2, square = t * t, p;
    if (isinf(df)) {
        p = erfc(fabs(t) / sqrt(2)) / 2;
    } else {
        /* x = df / (df + t^2) and 1 - x, neither by a difference; t^2 may be beyond all numbers. */
        double ratio = isinf(square) ? INFINITY : square / df, x, y, log_x;
        if (isinf(ratio)) {
            log_x = log(df) - 2 * log(fabs(t));
            x = exp(log_x), y = 1;
        } else {
            log_x = -log1p(ratio);
            x = 1 / (1 + ratio), y = ratio / (1 + ratio);
        }
        double front = exp(a * log_x - log_beta_half(a)) * sqrt(y);
        if (x < (a + 1) / (a + 2.5))
            p = front * fraction(a, 0.5, x) / a / 2;
        else
            p = 0.5 - front * fraction(0.5, a, y);
    }
    return t > 0 ? p : 1 - p;
}
