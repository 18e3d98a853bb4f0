/* Lists of element-wise operations: made once, chained, and run over panels.
 *
 * Quick division. StandardScaler divides each column by a constant c, and eight doubles keep the
 * divider busy for ten cycles. With h = RN(1/c) and l = RN(1/c - h), four fused operations give the
 * same bits in four:
 *
 *     q = RN(x h + RN(x l))      is within 1/2 + 2^-50 ulp of x/c
 *     s = q c - x                is exact, as q is that near
 *     y = RN(q - s h)
 *
 * Before its last rounding, y is off x/c by |x/c - q| |1 - c h|, at most m 2^-54 (1/2 + 2^-50) ulp
 * where m in [1, 2) is the significand of c. The quotient of two doubles is never nearer than
 * 2^-53 / m ulp to a point midway between two doubles (its distance is a multiple of half an ulp
 * over c's integer significand, and it isn't zero), so y rounds as x/c does if m^2 (1/2 + 2^-50)
 * < 2: for all m but those next to 2. See Brisebarre, Muller and Raina, "Accelerating correctly
 * rounded floating-point division when the divisor is known in advance" (IEEE Trans. Computers,
 * 2004). Nothing may under- or overflow on the way, so c and x have bounds, which the kernel checks
 * of x: what is beyond is computed again with divisions. A zero must be +0: it is after adding
 * anything but a zero. */
#include "plan/elementwise.h"

#include <math.h>
#include <string.h>

#include "plan/marks.h"

