/* What is counted where, and the sums; the contract is in watch.h. */
#include "plan/watch.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "plan/elementwise.h"
#include "plan/marks.h"

struct fc_counts {
    const fc_alloc *alloc;
    size_t columns;
    _Atomic uint64_t rows;
    _Atomic uint64_t of[]; /* FC_COUNT_KINDS for each column */
};

static void add(_Atomic uint64_t *to, uint64_t count) {
    if (count) atomic_fetch_add_explicit(to, count, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *from) {
    return atomic_load_explicit(from, memory_order_relaxed);
}

fc_status fc_counts_new(const fc_alloc *alloc, size_t columns, fc_counts **out) {
    size_t bytes;
    *out = NULL;
    if (!fc_size_mul(columns, FC_COUNT_KINDS * sizeof(uint64_t), &bytes) ||
        !fc_size_add(bytes, sizeof **out, &bytes))
        return FC_ENOMEM;
    fc_counts *counts = alloc->get(alloc->ctx, bytes);
    if (!counts) return FC_ENOMEM;
    counts->alloc = alloc;
    counts->columns = columns;
    fc_counts_reset(counts);
    *out = counts;
    return FC_OK;
}

void fc_counts_free(fc_counts *counts) {
    if (counts) counts->alloc->release(counts->alloc->ctx, counts);
}

void fc_counts_reset(fc_counts *counts) {
    atomic_store_explicit(&counts->rows, 0, memory_order_relaxed);
    for (size_t i = 0; i < counts->columns * FC_COUNT_KINDS; i++)
        atomic_store_explicit(&counts->of[i], 0, memory_order_relaxed);
}

size_t fc_counts_columns(const fc_counts *counts) { return counts->columns; }
uint64_t fc_counts_rows(const fc_counts *counts) { return get(&counts->rows); }

uint64_t fc_counts_get(const fc_counts *counts, size_t column, fc_count_kind kind) {
    return get(&counts->of[column * FC_COUNT_KINDS + kind]);
}

/* ---- What is counted where ------------------------------------------------------------------ */

/* Tiles of the ends of a panel's columns, if any column has some. */
static fc_status add_ends(fc_plan *plan, fc_panel *panel) {
    bool any = false;
    double *ends = fc_arena_zeros(&plan->arena, 2 * (size_t)panel->width + 1, sizeof *ends);
    if (!ends) return FC_ENOMEM;
    for (uint32_t j = 0; j < panel->width; j++) {
        const fc_watch *watch = &plan->watches[panel->sources[j]];
        bool counted = panel->counted[j] != 0;
        ends[j] = counted ? watch->low : -(double)INFINITY;
        ends[panel->width + j] = counted ? watch->high : (double)INFINITY;
        any |= isfinite(ends[j]) || isfinite(ends[panel->width + j]);
    }
    panel->ranged = any;
    if (!panel->width || panel->width >= FC_TILE) return FC_OK;
    FC_TRY(fc_tile_make(&plan->arena, ends, panel->width, &panel->low));
    return fc_tile_make(&plan->arena, ends + panel->width, panel->width, &panel->high);
}

/* Each source is counted in the first panel that has it; `seen` says which are. */
static fc_status add_panel(fc_plan *plan, fc_panel *panel, uint8_t *seen) {
    panel->counted = fc_arena_zeros(&plan->arena, (size_t)panel->width + 1, 1);
    if (!panel->counted) return FC_ENOMEM;
    for (uint32_t j = 0; j < panel->width; j++) {
        uint32_t source = panel->sources[j];
        if (seen[source] || plan->watches[source].column == UINT32_MAX) continue;
        seen[source] = 1;
        panel->counted[j] = 1;
        panel->watched = true;
        if (panel->type == FC_PLAN_I32)
            plan->code_sources[plan->code_count++] = source;
        else if (panel->type != FC_PLAN_TEXT)
            plan->number_sources[plan->number_count++] = source;
    }
    return panel->watched && panel->type <= FC_PLAN_F32 ? add_ends(plan, panel) : FC_OK;
}

/* The step that fills up a panel knows what is missing, and says so (see elementwise.h). */
static void let_fill_say(fc_plan *plan) {
    for (uint32_t i = 0; i < plan->step_count; i++) {
        fc_step *step = &plan->steps[i];
        if (step->family->run != fc_lanes_run || step->inputs[0] >= plan->input_count) continue;
        fc_panel *panel = &plan->panels[step->inputs[0]];
        if (!panel->watched || panel->ranged || panel->marked) continue;
        panel->marked = step->marks = fc_lanes_mark(step->state);
        if (!step->marks) continue;
        step->marks_at = plan->marks_bytes;
        plan->marks_bytes += (fc_marks_bytes(panel->width) + 63) & ~(size_t)63;
    }
    for (uint32_t i = 0; i < plan->step_count; i++) {
        fc_step *step = &plan->steps[i];
        bool searches = strcmp(step->family->name, "search") == 0;
        step->searches = searches && step->inputs[0] < plan->input_count &&
                         plan->panels[step->inputs[0]].watched;
    }
}

fc_status fc_plan_watch(fc_plan *plan, const fc_plan_spec *spec) {
    if (!spec->counts) return FC_OK;
    size_t n = (size_t)plan->source_count + 1;
    fc_watch *watches = fc_arena_zeros(&plan->arena, n, sizeof *watches);
    uint8_t *seen = fc_arena_zeros(&plan->arena, n, 1);
    plan->number_sources = fc_arena_zeros(&plan->arena, n, sizeof *plan->number_sources);
    plan->code_sources = fc_arena_zeros(&plan->arena, n, sizeof *plan->code_sources);
    if (!watches || !seen || !plan->number_sources || !plan->code_sources) return FC_ENOMEM;
    for (uint32_t i = 0; i < plan->source_count; i++) {
        watches[i] = spec->watches[i];
        bool there = watches[i].column < fc_counts_columns(spec->counts);
        if (!there && watches[i].column != UINT32_MAX) return FC_EINVALID;
    }
    plan->counts = spec->counts;
    plan->watches = watches;
    for (uint32_t i = 0; i < plan->input_count; i++) /* sparse ones are not looked at */
        if (plan->panels[i].type != FC_PLAN_CSR) FC_TRY(add_panel(plan, &plan->panels[i], seen));
    let_fill_say(plan);
    return FC_OK;
}

/* ---- Sums of a run -------------------------------------------------------------------------- */

fc_status fc_totals_open(fc_totals *totals, const fc_plan *plan, bool alone) {
    *totals = (fc_totals){plan, alone, NULL};
    if (!plan->counts || alone) return FC_OK;
    size_t bytes = ((size_t)plan->source_count * FC_COUNT_KINDS + 1) * sizeof(uint64_t);
    totals->of = plan->alloc->get(plan->alloc->ctx, bytes);
    if (!totals->of) return FC_ENOMEM;
    memset(totals->of, 0, bytes);
    return FC_OK;
}

static void publish(const fc_plan *plan, uint32_t source, fc_count_kind kind, uint64_t count) {
    uint32_t column = plan->watches[source].column;
    if (count && column != UINT32_MAX)
        add(&plan->counts->of[column * (size_t)FC_COUNT_KINDS + kind], count);
}

void fc_totals_add(const fc_totals *totals, const uint64_t *counted, fc_status status) {
    const fc_plan *plan = totals->plan;
    _Atomic uint64_t *of = totals->of;
    for (size_t i = 0; !totals->alone && i < (size_t)plan->source_count * FC_COUNT_KINDS; i++)
        add(&of[i], counted[i]);
    for (uint32_t i = 0; totals->alone && status == FC_OK && i < plan->source_count; i++)
        for (int kind = 0; kind < FC_COUNT_KINDS; kind++)
            publish(plan, i, (fc_count_kind)kind, counted[i * (size_t)FC_COUNT_KINDS + kind]);
}

void fc_totals_close(fc_totals *totals, fc_status status, size_t rows) {
    const fc_plan *plan = totals->plan;
    if (plan->counts && status == FC_OK) add(&plan->counts->rows, rows);
    if (!totals->of) return;
    const _Atomic uint64_t *of = totals->of;
    for (uint32_t i = 0; status == FC_OK && i < plan->source_count; i++)
        for (int kind = 0; kind < FC_COUNT_KINDS; kind++)
            publish(plan, i, (fc_count_kind)kind, get(&of[i * (size_t)FC_COUNT_KINDS + kind]));
    plan->alloc->release(plan->alloc->ctx, totals->of);
}

/* ---- Counting ------------------------------------------------------------------------------- */

enum { SUMS = 16 * FC_TILE };

/* Sums by place in a tile: NaN, and what lies outside. */
#define FC_SUM(value_type, sum_type)                                                               \
    do {                                                                                           \
        const value_type *restrict x = values;                                                     \
        FC_TILE_LOOP(total, period, at, n)                                                         \
        for (size_t i = 0; i < n; i++) {                                                           \
            value_type v = x[at + i];                                                              \
            missing[i] += (sum_type)(v != v);                                                      \
            outside[i] += (sum_type)((double)v < low[i]) | (sum_type)((double)v > high[i]);        \
        }                                                                                          \
    } while (0)

FC_BODY void sums_body(bool is64, const void *values, size_t total, size_t period,
                       const double *restrict low, const double *restrict high,
                       uint32_t *restrict missing, uint32_t *restrict outside) {
    if (is64)
        FC_SUM(double, uint32_t);
    else
        FC_SUM(float, uint32_t);
}
FC_SIMD_FORMS(void, sums,
              (bool is64, const void *values, size_t total, size_t period,
               const double *restrict low, const double *restrict high, uint32_t *restrict missing,
               uint32_t *restrict outside),
              (is64, values, total, period, low, high, missing, outside))

static void add_float(const fc_plan *plan, uint32_t source, double value, uint64_t *counted) {
    uint64_t *to = counted + source * (size_t)FC_COUNT_KINDS;
    to[FC_COUNT_MISSING] += value != value;
    to[FC_COUNT_OUTSIDE] += value < plan->watches[source].low || value > plan->watches[source].high;
}

void fc_watch_floats(const fc_plan *plan, uint32_t which, const void *values, size_t rows,
                     uint64_t *counted) {
    const fc_panel *panel = &plan->panels[which];
    if (!counted || !panel->watched || panel->marked) return;
    size_t width = panel->width, total = rows * width, period = panel->low.period;
    bool is64 = panel->type == FC_PLAN_F64;
    if (!period) { /* too wide for a tile */
        for (size_t i = 0, j = 0; i < total; i++, j = j + 1 < width ? j + 1 : 0)
            if (panel->counted[j])
                add_float(plan, panel->sources[j],
                          is64 ? ((const double *)values)[i] : (double)((const float *)values)[i],
                          counted);
        return;
    }
    uint32_t missing[SUMS], outside[SUMS];
    size_t used = total < period ? total : period;
    memset(missing, 0, used * sizeof *missing);
    memset(outside, 0, used * sizeof *outside);
    sums(is64, values, total, period, panel->low.d, panel->high.d, missing, outside);
    for (size_t i = 0, j = 0; i < used; i++, j = j + 1 < width ? j + 1 : 0) {
        if (!panel->counted[j]) continue;
        uint64_t *to = counted + panel->sources[j] * (size_t)FC_COUNT_KINDS;
        to[FC_COUNT_MISSING] += missing[i];
        to[FC_COUNT_OUTSIDE] += outside[i];
    }
}

void fc_watch_codes(const fc_plan *plan, uint32_t which, int32_t *codes, size_t rows,
                    uint64_t *counted) {
    const fc_panel *panel = &plan->panels[which];
    size_t width = panel->width;
    for (size_t j = 0; j < width; j++) {
        uint64_t missing = 0, unknown = 0;
        for (size_t i = j; i < rows * width; i += width) {
            missing += codes[i] < -1;
            unknown += codes[i] == -1;
            codes[i] = fc_code_settle(codes[i]);
        }
        if (!counted || !panel->watched || !panel->counted[j]) continue;
        uint64_t *to = counted + panel->sources[j] * (size_t)FC_COUNT_KINDS;
        to[FC_COUNT_MISSING] += missing;
        to[FC_COUNT_UNKNOWN] += unknown;
    }
}

void fc_watch_search(const fc_plan *plan, const fc_step *step, const double *values,
                     const int32_t *codes, size_t rows, uint64_t *counted) {
    const fc_panel *panel = &plan->panels[step->inputs[0]];
    if (!counted || !panel->watched) return;
    for (size_t r = 0, i = 0; r < rows; r++)
        for (size_t j = 0; j < panel->width; j++, i++)
            if (codes[i] < 0 && values[i] == values[i] && panel->counted[j])
                counted[panel->sources[j] * (size_t)FC_COUNT_KINDS + FC_COUNT_UNKNOWN]++;
}

/* Most rows have nothing to be counted: one look at all cells tells. */
void fc_watch_row(const fc_plan *plan, const fc_cell *cells, const void *const *panel) {
    if (!plan->counts) return;
    add(&plan->counts->rows, 1);
    unsigned any = 0;
    for (size_t i = 0; i < plan->number_count; i++) {
        uint32_t source = plan->number_sources[i];
        double x = cells[source].number;
        any |= !((x >= plan->watches[source].low) & (x <= plan->watches[source].high));
    }
    for (size_t i = 0; any && i < plan->number_count; i++) {
        uint32_t source = plan->number_sources[i];
        double x = cells[source].number;
        publish(plan, source, FC_COUNT_MISSING, x != x);
        publish(plan, source, FC_COUNT_OUTSIDE,
                x < plan->watches[source].low || x > plan->watches[source].high);
    }
    for (size_t i = 0; i < plan->code_count; i++) {
        int32_t code = cells[plan->code_sources[i]].code;
        if (code >= 0) continue;
        publish(plan, plan->code_sources[i], code == -1 ? FC_COUNT_UNKNOWN : FC_COUNT_MISSING, 1);
    }
    for (uint32_t i = 0; i < plan->step_count; i++) {
        const fc_step *step = &plan->steps[i];
        if (!step->searches) continue;
        const fc_panel *from = &plan->panels[step->inputs[0]];
        const double *values = panel[step->inputs[0]];
        const int32_t *codes = panel[step->made];
        for (uint32_t j = 0; j < from->width; j++)
            if (codes[j] < 0 && values[j] == values[j] && from->counted[j])
                publish(plan, from->sources[j], FC_COUNT_UNKNOWN, 1);
    }
}
