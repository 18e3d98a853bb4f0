/* Sums over the pooled values of two samples, from which the rank statistics follow.
 *
 * With i and j the values of each sample so far, F - G is (i m - j n) / (n m): integers, so that
 * distances are exact. Each statistic has a loop of its own over a block of groups; what it carries
 * from group to group stays in registers there. */
#include "drift/ranks.h"

#include <math.h>
#include <string.h>

static void add_distances(fc_rank_sums *s, const uint32_t *a, const uint32_t *b, size_t count) {
    int64_t n = (int64_t)s->n, m = (int64_t)s->m;
    int64_t apart = (int64_t)s->i * m - (int64_t)s->j * n, above = s->above, below = s->below;
    for (size_t g = 0; g < count; g++) {
        apart += (int64_t)a[g] * m - (int64_t)b[g] * n;
        above = apart > above ? apart : above;
        below = apart < below ? apart : below;
    }
    s->above = above, s->below = below;
}

/* Pairs that the first sample wins, a tie being half a win. */
static void add_wins(fc_rank_sums *s, const uint32_t *a, const uint32_t *b, size_t count,
                     bool apart) {
    uint64_t j = s->j, u = s->u;
    double ties = s->ties;
    if (apart) {
        uint64_t wins = 0;
        for (size_t g = 0; g < count; g++) {
            wins += a[g] * j; /* 0 or 1: no branch could foretell which */
            j += b[g];
        }
        s->u = u + 2 * wins;
        return;
    }
    for (size_t g = 0; g < count; g++) {
        u += a[g] * (2 * j + b[g]);
        j += b[g];
        double t = (double)a[g] + (double)b[g];
        ties += (t * t - 1) * t;
    }
    s->u = u, s->ties = ties;
}

/* 4 sum over k = 1 ... a of (c / 2 - k)^2. */
static fc_ranks_i128 squares(uint64_t a, uint64_t c) {
    fc_ranks_i128 count = a, mean = c;
    return count * mean * mean - 2 * mean * count * (count + 1) +
           2 * count * (count + 1) * (2 * count + 1) / 3;
}

/* A value's midrank less its place in its own sample is the number of the other sample's below it
 * and half of the ties. */
static void add_squares(fc_rank_sums *s, const uint32_t *a, const uint32_t *b, size_t count) {
    uint64_t i = s->i, j = s->j;
    fc_ranks_i128 x = s->squares_x, y = s->squares_y;
    for (size_t g = 0; g < count; g++) {
        if (FC_LIKELY(a[g] + b[g] == 1)) {
            x += (fc_ranks_i128)(4 * a[g] * j) * j;
            y += (fc_ranks_i128)(4 * b[g] * i) * i;
        } else {
            uint64_t t = (uint64_t)a[g] + b[g];
            x += squares(a[g], 2 * j + t + 1);
            y += squares(b[g], 2 * i + t + 1);
        }
        i += a[g], j += b[g];
    }
    s->squares_x = x, s->squares_y = y;
}

/* Scholz and Stephens (J. Amer. Statist. Ass. 82, 1987), formula 7: the sums of both samples have
 * the same squares, so that one is enough. */
static void add_midranks(fc_rank_sums *s, const uint32_t *a, const uint32_t *b, size_t count) {
    double n = (double)s->n, total = (double)(s->n + s->m), sum = 0;
    double i = (double)s->i, before = (double)(s->i + s->j);
    for (size_t g = 0; g < count; g++) {
        double t = (double)a[g] + (double)b[g], middle = before + t / 2;
        double apart = total * (i + (double)a[g] / 2) - middle * n;
        sum += t * (apart * apart) / (middle * (total - middle) - total * t / 4);
        i += (double)a[g], before += t;
    }
    s->ad += sum / total;
}

/* The same, formula 6; the last group, where both functions are 1, adds nothing. */
static void add_right(fc_rank_sums *s, const uint32_t *a, const uint32_t *b, size_t count) {
    double n = (double)s->n, total = (double)(s->n + s->m), sum = 0;
    double i = (double)s->i, before = (double)(s->i + s->j);
    for (size_t g = 0; g < count; g++) {
        double t = (double)a[g] + (double)b[g];
        i += (double)a[g], before += t;
        double apart = total * i - before * n, spread = before * (total - before);
        sum += spread > 0 ? t * (apart * apart) / spread : 0;
    }
    s->ad += sum / total;
}

