/* Fisher's exact test of a 2 x 2 table. */
#include <float.h>
#include <math.h>

#include "fastcore/drift_pvalues.h"

/* Tables of equal probability come out of different products: those within this of the observed
 * one count as no more probable. Neighbours that differ do so by far more. */
static const double SLACK = 1 + 1e-11;

typedef struct margins {
    double first, second, drawn; /* the rows' sums, and the first column's */
} margins;

/* P(x + 1) / P(x) of the hypergeometric distribution. */
static double ratio(const margins *m, double x) {
    return (m->first - x) * (m->drawn - x) / ((x + 1) * (m->second - m->drawn + x + 1));
}

/* The probability of `to`, in units of that of `mode`. */
static double weight_of(const margins *m, double mode, double to) {
    double w = 1;
    for (double x = mode; x < to && w >= DBL_MIN; x++) w *= ratio(m, x);
    for (double x = mode; x > to && w >= DBL_MIN; x--) w /= ratio(m, x - 1);
    return w >= DBL_MIN ? w : 0;
}

typedef struct sums {
    double all, below, above, rare; /* P of all; of x <= a, x >= a; no more probable than a */
} sums;

static void add(sums *s, double x, double a, double w, double limit) {
    s->all += w;
    if (x <= a) s->below += w;
    if (x >= a) s->above += w;
    if (w <= limit) s->rare += w;
}

double fc_fisher(const double table[4], int alternative) {
    double a = table[0];
    margins m = {a + table[1], table[2] + table[3], a + table[2]};
    double low = fmax(0, m.drawn - m.second), high = fmin(m.drawn, m.first);
    double mode = floor((m.drawn + 1) * ((m.first + 1) / (m.first + m.second + 2)));
    mode = fmin(fmax(mode, low), high);
    double limit = weight_of(&m, mode, a) * SLACK;
    sums s = {0};
    add(&s, mode, a, 1, limit);
    double w = 1;
    for (double x = mode; x < high; x++) {
        w *= ratio(&m, x);
        if (w < DBL_MIN) break;
        add(&s, x + 1, a, w, limit);
    }
    w = 1;
    for (double x = mode; x > low; x--) {
        w /= ratio(&m, x - 1);
        if (w < DBL_MIN) break;
        add(&s, x - 1, a, w, limit);
    }
    return fmin(1, (alternative < 0 ? s.below : alternative > 0 ? s.above : s.rare) / s.all);
}
