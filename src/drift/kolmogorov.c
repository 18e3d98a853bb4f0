/* The two-sided Kolmogorov distribution for a sample of n: P(D_n >= d).
 *
 * Which method where, after Simard and L'Ecuyer, "Computing the Two-Sided Kolmogorov-Smirnov
 * Distribution", J. Statistical Software 39(11), 2011. Small probabilities come from a sum of
 * positive terms, so that they keep their relative precision. */
#include <math.h>
#include <string.h>

#include "drift/gamma.h"
#include "fastcore/drift_pvalues.h"

enum {
    MAX_SUM = 1000000,    /* above, the one-sided limit with one correction is as good */
    SMALL = 140,          /* up to here the exact matrix is affordable */
    MAX_SIDE = 2 * 25 + 1 /* of it: n d <= sqrt(4 * SMALL) < 24 */
};

static const double PI2 = 9.86960440108935861883; /* pi^2 */
static const double SQRT_2PI = 2.50662827463100050242;

/* ln k! less Stirling's leading terms. */
static double stirling(double k) {
    if (k >= 10) return fc_gamma_stirling(k);
    return lgamma(k + 1) - (k + 0.5) * log(k) + k - log(SQRT_2PI);
}

/* One term of the sum below: d / (d + j/n) times the binomial probability of j for d + j/n, in
 * Loader's form ("Fast and Accurate Computation of Binomial Probabilities", 2000): nothing large
 * is subtracted, so that it is accurate for any n. */
static double term(double d, double n, double j) {
    double rest = n - j, apart = n * d;
    if (j == 0) return exp(n * log1p(-d));
    if (rest <= apart) return 0;
    double off = j * fc_gamma_excess(apart / j) + rest * fc_gamma_excess(-apart / rest);
    double error = stirling(n) - stirling(j) - stirling(rest);
    return exp(error - off) * sqrt(n / (j * rest)) / SQRT_2PI * apart / (apart + j);
}

/* P(D+_n >= d), exactly: d sum_j C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j)
 * (Birnbaum and Tingey, Ann. Math. Statist. 22, 1951). For large n the terms are a smooth function
 * of j / n that is flat at both ends: then each sum of equally spaced ones is the integral up to an
 * exponentially small error, and some thousand of them do. */
static double one_sided(double d, double n) {
    if (n > MAX_SUM) return exp(-(6 * n * d + 1) * (6 * n * d + 1) / (18 * n));
    double total = 0, last = floor(n * (1 - d)), step = n > 4000 ? floor(n / 2000) : 1;
    for (double j = 0; j <= last; j += step) total += term(d, n, j);
    return total * step;
}

/* ---- Durbin's matrix ---------------------------------------------------------------------- */

typedef double matrix[MAX_SIDE][MAX_SIDE];

static void multiply(matrix a, matrix b, int m, matrix out) {
    matrix product;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) {
            double sum = 0;
            for (int k = 0; k < m; k++) sum += a[i][k] * b[k][j];
            product[i][j] = sum;
        }
    for (int i = 0; i < m; i++) memcpy(out[i], product[i], (size_t)m * sizeof(double));
}

/* P(D_n < d), n d < MAX_SIDE / 2 (Durbin 1973; Marsaglia, Tsang and Wang, J. Statistical Software
 * 8(18), 2003). n! / n^n is taken into the power, a factor a step, so that nothing overflows. */
static double by_matrix(double d, int n) {
    int k = (int)(n * d) + 1, m = 2 * k - 1;
    double h = k - n * d;
    matrix base = {{0}}, power;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) base[i][j] = i - j + 1 >= 0;
    for (int i = 0; i < m; i++) {
        base[i][0] -= pow(h, i + 1);
        base[m - 1][i] -= pow(h, m - i);
    }
    base[m - 1][0] += 2 * h - 1 > 0 ? pow(2 * h - 1, m) : 0;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++)
            for (int g = 2; g <= i - j + 1; g++) base[i][j] /= g;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++) power[i][j] = i == j;
    int shift = 0, base_shift = 0; /* powers of 10^100 that were taken out */
    for (int e = n; e; e >>= 1) {
        if (e & 1) {
            multiply(power, base, m, power);
            shift += base_shift;
            if (power[k - 1][k - 1] > 1e100) {
                for (int i = 0; i < m; i++)
                    for (int j = 0; j < m; j++) power[i][j] *= 1e-100;
                shift++;
            }
        }
        if (e == 1) break;
        multiply(base, base, m, base);
        base_shift *= 2;
        if (base[k - 1][k - 1] > 1e100) {
            for (int i = 0; i < m; i++)
                for (int j = 0; j < m; j++) base[i][j] *= 1e-100;
            base_shift++;
        }
    }
    double p = power[k - 1][k - 1];
    for (int i = 1; i <= n; i++) {
        p *= (double)i / n;
        if (p < 1e-100 && shift) p *= 1e100, shift--;
    }
    for (; shift; shift--) p *= 1e100;
    return p;
}

/* ---- Pelz and Good ------------------------------------------------------------------------ */

/* P(D_n < d) for large n: the limit and three corrections, by powers of n^(-1/2) (Pelz and Good,
 * J. Royal Statist. Soc. B 38, 1976; the form of Simard and L'Ecuyer). */
static double by_series(double d, double n) {
    double z = d * sqrt(n), s = z * z, z4 = s * s, z6 = z4 * s;
    double sums[4] = {0}, more[2] = {0};
    for (int k = 1; k <= 40; k++) {
        double odd = (2 * k - 1) * (2 * k - 1), w = odd * PI2 / 4, q = exp(-odd * PI2 / (8 * s));
        sums[0] += q;
        sums[1] += q * (w - s);
        sums[2] += q * (6 * z6 + 2 * z4 + (2 * z4 - 5 * s) * w + (1 - 2 * s) * w * w);
        sums[3] += q * (-30 * z6 - 90 * z4 * z4 + (135 * z4 - 96 * z6) * w +
                        (212 * z4 - 60 * s) * w * w + (5 - 30 * s) * w * w * w);
        double v = (double)k * k * PI2, r = exp(-v / (2 * s));
        more[0] += r * v;
        more[1] += r * v * (3 * s - v);
    }
    double k0 = sums[0] / z, k1 = sums[1] / (6 * z4), k2 = sums[2] / (72 * z6 * z),
           k3 = sums[3] / (6480 * z6 * z4);
    k2 -= more[0] / (36 * s * z);
    k3 += more[1] / (216 * z6);
    double r = 1 / sqrt(n);
    return SQRT_2PI * (k0 + r * (k1 + r * (k2 + r * k3)));
}

double fc_kstwo_sf(double d, double n) {
    if (isnan(d) || !(n >= 1)) return NAN;
    if (d >= 1) return 0;
    if (d <= 0.5 / n) return 1;
    double s = n * d * d, p;
    if (s > (n <= SMALL ? 372 : 370)) return 0; /* below the smallest number */
    if (d >= 0.5 || s >= (n <= SMALL ? 4 : 2.2))
        p = 2 * one_sided(d, n);
    else
        /* For small d the series is the last to become accurate, and the matrix is small. */
        p = 1 - (n <= SMALL || (n <= 3000 && n * pow(d, 1.5) <= 1.4) ? by_matrix(d, (int)n)
                                                                     : by_series(d, n));
    return p < 0 ? 0 : p > 1 ? 1 : p;
}
