/* The two-sided Kolmogorov distribution for a sample of n: P(D_n >= d).
 *
 * Which method where, after Simard and L'Ecuyer, "Computing the Two-Sided Kolmogorov-Smirnov
 * Distribution", J. Statistical Software 39(11), 2011. Small probabilities come from a sum of
 * positive terms, so that they keep their relative precision. */
#include <math.h>
#include <string.h>

#include "fastcore/drift_pvalues.h"

enum {
    SMALL = 140,          /* up to here the exact matrix is affordable */
    MAX_SIDE = 2 * 25 + 1 /* of it: n d <= sqrt(4 * SMALL) < 24 */
};

static const double PI2 = 9.86960440108935861883; /* pi^2 */
static const double SQRT_2PI = 2.50662827463100050242;

/* P(D+_n >= d), exactly: d sum_j C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j)
 * (Birnbaum and Tingey, Ann. Math. Statist. 22, 1951). */
static double one_sided_sum(double d, double n) {
    double choose = 0, total = 0, last = floor(n * (1 - d));
    for (double j = 0; j <= last; j++) {
        double up = d + j / n, down = 1 - up;
        if (j > 0) choose += log((n - j + 1) / j);
        double rest = n - j;
        if (down > 0)
            total += exp(choose + (j - 1) * log(up) + rest * log1p(-up));
        else if (rest == 0)
            total += exp(choose + (j - 1) * log(up));
    }
    return total * d;
}

/* The same for large n, to the order n^(-3/2) (Lauwerier, Z. Wahrsch. 2, 1963). */
static double one_sided_series(double d, double n) {
    double z = d * sqrt(n), s = z * z, r = 1 / sqrt(n);
    double terms = 1 - r * (2 * z / 3) + r * r * (2 * s / 3) * (1 - 2 * s / 3) +
                   r * r * r * (4 * z / 9) * (0.2 - 19 * s / 15 + 2 * s * s / 3);
    return exp(-2 * s) * (terms > 0 ? terms : 0);
}

/* The sum takes n steps; the series is as good once n is large against z. */
static double one_sided(double d, double n) {
    double s = n * d * d;
    return n > 2000 && s * s * s * s < 1e-10 * n * n * n ? one_sided_series(d, n)
           : n <= 1e6 ? one_sided_sum(d, n)
                      : exp(-(6 * n * d + 1) * (6 * n * d + 1) / (18 * n));
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

/* P(D_n < d), n <= SMALL (Durbin 1973; Marsaglia, Tsang and Wang, J. Statistical Software 8(18),
 * 2003). n! / n^n is taken into the power, a factor a step, so that nothing overflows. */
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
    if (s > 372) return 0; /* below the smallest number */
    if (d >= 0.5 || s >= (n <= SMALL ? 4 : 2.2))
        p = 2 * one_sided(d, n);
    else
        p = 1 - (n <= SMALL ? by_matrix(d, (int)n) : by_series(d, n));
    return p < 0 ? 0 : p > 1 ? 1 : p;
}
