/* The table of statistics. */
#include "drift/stat.h"

#include <math.h>
#include <string.h>

typedef struct row {
    const char *name;
    void (*run)(const fc_rows *rows, double *statistic, double *p);
    bool tested;
} row;

static const row table[] = {
#define FC_STAT(name, tested) {#name, fc_stat_##name, tested},
#include "drift/stats.def"
#undef FC_STAT
};
enum { COUNT = sizeof table / sizeof *table };

static const row *find(const char *name) {
    for (const row *r = table; r < table + COUNT; r++)
        if (!strcmp(r->name, name)) return r;
    return NULL;
}

bool fc_stat_has_pvalue(const char *name) {
    const row *found = find(name);
    return found && found->tested;
}

const char *fc_stat_name(size_t i) { return i < COUNT ? table[i].name : NULL; }

fc_status fc_stat(const char *name, const double *reference, const double *current, size_t bins,
                  const fc_stat_options *options, double *statistic, double *p) {
    const row *found = find(name);
    if (!found) return FC_EINVALID;
    fc_rows rows = {reference, current, bins, 0, 0, options};
    for (size_t i = 0; i < bins; i++) {
        rows.n += reference[i];
        rows.m += current[i];
    }
    *statistic = *p = NAN;
    if (rows.n > 0 && rows.m > 0) found->run(&rows, statistic, p);
    return FC_OK;
}