fc_status fc_lanes_new(fc_arena *arena, const fc_shape *shape, fc_lanes **out) {
    *out = NULL;
    if (shape->input_count != 1 || shape->types[0] != shape->type || shape->type == FC_PLAN_I32 ||
        shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_lanes *lanes = fc_arena_zeros(arena, 1, sizeof *lanes);
    if (!lanes) return FC_ENOMEM;
    lanes->ops = fc_arena_zeros(arena, FC_LANES_MAX + 1, sizeof *lanes->ops);
    if (!lanes->ops) return FC_ENOMEM;
    lanes->type = shape->type;
    lanes->width = shape->width;
    /* At least a group, so that a group wraps once; a multiple of the vectors of a narrow panel, so
     * that constants are loaded aligned. */
    size_t step = shape->width ? shape->width : 1;
    while (shape->width <= 64 && step % 16) step += shape->width ? shape->width : 1;
    size_t period = step;
    while (period < FC_LANE_MOST) period += step;
    lanes->period = period;
    *out = lanes;
    return FC_OK;
}

static bool is_wide(fc_lane_kind kind) {
    return kind >= FC_LANE_WIDE_ADD && kind <= FC_LANE_WIDE_DIV;
}

/* Constants as the kernel loads them: repeated, and a group beyond the period. */
static const void *repeat(fc_arena *arena, const fc_lanes *lanes, bool doubles, const double *c,
                          size_t width) {
    size_t n = lanes->period + FC_LANE_MOST;
    void *made = fc_arena_get(arena, n * 8, 64);
    if (!made) return NULL;
    for (size_t i = 0; i < n; i++) {
        double value = width ? c[i % width] : 0;
        if (doubles)
            ((double *)made)[i] = value;
        else
            ((float *)made)[i] = (float)value;
    }
    return made;
}

static fc_status add(fc_arena *arena, fc_lanes *lanes, fc_lane_kind kind, const double *c,
                     size_t width, const double *what) {
    if (lanes->count == FC_LANES_MAX) return FC_EINVALID;
    if (is_wide(kind) && lanes->type != FC_PLAN_F32) return FC_EINVALID;
    bool doubles = lanes->type == FC_PLAN_F64 || is_wide(kind);
    fc_lane_op op = {kind, NULL, NULL, NULL};
    /* Kinds without constants have a row of something all the same: offsets into it are computed
     * before the kind is looked at. */
    op.c = repeat(arena, lanes, doubles, c, c ? width : 0);
    if (!op.c) return FC_ENOMEM;
    op.second = what ? repeat(arena, lanes, doubles, what, 1) : op.c;
    if (!op.second) return FC_ENOMEM;
    lanes->ops[lanes->count++] = op;
    return FC_OK;
}

fc_status fc_lanes_add(fc_arena *arena, fc_lanes *lanes, fc_lane_kind kind, const double *c) {
    return add(arena, lanes, kind, c, lanes->width, NULL);
}

fc_status fc_lanes_add_same(fc_arena *arena, fc_lanes *lanes, fc_lane_kind kind, double c) {
    return add(arena, lanes, kind, &c, 1, NULL);
}

fc_status fc_lanes_replace(fc_arena *arena, fc_lanes *lanes, const double *c, double what) {
    return add(arena, lanes, FC_LANE_REPLACE, c, lanes->width, &what);
}

fc_lane_kind fc_lanes_wide(const fc_lanes *lanes, fc_lane_kind kind, bool single) {
    if (lanes->type == FC_PLAN_F64 || single) return kind;
    switch (kind) {
    case FC_LANE_ADD: return FC_LANE_WIDE_ADD;
    case FC_LANE_SUB: return FC_LANE_WIDE_SUB;
    case FC_LANE_MUL: return FC_LANE_WIDE_MUL;
    case FC_LANE_DIV: return FC_LANE_WIDE_DIV;
    default: return kind;
    }
}

fc_status fc_lanes_add_named(fc_arena *arena, fc_lanes *lanes, const fc_blob *blob,
                             const char *name, fc_lane_kind kind, bool single) {
    const fc_blob_item *item = fc_blob_find(blob, name, 'd', lanes->width);
    if (!item) return fc_blob_find(blob, name, 'd', SIZE_MAX) ? FC_EINVALID : FC_OK;
    const double *values = fc_blob_doubles(arena, item);
    if (!values) return FC_ENOMEM;
    return fc_lanes_add(arena, lanes, fc_lanes_wide(lanes, kind, single), values);
}

fc_status fc_lanes_chain(fc_arena *arena, const fc_lanes *first, const fc_lanes *second,
                         fc_lanes **out) {
    *out = NULL;
    if (first->type != second->type || first->width != second->width ||
        first->count + second->count > FC_LANES_MAX)
        return FC_OK;
    fc_lanes *made = fc_arena_zeros(arena, 1, sizeof *made);
    if (!made) return FC_ENOMEM;
    *made = *first;
    made->quick = NULL;
    made->ops = fc_arena_zeros(arena, FC_LANES_MAX + 1, sizeof *made->ops);
    if (!made->ops) return FC_ENOMEM;
    memcpy(made->ops, first->ops, first->count * sizeof *made->ops);
    memcpy(made->ops + first->count, second->ops, second->count * sizeof *made->ops);
    made->count = first->count + second->count;
    *out = made;
    return FC_OK;
}

/* ---- Tests of infinities -------------------------------------------------------------------- */

/* Whether an infinity stays one under `op`. */
static bool keeps_infinity(const fc_lanes *lanes, const fc_lane_op *op) {
    bool zero_too = false; /* whether a constant may be zero */
    switch (op->kind) {
    case FC_LANE_FILL:
    case FC_LANE_FILL_MARK: return true;
    case FC_LANE_ADD:
    case FC_LANE_SUB:
    case FC_LANE_WIDE_ADD:
    case FC_LANE_WIDE_SUB: zero_too = true; break;
    case FC_LANE_MUL:
    case FC_LANE_DIV:
    case FC_LANE_WIDE_MUL:
    case FC_LANE_WIDE_DIV: break;
    default: return false;
    }
    bool doubles = lanes->type == FC_PLAN_F64 || is_wide(op->kind);
    for (size_t i = 0; i < lanes->width; i++) {
        double c = doubles ? ((const double *)op->c)[i] : (double)((const float *)op->c)[i];
        if (!isfinite(c) || (c == 0 && !zero_too)) return false;
    }
    return true;
}

/* Each step tests its input, and those that may overflow their output. Of two tests with nothing
 * between them that could hide an infinity, the second is enough. */
static void prune(fc_lanes *lanes) {
    size_t kept = 0;
    for (size_t i = 0; i < lanes->count; i++) {
        size_t next = i + 1;
        while (next < lanes->count && keeps_infinity(lanes, &lanes->ops[next])) next++;
        bool again = next < lanes->count && (lanes->ops[next].kind == FC_LANE_NO_INF ||
                                             lanes->ops[next].kind == FC_LANE_FINITE);
        if (lanes->ops[i].kind == FC_LANE_NO_INF && again) continue;
        lanes->ops[kept++] = lanes->ops[i];
    }
    lanes->ops[kept].kind = FC_LANE_END;
    lanes->count = kept;
}

/* ---- Quick divisions ------------------------------------------------------------------------ */

/* Whether `op` adds or subtracts finite constants; with `moves`, none of them zero. */
static bool shifts(const fc_lanes *lanes, const fc_lane_op *op, bool moves) {
    if (op->kind != FC_LANE_ADD && op->kind != FC_LANE_SUB) return false;
    const double *c = op->c;
    for (size_t i = 0; i < lanes->width; i++)
        if (!isfinite(c[i]) || (moves && c[i] == 0)) return false;
    return true;
}

/* h and l of every constant in *made; NULL there if some constant is out of bounds. */
static fc_status invert(fc_arena *arena, const fc_lanes *lanes, const fc_lane_op *op,
                        fc_lane_op *made) {
    const double *c = op->c;
    for (size_t i = 0; i < lanes->width; i++) {
        int exponent;
        bool bounded = c[i] >= 0x1p-250 && c[i] <= 0x1p250;
        if (!bounded || frexp(c[i], &exponent) > 1 - 0x1p-40) return FC_OK;
    }
    size_t n = lanes->period + FC_LANE_MOST;
    double *high = fc_arena_get(arena, n * sizeof *high, 64);
    double *low = fc_arena_get(arena, n * sizeof *low, 64);
    if (!high || !low) return FC_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        high[i] = 1 / c[i];
        low[i] = fma(-c[i], high[i], 1) * high[i];
    }
    *made = (fc_lane_op){FC_LANE_QUICK_DIV, c, high, low};
    return FC_OK;
}

