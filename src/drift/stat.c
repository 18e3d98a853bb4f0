/* The table of statistics. */
#include "drift/stat.h"

#include <math.h>
#include <string.h>

typedef struct entry {
    const char *name;
    void (*run)(const fc_rows *rows, double *statistic, double *p);
    bool tested;
} entry;

static const entry table[] = {
#define FC_STAT(name, tested) {#name, fc_stat_##name, tested},
#include "drift/stats.def"
#undef FC_STAT
};
enum { COUNT = sizeof table / sizeof *table };

static const entry *find(const char *name) {
    for (const entry *r = table; r < table + COUNT; r++)
        if (!strcmp(r->name, name)) return r;
    return NULL;
}

bool fc_stat_has_pvalue(const char *name) {
    const entry *found = find(name);
    return found && found->tested;
}

const char *fc_stat_name(size_t i) { return i < COUNT ? table[i].name : NULL; }

/* With u = (y - x) / x and s = u / (2 + u), ln(1 + u) is 2 (s + s^3/3 + s^5/5 + ...) and u - 2 s
 * is u s. */
double fc_relative(double x, double y, double apart) {
    static const double parts[] = {1 / 17., 1 / 15., 1 / 13., 1 / 11.,
                                   1 / 9.,  1 / 7.,  1 / 5.,  1 / 3.};
    double u = -apart / x, sum = 0;
    if (!(fabs(u) < 0.1)) return (x > 0 ? x * log(x / y) : 0) - apart;
    double s = u / (2 + u), square = s * s; /* below 0.003 */
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) sum = sum * square + parts[k];
    return x * s * (u - 2 * square * sum);
}

/* The sum of a row times a power of 2, and what it was rounded by (Neumaier 1974). */
static void add_up(const double *row, size_t bins, double scale, double *sum, double *low) {
    double high = 0, rest = 0;
    for (size_t i = 0; i < bins; i++) {
        double x = row[i] * scale, next = high + x;
        rest += high >= x ? (high - next) + x : (x - next) + high;
        high = next;
    }
    *sum = high, *low = rest;
}

/* Sums whose products with each other are no doubles are those of a row that is scaled. */
static void sum_of(const double *row, size_t bins, double *sum, double *low, double *scale) {
    *scale = 1;
    add_up(row, bins, 1, sum, low);
    if ((*sum > 0x1p-200 && *sum < 0x1p200) || !(*sum > 0)) return;
    *scale = *sum > 1 ? 0x1p-600 : 0x1p600;
    add_up(row, bins, *scale, sum, low);
}

fc_status fc_stat(const char *name, const double *reference, const double *current, size_t bins,
                  const fc_stat_options *options, double *statistic, double *p) {
    const entry *found = find(name);
    if (!found) return FC_EINVALID;
    fc_rows rows = {.r = reference, .c = current, .bins = bins, .options = options};
    sum_of(reference, bins, &rows.n, &rows.n_low, &rows.scale_r);
    sum_of(current, bins, &rows.m, &rows.m_low, &rows.scale_c);
    *statistic = *p = NAN;
    if (rows.n > 0 && rows.m > 0) found->run(&rows, statistic, p);
    return FC_OK;
}