/* The same, formula 3, at every value of the pool though it have equals. */
static void add_continuous(fc_rank_sums *s, const uint32_t *a, const uint32_t *b, size_t count) {
    double n = (double)s->n, m = (double)s->m, total = n + m, sum = 0;
    uint64_t i = s->i, j = s->j;
    for (size_t g = 0; g < count; g++) {
        uint64_t k = i + j;
        i += a[g], j += b[g];
        for (k++; k <= i + j && k < s->n + s->m; k++) {
            double at = (double)k, x = total * (double)i - at * n, y = total * (double)j - at * m;
            sum += (x * x / n + y * y / m) / (at * (total - at));
        }
    }
    s->ad += sum;
}

/* Integrals over the steps between a group and the one before. */
static void add_areas(fc_rank_sums *s, const double *v, const uint32_t *a, const uint32_t *b,
                      size_t count) {
    int64_t n = (int64_t)s->n, m = (int64_t)s->m;
    int64_t apart = (int64_t)s->i * m - (int64_t)s->j * n;
    double last = s->i + s->j ? s->last : v[0], w1 = 0, energy = 0;
    for (size_t g = 0; g < count; g++) {
        double height = fabs((double)apart), area = height * (v[g] - last);
        w1 += area;
        energy += height * area;
        last = v[g];
        apart += (int64_t)a[g] * m - (int64_t)b[g] * n;
    }
    s->w1 += w1, s->energy += energy;
}

/* Baumgartner, Weiss and Schindler (Biometrics 54, 1998): squared deviations of ranks from where
 * they would be, by their variances. */
static void add_ranks(fc_rank_sums *s, const uint32_t *a, const uint32_t *b, size_t count) {
    bool with_sign = s->want & FC_RANK_BWS_SIGNED;
    uint64_t i = s->i, j = s->j;
    double total = (double)(s->n + s->m), per_x = total / (double)s->n,
           per_y = total / (double)s->m;
    double x = 0, y = 0;
    for (size_t g = 0; g < count; g++) {
        double rank = (double)(i + j) + ((double)a[g] + (double)b[g] + 1) / 2;
        if (FC_LIKELY(a[g] + b[g] == 1)) { /* no branch could foretell of which sample it is */
            double in_x = rank - per_x * (double)(i + 1), in_y = rank - per_y * (double)(j + 1);
            x += (double)a[g] * ((with_sign ? fabs(in_x) : in_x) * in_x * s->weight_x[i]);
            y += (double)b[g] * ((with_sign ? fabs(in_y) : in_y) * in_y * s->weight_y[j]);
            i += a[g], j += b[g];
            continue;
        }
        for (uint32_t k = 0; k < a[g]; k++, i++) {
            double off = rank - per_x * (double)(i + 1);
            x += (with_sign ? fabs(off) : off) * off * s->weight_x[i];
        }
        for (uint32_t k = 0; k < b[g]; k++, j++) {
            double off = rank - per_y * (double)(j + 1);
            y += (with_sign ? fabs(off) : off) * off * s->weight_y[j];
        }
    }
    s->bws_x += x, s->bws_y += y;
}

void fc_rank_add(fc_rank_sums *s, const double *v, const uint32_t *a, const uint32_t *b,
                 size_t count) {
    if (!count) return;
    uint64_t more_x = 0, more_y = 0;
    for (size_t g = 0; g < count; g++) more_x += a[g], more_y += b[g];
    if (s->want & FC_RANK_KS) add_distances(s, a, b, count);
    if (s->want & FC_RANK_MWU) add_wins(s, a, b, count, more_x + more_y == count);
    if (s->want & FC_RANK_CVM) add_squares(s, a, b, count);
    if (s->want & FC_RANK_AD) add_midranks(s, a, b, count);
    if (s->want & FC_RANK_AD_RIGHT) add_right(s, a, b, count);
    if (s->want & FC_RANK_AD_CONTINUOUS) add_continuous(s, a, b, count);
    if (s->want & (FC_RANK_W1 | FC_RANK_ENERGY)) add_areas(s, v, a, b, count);
    if (s->want & (FC_RANK_BWS | FC_RANK_BWS_SIGNED)) add_ranks(s, a, b, count);
    s->i += more_x, s->j += more_y;
    s->last = v[count - 1];
}