/* A test of infinities says nothing that a quick division's bounds don't, if only operations lie
 * between that leave infinities as they are; behind it, all is finite. */
static bool implied(const fc_lanes *lanes, size_t at) {
    for (size_t i = at + 1; i < lanes->count; i++) {
        if (lanes->quick[i].kind == FC_LANE_QUICK_DIV) return true;
        if (!keeps_infinity(lanes, &lanes->quick[i])) return false;
    }
    return false;
}

fc_status fc_lanes_finish(fc_arena *arena, fc_lanes *lanes) {
    if (lanes->quick) return FC_OK;
    prune(lanes);
    if (lanes->type != FC_PLAN_F64) return FC_OK;
    fc_lane_op *quick = fc_arena_zeros(arena, lanes->count + 1, sizeof *quick);
    if (!quick) return FC_ENOMEM;
    memcpy(quick, lanes->ops, lanes->count * sizeof *quick);
    bool any = false;
    for (size_t i = 1; i < lanes->count; i++) {
        if (quick[i].kind != FC_LANE_DIV || !shifts(lanes, &quick[i - 1], true)) continue;
        FC_TRY(invert(arena, lanes, &lanes->ops[i], &quick[i]));
        any |= quick[i].kind == FC_LANE_QUICK_DIV;
    }
    if (!any) return FC_OK;
    lanes->quick = quick;
    size_t kept = 0;
    bool divided = false; /* the operation before was quick */
    for (size_t i = 0; i < lanes->count; i++) {
        bool needless = quick[i].kind == FC_LANE_NO_INF && (divided || implied(lanes, i));
        divided = quick[i].kind == FC_LANE_QUICK_DIV;
        if (!needless) quick[kept++] = quick[i];
    }
    quick[kept].kind = FC_LANE_END;
    return FC_OK;
}

/* ---- Running -------------------------------------------------------------------------------- */

static bool mark(fc_lane_op *ops) {
    while (ops->kind == FC_LANE_NO_INF) ops++;
    if (ops->kind != FC_LANE_FILL && ops->kind != FC_LANE_FILL_MARK) return false;
    ops->kind = FC_LANE_FILL_MARK;
    return true;
}

bool fc_lanes_mark(fc_lanes *lanes) {
    if (!lanes->width || lanes->width > FC_MARKS_WIDTH) return false;
    /* `quick` is the same list but for tests and divisions. */
    lanes->marks = mark(lanes->ops) && (!lanes->quick || mark(lanes->quick));
    return lanes->marks;
}

/* A run: what it calls, and where it says what was missing. */
typedef struct fc_lane_run {
    const fc_lane_kernel *kernel;
    const fc_lanes *lanes;
    const fc_lane_op *ops;
    fc_marks *missing; /* NULL: not wanted */
} fc_lane_run;

enum { MARK_WORDS = 128 }; /* bits that are counted at a time */

