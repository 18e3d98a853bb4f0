/* Exact distributions of rank statistics without ties, and what they become for large samples. */
#include <math.h>
#include <string.h>

#include "fastcore/drift_pvalues.h"
#include "fastcore/drift_ranks.h"

/* ---- Mann and Whitney's U ----------------------------------------------------------------- */

/* A number as a sum of two doubles: twice their precision (Dekker 1971, Knuth). */
typedef struct twofold {
    double high, low;
} twofold;

static inline twofold plus(twofold a, twofold b) {
    double s = a.high + b.high, part = s - a.high;
    double e = (a.high - (s - part)) + (b.high - part) + (a.low + b.low);
    double high = s + e;
    return (twofold){high, e - (high - s)};
}

static inline twofold minus(twofold a, twofold b) { return plus(a, (twofold){-b.high, -b.low}); }

enum {
    START = -1000, /* where the counts begin, by powers of 2: so many of them fit */
    ROOM = 2010    /* up to so many */
};
static const double MAX_STEPS = 4e9; /* seconds */

/* P(U <= q), q at most half of n m, n <= m: the coefficients of the Gaussian binomial coefficient,
 * the product over i of (1 - z^(m+i)) / (1 - z^i), give the number of arrangements for each U (Mann
 * and Whitney, Ann. Math. Statist. 18, 1947). Factors are multiplied in and divided out in turn,
 * with twice the precision, as there are differences. */
static fc_status u_at_most(const fc_alloc *alloc, uint64_t q, uint64_t n, uint64_t m, double *p) {
    double all = (double)n + (double)m;
    double bits = (lgamma(all + 1) - lgamma((double)n + 1) - lgamma((double)m + 1)) / log(2);
    if (q >= FC_EXACT_MAX || (double)q * (double)n > MAX_STEPS || bits > ROOM) return FC_ELIMIT;
    size_t size = (size_t)q + 1;
    twofold *count = alloc->get(alloc->ctx, size * sizeof *count);
    if (!count) return FC_ENOMEM;
    memset(count, 0, size * sizeof *count);
    double total = ldexp(1, bits < 1000 ? 0 : START);
    count[0].high = total;
    for (uint64_t i = 1; i <= n; i++) {
        total = total * (double)(m + i) / (double)i;
        for (size_t k = size; k-- > m + i;) count[k] = minus(count[k], count[k - (m + i)]);
        for (size_t k = (size_t)i; k < size; k++) count[k] = plus(count[k], count[k - i]);
    }
    twofold sum = {0, 0};
    for (size_t k = 0; k < size; k++) sum = plus(sum, count[k]);
    *p = sum.high / total;
    alloc->release(alloc->ctx, count);
    return FC_OK;
}

fc_status fc_mannwhitney_sf(const fc_alloc *alloc, uint64_t u, uint64_t n, uint64_t m, double *p) {
    uint64_t most, small = n < m ? n : m, large = n < m ? m : n;
    *p = 1;
    if (__builtin_mul_overflow(n, m, &most)) return FC_ELIMIT;
    if (u == 0) return FC_OK;
    if (u > most) return *p = 0, FC_OK;
    if (most - u <= u) return u_at_most(alloc, most - u, small, large, p);
    FC_TRY(u_at_most(alloc, u - 1, small, large, p));
    *p = 1 - *p;
    return FC_OK;
}

double fc_mannwhitney_limit_sf(double u, double ties, double n, double m, double continuity) {
    double total = n + m, off = u - n * m / 2 - continuity;
    double spread = n * m / 12 * ((total + 1) - ties / (total * (total - 1)));
    if (spread > 0) return fc_norm_sf(off / sqrt(spread));
    return off == 0 ? NAN : off < 0 ? 1 : 0;
}

/* ---- Cramer and von Mises's T ------------------------------------------------------------- */

typedef struct chance {
    int64_t value;
    double p;
} chance;
typedef struct chances {
    chance *at;
    size_t count, room;
} chances;