void fc_rank_begin(fc_rank_sums *s, uint64_t n, uint64_t m, unsigned want) {
    memset(s, 0, sizeof *s);
    s->n = n, s->m = m, s->want = want;
}

void fc_rank_weights(double *weights, uint64_t n, uint64_t m) {
    double x = (double)n, y = (double)m;
    for (uint64_t k = 0; k < n; k++) {
        double share = (double)(k + 1) / (x + 1);
        weights[k] = 1 / (share * (1 - share) * y * (x + y) / x);
    }
    for (uint64_t k = 0; k < m; k++) {
        double share = (double)(k + 1) / (y + 1);
        weights[n + k] = 1 / (share * (1 - share) * x * (x + y) / y);
    }
    weights[n + m] = 0;
}

/* The mean of n values as a sum of two doubles, and the squares around it: no values of the other
 * sample, however far, and no distance from 0 round them away. a[g] of the values are v[g], or one,
 * if `a` is NULL. */
typedef struct mean {
    double high, low, squares;
} mean;
static mean mean_of(const fc_rank_part *part, double n) {
    double sum = 0, rest = 0, squares = 0;
    for (size_t g = 0; g < part->count; g++)
        sum += (part->times ? (double)part->times[g] : 1) * part->values[g];
    double high = sum / n;
    for (size_t g = 0; g < part->count; g++) {
        double off = part->values[g] - high, all = (part->times ? (double)part->times[g] : 1) * off;
        rest += all;
        squares += all * off;
    }
    return (mean){high, rest / n, squares - rest * rest / n};
}

double fc_rank_student(const fc_rank_part *x, const fc_rank_part *y, uint64_t of_x, uint64_t of_y,
                       bool welch) {
    double n = (double)of_x, m = (double)of_y;
    mean a = mean_of(x, n), b = mean_of(y, m);
    double off = (a.high - b.high) + (a.low - b.low);
    if (welch) return off / sqrt(a.squares / ((n - 1) * n) + b.squares / ((m - 1) * m));
    return off / sqrt((a.squares + b.squares) / (n + m - 2) * (1 / n + 1 / m));
}

void fc_rank_end(const fc_rank_sums *s, fc_ranks *out) {
    double n = (double)s->n, m = (double)s->m, total = n + m, pairs = n * m;
    if (s->want & FC_RANK_KS) {
        out->above = (double)s->above / pairs;
        out->below = (double)-s->below / pairs;
    }
    if (s->want & FC_RANK_MWU) out->u = (double)s->u / 2, out->ties = s->ties;
    if (s->want & FC_RANK_CVM) {
        /* T = U / (k t) - (4 k - 1) / (6 t), k = n m and t = n + m, over one denominator: the terms
         * would cancel (Anderson, Ann. Math. Statist. 33, 1962). */
        fc_ranks_i128 k = (fc_ranks_i128)s->n * s->m;
        fc_ranks_i128 four_u = s->squares_x * s->n + s->squares_y * s->m;
        out->cvm = (double)(3 * four_u - 2 * k * (4 * k - 1)) / (12 * pairs * total);
    }
    if (s->want & FC_RANK_AD) out->ad = s->ad * ((1 / n + 1 / m) * ((total - 1) / total));
    if (s->want & FC_RANK_AD_RIGHT) out->ad = s->ad * (1 / n + 1 / m);
    if (s->want & FC_RANK_AD_CONTINUOUS) out->ad = s->ad / total;
    if (s->want & FC_RANK_W1) out->w1 = s->w1 / pairs;
    if (s->want & FC_RANK_ENERGY) out->energy = sqrt(2 * s->energy) / pairs;
    if (s->want & FC_RANK_BWS) out->bws = (s->bws_x / n + s->bws_y / m) / 2;
    if (s->want & FC_RANK_BWS_SIGNED) out->bws = (s->bws_x / n - s->bws_y / m) / 2;
}