/* One stretch that begins with value `at`; of its marks, those of values [first, end) count. */
static unsigned run_stretch(const fc_lane_run *run, fc_stretch stretch, size_t at, size_t first,
                            size_t end) {
    uint64_t marks[MARK_WORDS];
    const size_t group = run->kernel->group, size = fc_plan_type_size(run->lanes->type);
    if (!run->lanes->marks) return run->kernel->run(run->ops, &stretch);
    unsigned found = 0;
    size_t most = MARK_WORDS * 64 / group, left = stretch.groups;
    stretch.marks = (uint8_t *)marks;
    for (size_t done = 0; left; left -= stretch.groups, done += stretch.groups * group) {
        stretch.groups = left < most ? left : most;
        stretch.phase = (at + done) % run->lanes->period;
        size_t n = stretch.groups * group;
        if (n % 64) marks[n / 64] = 0;
        found |= run->kernel->run(run->ops, &stretch);
        size_t from = first > done ? first - done : 0, to = end > done ? end - done : 0;
        if (run->missing)
            fc_marks_add(run->missing, marks, from, to < n ? to : n,
                         (at + done) % run->lanes->width);
        stretch.x = (const char *)stretch.x + n * size;
        stretch.y = (char *)stretch.y + n * size;
    }
    return found;
}

/* Values that are no group: a copy, filled up with earlier rows, whose columns are the same. */
static unsigned run_few(const fc_lane_run *run, const char *x, char *y, size_t total) {
    double buffer[FC_LANE_MOST];
    size_t size = fc_plan_type_size(run->lanes->type);
    size_t have = total * size, row = run->lanes->width * size, want = run->kernel->group * size;
    char *at = (char *)buffer;
    memcpy(at, x, have);
    for (size_t i = have; i < want; i += row)
        memcpy(at + i, at + i - row, want - i < row ? want - i : row);
    fc_stretch stretch = {buffer, buffer, 1, 0, run->lanes->period, false, NULL};
    unsigned found = run_stretch(run, stretch, 0, 0, total);
    memcpy(y, at, have);
    return found;
}

/* All values, group by group. The first and the last group overlap their neighbours where that is
 * needed; computing a value twice is harmless, as the output is no input. */
static unsigned run_all(const fc_lane_run *run, const char *x, char *y, size_t total, bool stream) {
    const fc_lanes *lanes = run->lanes;
    size_t size = fc_plan_type_size(lanes->type), group = run->kernel->group, at = 0;
    if (total < group) return run_few(run, x, y, total);
    unsigned found = 0;
    size_t head = (-(uintptr_t)y & 63) / size;
    stream = stream && (uintptr_t)y % size == 0;
    if (head && total >= 4 * group) {
        fc_stretch first = {x, y, 1, 0, lanes->period, false, NULL};
        found |= run_stretch(run, first, 0, 0, head);
        at = head;
    } else if (head) {
        stream = false;
    }
    size_t groups = (total - at) / group;
    fc_stretch middle = {x + at * size, y + at * size, groups, at % lanes->period,
                         lanes->period, stream,        NULL};
    found |= run_stretch(run, middle, at, 0, groups * group);
    at += groups * group;
    if (at < total) {
        size_t again = at - (total - group); /* values that were done before */
        at = total - group;
        fc_stretch last = {x + at * size, y + at * size, 1,   at % lanes->period,
                           lanes->period, false,         NULL};
        found |= run_stretch(run, last, at, again, group);
    }
    return found;
}

fc_status fc_lanes_run_as(const fc_lanes *lanes, const void *x, void *y, size_t rows, bool past,
                          struct fc_marks *missing) {
    size_t total = rows * lanes->width;
    if (!total) return FC_OK;
    fc_lane_run run = {fc_lanes_kernel(lanes->type), lanes, lanes->quick, missing};
    unsigned found = FC_LANES_UNSURE;
    if (run.kernel->quick && lanes->quick) {
        found = run_all(&run, x, y, total, past);
        run.missing = NULL; /* they were counted, whatever else is done again */
    }
    run.ops = lanes->ops;
    if (found & FC_LANES_UNSURE) found = run_all(&run, x, y, total, past) & FC_LANES_REFUSED;
    return found ? FC_EREFUSED : FC_OK;
}

fc_status fc_lanes_run(const void *state, const void *const *inputs, void *out, size_t rows) {
    return fc_lanes_run_as(state, inputs[0], out, rows, false, NULL);
}