/* out = the values of a with the chance times `share_a`, and those of b, in rising order, all
 * greater by `more`. `out` is neither of them. */
static fc_status combine(const fc_alloc *alloc, const chances *a, double share_a, const chances *b,
                         double share_b, int64_t more, chances *out) {
    size_t need = a->count + b->count, i = 0, j = 0, k = 0;
    if (need > FC_EXACT_MAX) return FC_ELIMIT;
    if (need > out->room) {
        chance *moved = alloc->resize(alloc->ctx, out->at, 2 * need * sizeof *moved);
        if (!moved) return FC_ENOMEM;
        out->at = moved, out->room = 2 * need;
    }
    while (i < a->count || j < b->count) {
        bool from_a = j == b->count || (i < a->count && a->at[i].value <= b->at[j].value);
        bool from_b = i == a->count || (j < b->count && b->at[j].value <= a->at[i].value);
        chance next = {(from_a ? a->at[i].value : b->at[j].value) + more, 0};
        if (from_a) next.p += a->at[i++].p * share_a;
        if (from_b) next.p += b->at[j++].p * share_b;
        out->at[k++] = next;
    }
    out->count = k;
    return FC_OK;
}

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t rest = a % b;
        a = b, b = rest;
    }
    return a;
}

/* Paths from (0, 0) to (n, m), each as probable as another, by the sum over their points of
 * (j lcm / m - i lcm / n)^2: the last step to (i, j) came from (i - 1, j) with probability i /
 * (i + j) (Xiao, Gordon and Yakovlev, J. Statistical Software 17(8), 2007). */
fc_status fc_cramer_exact_sf(const fc_alloc *alloc, double t, uint64_t n, uint64_t m, double *p) {
    double x = (double)n, y = (double)m;
    if (!n || !m) return FC_EINVALID;
    if (x * y * (x + y) > 1e7) return FC_ELIMIT;
    int64_t g = (int64_t)gcd(n, m), per_i = (int64_t)m / g, per_j = (int64_t)n / g;
    double lcm = x * (double)per_i;
    /* What T is in these units: a whole number without ties, rounded down otherwise. */
    double least = lcm * lcm * (x + y) * (x + y) / (x * y) * t;
    least = floor(least + 1e-9 + 1e-14 * fabs(least));
    size_t columns = (size_t)m + 1, used = 0;
    chances *row = alloc->get(alloc->ctx, (columns + 1) * sizeof *row);
    if (!row) return FC_ENOMEM;
    memset(row, 0, (columns + 1) * sizeof *row);
    chance nothing = {0, 0};
    const chances none = {&nothing, 0, 0};
    fc_status status = FC_OK;
    chances *spare = &row[columns];
    for (uint64_t i = 0; i <= n && status == FC_OK; i++) {
        for (uint64_t j = 0; j <= m && status == FC_OK; j++) {
            chance origin = {0, 1};
            const chances begin = {&origin, 1, 1};
            int64_t apart = (int64_t)i * per_i - (int64_t)j * per_j;
            double steps = (double)(i + j);
            if (i + j == 0)
                status = combine(alloc, &begin, 1, &none, 0, 0, spare);
            else
                status = combine(alloc, i ? &row[j] : &none, (double)i / steps,
                                 j ? &row[j - 1] : &none, (double)j / steps, apart * apart, spare);
            if (status != FC_OK) break;
            used += spare->count - row[j].count;
            if (used > FC_EXACT_MAX) status = FC_ELIMIT;
            chances old = row[j];
            row[j] = *spare, *spare = old;
        }
    }
    *p = 0;
    for (size_t k = row[m].count;
         status == FC_OK && k-- > 0 && (double)row[m].at[k].value >= least;)
        *p += row[m].at[k].p;
    for (size_t j = 0; j <= columns; j++)
        if (row[j].at) alloc->release(alloc->ctx, row[j].at);
    alloc->release(alloc->ctx, row);
    return status;
}

/* e^y K_1/4(y), the integral of exp(-y (cosh t - 1)) cosh(t / 4) over t > 0: the trapezoidal rule
 * is as good as exact for an integrand that falls so quickly. */
