/* Counting while a plan runs: what is missing, unknown or outside the fitted range, for each column
 * of the input. A block counts in its frame, a run in its totals, and only a run that succeeded
 * adds to the counts that programs share: no value costs a lock, and what the original does instead
 * is not counted twice.
 *
 * Codes that come from outside say more than a panel needs: -1 is a text that is in no category,
 * -2 a missing one that is none either, and -3 - c a missing one that counts as category c;
 * FC_CODE_REFUSED one that only the original may judge, which stays as it is. */
#ifndef FC_PLAN_WATCH_H
#define FC_PLAN_WATCH_H

#include "plan/plan_inner.h"

/* The code as panels have it. */
static inline int32_t fc_code_settle(int32_t code) {
    if (code == FC_CODE_REFUSED || code >= -1) return code;
    return code == -2 ? -1 : -3 - code;
}

/* Decides what is counted where; once, when the steps are known. */
fc_status fc_plan_watch(fc_plan *plan, const fc_plan_spec *spec);

/* The sums of a run, a number for each source and kind; no memory (`of`) if nothing is counted, or
 * if the run is `alone`: one part that publishes its counts by itself. */
typedef struct fc_totals {
    const fc_plan *plan;
    bool alone;
    void *of;
} fc_totals;
fc_status fc_totals_open(fc_totals *totals, const fc_plan *plan, bool alone);
/* Adds what a part has counted that ended with this status. */
void fc_totals_add(const fc_totals *totals, const uint64_t *counted, fc_status status);
/* Publishes the sums if all went well. */
void fc_totals_close(fc_totals *totals, fc_status status, size_t rows);

/* A panel of input as it was loaded; `counted` (NULL: not wanted) has FC_COUNT_KINDS numbers for
 * each source. Settles codes. */
void fc_watch_floats(const fc_plan *plan, uint32_t panel, const void *values, size_t rows,
                     uint64_t *counted);
void fc_watch_codes(const fc_plan *plan, uint32_t panel, int32_t *codes, size_t rows,
                    uint64_t *counted);
/* What a step that looks numbers up among categories did not find. */
void fc_watch_search(const fc_plan *plan, const fc_step *step, const double *values,
                     const int32_t *codes, size_t rows, uint64_t *counted);
/* One row, whose panels are still there: straight into the shared counts. */
void fc_watch_row(const fc_plan *plan, const fc_cell *cells, const void *const *panel);

#endif