static double bessel(double y) {
    double step = 0.6 / sqrt(y), sum = 0.5, last = 1;
    if (step > 0.2) step = 0.2;
    for (int k = 1; k < 10000 && last > sum * 1e-18; k++) {
        double t = k * step, half = sinh(t / 2);
        sum += last = exp(-2 * y * half * half) * cosh(t / 4);
    }
    return sum * step;
}

/* Anderson and Darling (Ann. Math. Statist. 23, 1952), formula 4.35; terms down to 1e-7. */
double fc_cramer_limit_cdf(double t) {
    static const double PI = 3.14159265358979323846;
    if (isnan(t) || t <= 0) return isnan(t) ? NAN : 0;
    if (t > 1e10) return 1; /* where values tie T is as large as that, and takes a million terms */
    double sum = 0;
    for (int k = 0; k < 1 << 20; k++) {
        double odd = 4 * k + 1, q = odd * odd / (16 * t);
        double factor = exp(lgamma(k + 0.5) - lgamma(k + 1.0)) / (PI * sqrt(PI) * sqrt(t));
        double term = q > 700 ? 0 : factor * sqrt(odd) * exp(-2 * q) * bessel(q);
        sum += term;
        if (term < 1e-7) break;
    }
    return sum;
}

/* Anderson (Ann. Math. Statist. 33, 1962), formulas 11, 14 and 15. Below 0.003 the limit is 0. */
double fc_cramer_limit_sf(double t, double n, double m) {
    double pairs = n * m, total = n + m, mean = (1 + 1 / total) / 6;
    double variance = (total + 1) * (4 * pairs * total - 3 * (n * n + m * m) - 2 * pairs) /
                      (45 * total * total * 4 * pairs);
    double limit = 1.0 / 6 + (t - mean) / sqrt(45 * variance);
    if (isnan(limit)) return NAN;
    double p = limit >= 0.003 ? 1 - fc_cramer_limit_cdf(limit) : 1;
    return p < 0 ? 0 : p > 1 ? 1 : p;
}

/* ---- Anderson and Darling's A^2 ----------------------------------------------------------- */

/* The sums of 1/i and of 1/i^2 over 0 < i < n. */
static void harmonic(double n, double *first, double *second) {
    static const double EULER = 0.57721566490153286061, ZETA2 = 1.64493406684822643647;
    *first = *second = 0;
    if (n < 64) {
        for (double i = n - 1; i > 0; i--) *first += 1 / i, *second += 1 / (i * i);
        return;
    }
    double r = 1 / n, s = r * r; /* Euler and Maclaurin: of order 10 and 11 */
    *first = log(n) + EULER - r / 2 - s * (1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s / 240)));
    *second = ZETA2 - r * (1 + r / 2 + s * (1.0 / 6 - s * (1.0 / 30 - s * (1.0 / 42 - s / 30))));
}

/* Scholz and Stephens (J. Amer. Statist. Ass. 82, 1987), formula 4. Their double sum g is, since
 * the sum of H(k) / (n - k) over 0 < k < n is H(n)^2 less the sum of 1/i^2 over 0 < i <= n, what
 * stands here. */
double fc_anderson_variance(uint64_t n, uint64_t m) {
    double total = (double)n + (double)m, both = 1 / (double)n + 1 / (double)m, h, squares;
    harmonic(total, &h, &squares);
    double g = squares - 2 * h / total;
    double a = (4 * g - 6) + (10 - 6 * g) * both;
    double b = 4 * (2 * g - 4) + 8 * h + (2 * g - 14 * h - 4) * both + 4 * g - 6;
    double c = 4 * (6 * h + 2 * g - 2) + 2 * (4 * h - 4 * g + 6) + (2 * h - 6) * both + 4 * h;
    double d = 4 * (2 * h + 6) - 8 * h;
    return (((a * total + b) * total + c) * total + d) / ((total - 1) * (total - 2) * (total - 3));
}
