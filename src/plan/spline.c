/* SplineTransformer: the values of the B-spline basis at x, by the recurrence of Cox and de Boor
 * (C. de Boor, A Practical Guide to Splines, chapter X) in FITPACK's order of operations, which
 * SciPy follows: so the bits are scikit-learn's. Computed in double, stored in the output's type.
 *
 * Beyond the fitted range (low, high) of a column: an error (refused), the boundary's values or
 * lines for the first and the last columns (`first` and `last` say how many; others are zero), the
 * polynomials of the end intervals, or x modulo the period. NaN makes a row of zeros if `missing`,
 * and is refused else, as infinities are.
 *
 * In a sparse panel the degree + 1 values inside the range are stored, be they zero or not, and
 * those beyond it that are not zero (nor are they in the columns that a period folds). NaN is
 * refused there.
 *
 * Parameters: degree, splines (basis functions of a column), mode, bias (0: without each column's
 * last one), missing (q, 1); knots (d, columns x (splines + degree + 1); periodic: degree more);
 * low, high (d, columns); at constant and linear also first, last (q, columns; -1: refused),
 * low_value, high_value, low_slope, high_slope (d, columns x splines). */
#include <math.h>
#include <string.h>

#include "plan/csr.h"

enum { FC_SPLINE_DEGREE = 63 };
typedef enum fc_beyond {
    FC_BEYOND_ERROR = 0,
    FC_BEYOND_CONSTANT,
    FC_BEYOND_LINEAR,
    FC_BEYOND_CONTINUE,
    FC_BEYOND_PERIODIC
} fc_beyond;

typedef struct fc_spline {
    fc_plan_type from, type;
    size_t in_width, degree, splines, knot_count;
    fc_beyond mode;
    bool bias, missing;
    const double *knots, *low, *high, *low_value, *high_value, *low_slope, *high_slope;
    const int64_t *first, *last;
} fc_spline;

static fc_status read_numbers(fc_spline *self, const fc_shape *shape, const fc_blob *blob) {
    int64_t degree = fc_blob_flag(blob, "degree", -1), splines = fc_blob_flag(blob, "splines", -1);
    int64_t mode = fc_blob_flag(blob, "mode", -1);
    if (degree < 0 || degree > FC_SPLINE_DEGREE || splines < 1 || splines > INT32_MAX || mode < 0 ||
        mode > FC_BEYOND_PERIODIC)
        return FC_EINVALID;
    self->mode = (fc_beyond)mode;
    self->degree = (size_t)degree;
    self->splines = (size_t)splines;
    self->bias = fc_blob_flag(blob, "bias", 1) != 0;
    self->missing = fc_blob_flag(blob, "missing", 0) != 0;
    bool periodic = self->mode == FC_BEYOND_PERIODIC;
    if (self->splines < self->degree + !periodic) return FC_EINVALID;
    if (periodic && shape->type == FC_PLAN_CSR && self->splines <= self->degree) return FC_EINVALID;
    self->knot_count = self->splines + self->degree + 1 + (periodic ? self->degree : 0);
    self->in_width = shape->widths[0];
    size_t width;
    if (!fc_size_mul(self->in_width, self->splines - !self->bias, &width) || width != shape->width)
        return FC_EINVALID;
    self->from = shape->types[0];
    self->type = shape->type;
    return FC_OK;
}

static fc_status read_doubles(fc_arena *arena, const fc_blob *blob, const char *name, size_t count,
                              const double **out) {
    const fc_blob_item *item = fc_blob_find(blob, name, 'd', count);
    if (!item) return FC_EINVALID;
    *out = fc_blob_doubles(arena, item);
    return *out ? FC_OK : FC_ENOMEM;
}

static fc_status read_counts(fc_arena *arena, const fc_spline *self, const fc_blob *blob,
                             const char *name, const int64_t **out) {
    const fc_blob_item *item = fc_blob_find(blob, name, 'q', self->in_width);
    if (!item) return FC_EINVALID;
    *out = fc_blob_ints(arena, item);
    for (size_t j = 0; *out && j < self->in_width; j++)
        if ((*out)[j] < -1 || (*out)[j] > (int64_t)self->splines) return FC_EINVALID;
    return *out ? FC_OK : FC_ENOMEM;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    if (shape->input_count != 1 || shape->types[0] > FC_PLAN_F32 ||
        (shape->type > FC_PLAN_F32 && shape->type != FC_PLAN_CSR))
        return FC_EINVALID;
    fc_spline *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    *state = self;
    FC_TRY(read_numbers(self, shape, blob));
    size_t n = self->in_width, all, knots;
    if (!fc_size_mul(n, self->splines, &all) || !fc_size_mul(n, self->knot_count, &knots))
        return FC_EINVALID;
    FC_TRY(read_doubles(arena, blob, "knots", knots, &self->knots));
    FC_TRY(read_doubles(arena, blob, "low", n, &self->low));
    FC_TRY(read_doubles(arena, blob, "high", n, &self->high));
    if (self->mode != FC_BEYOND_CONSTANT && self->mode != FC_BEYOND_LINEAR) return FC_OK;
    FC_TRY(read_counts(arena, self, blob, "first", &self->first));
    FC_TRY(read_counts(arena, self, blob, "last", &self->last));
    FC_TRY(read_doubles(arena, blob, "low_value", all, &self->low_value));
    FC_TRY(read_doubles(arena, blob, "high_value", all, &self->high_value));
    FC_TRY(read_doubles(arena, blob, "low_slope", all, &self->low_slope));
    return read_doubles(arena, blob, "high_slope", all, &self->high_slope);
}

/* The interval of x: the last knot that is <= x among those from `degree` to the one before the
 * last of the base interval. */
static size_t interval(const fc_spline *self, const double *t, double x) {
    const double *base = t + self->degree;
    size_t last = self->knot_count - 2 * self->degree - 2; /* the last interval, from `base` */
    for (size_t n = last; n > 0;) {
        size_t half = (n + 1) / 2;
        base += base[half] <= x ? half : 0;
        n -= half;
    }
    return (size_t)(base - t);
}

/* The degree + 1 basis functions that are not zero at x. */
static void basis(const fc_spline *self, const double *t, size_t at, double x, double *h) {
    double before[FC_SPLINE_DEGREE + 1];
    h[0] = 1;
    for (size_t j = 1; j <= self->degree; j++) {
        memcpy(before, h, j * sizeof *h);
        h[0] = 0;
        for (size_t n = 1; n <= j; n++) {
            double right = t[at + n], left = t[at + n - j];
            if (right == left) {
                h[n] = 0;
                continue;
            }
            double w = before[n - 1] / (right - left);
            h[n - 1] += w * (right - x);
            h[n] = w * (x - left);
        }
    }
}

static void put(const fc_spline *self, void *out, size_t at, size_t spline, double value) {
    if (!self->bias && spline == self->splines - 1) return;
    value += 0.0; /* SciPy sums up from zero: no zero is negative */
    if (self->type == FC_PLAN_F64)
        ((double *)out)[at + spline] = value;
    else
        ((float *)out)[at + spline] = (float)value;
}

/* Writes the values of one column at x into zeros. */
static bool inside(const fc_spline *self, size_t column, double x, void *out, size_t at) {
    const double *t = self->knots + column * self->knot_count;
    double h[FC_SPLINE_DEGREE + 1];
    size_t found = interval(self, t, x), first = found - self->degree;
    bool good = true;
    basis(self, t, found, x, h);
    for (size_t a = 0; a <= self->degree; a++) good &= fabs(h[a]) <= __DBL_MAX__;
    size_t count = self->degree + 1;
    if (count > self->splines) h[0] += h[--count]; /* periodic: the last is the first again */
    for (size_t a = 0; a < count; a++) {
        size_t spline = first + a;
        put(self, out, at, spline < self->splines ? spline : spline - self->splines, h[a]);
    }
    return good;
}

/* The first columns below the range, the last ones above it. A range may be upside down, with x
 * beyond either end (see the reader): then both write, one column in turn. */
static bool beyond(const fc_spline *self, size_t column, double x, void *out, size_t at) {
    size_t splines = self->splines, skip = column * splines;
    bool below = x<self->low[column], above = x> self->high[column], good = true;
    int64_t first = below ? self->first[column] : 0, last = above ? self->last[column] : 0;
    for (int64_t j = 0; j < first || j < last; j++)
        for (int end = 0; end < 2; end++) {
            if (j >= (end ? last : first)) continue;
            size_t spline = end ? splines - 1 - (size_t)j : (size_t)j;
            double y = (end ? self->high_value : self->low_value)[skip + spline];
            double slope = (end ? self->high_slope : self->low_slope)[skip + spline];
            double away = x - (end ? self->high : self->low)[column];
            if (self->mode == FC_BEYOND_LINEAR) y += away * slope;
            good &= fabs(y) <= __DBL_MAX__;
            put(self, out, at, spline, y);
        }
    return good && first >= 0 && last >= 0;
}

/* The same into a sparse panel, with room; columns begin at `at`. */
static void store(const fc_spline *self, fc_csr *csr, size_t at, size_t spline, double value) {
    if (self->bias || spline < self->splines - 1) fc_csr_put(csr, at + spline, value);
}

static bool store_inside(const fc_spline *self, size_t column, double x, fc_csr *csr, size_t at) {
    const double *t = self->knots + column * self->knot_count;
    double h[FC_SPLINE_DEGREE + 1];
    size_t found = interval(self, t, x), first = found - self->degree;
    bool good = true;
    basis(self, t, found, x, h);
    for (size_t a = 0; a <= self->degree; a++) good &= fabs(h[a]) <= __DBL_MAX__;
    /* Those that are the first ones again come first. */
    for (int folded = 1; folded >= 0; folded--)
        for (size_t a = 0; a <= self->degree; a++) {
            size_t spline = first + a;
            if ((spline >= self->splines) != folded) continue;
            if (folded) spline -= self->splines;
            bool summed = self->mode == FC_BEYOND_PERIODIC && spline < self->degree;
            if (!summed || h[a] != 0) store(self, csr, at, spline, h[a]);
        }
    return good;
}

static bool store_beyond(const fc_spline *self, size_t column, double x, fc_csr *csr, size_t at) {
    size_t splines = self->splines, skip = column * splines;
    bool below = x<self->low[column], above = x> self->high[column], good = true;
    int64_t count = below ? self->first[column] : self->last[column];
    if (below == above || count < 0) return false;
    for (int64_t j = 0; j < count; j++) {
        size_t spline = below ? (size_t)j : splines - (size_t)(count - j);
        double y = (above ? self->high_value : self->low_value)[skip + spline];
        double slope = (above ? self->high_slope : self->low_slope)[skip + spline];
        double away = x - (above ? self->high : self->low)[column];
        if (self->mode == FC_BEYOND_LINEAR) y += away * slope;
        good &= fabs(y) <= __DBL_MAX__;
        if (y != 0) store(self, csr, at, spline, y);
    }
    return good;
}

/* Where x is in a period, or itself. */
static double folded(const fc_spline *self, size_t column, double x) {
    if (self->mode != FC_BEYOND_PERIODIC) return x;
    double low = self->low[column], period = self->high[column] - low, rest = fmod(x - low, period);
    if (rest < 0) rest += period; /* as Python's % */
    return period > 0 ? low + rest : 0;
}

static bool store_one(const fc_spline *self, size_t column, double x, fc_csr *csr, size_t at) {
    if (!(fabs(x) <= __DBL_MAX__)) return false;
    bool ends = self->mode != FC_BEYOND_CONTINUE && self->mode != FC_BEYOND_PERIODIC;
    if (ends && (x < self->low[column] || x > self->high[column]))
        return self->mode != FC_BEYOND_ERROR && store_beyond(self, column, x, csr, at);
    return store_inside(self, column, folded(self, column, x), csr, at);
}

static bool one(const fc_spline *self, size_t column, double x, void *out, size_t at) {
    if (x != x) return self->missing;
    if (!(fabs(x) <= __DBL_MAX__)) return false;
    if (self->mode == FC_BEYOND_PERIODIC)
        return inside(self, column, folded(self, column, x), out, at);
    double low = self->low[column], high = self->high[column];
    if (self->mode != FC_BEYOND_CONTINUE && (x < low || x > high))
        return self->mode != FC_BEYOND_ERROR && beyond(self, column, x, out, at);
    return inside(self, column, x, out, at);
}

static fc_status run_sparse(const fc_spline *self, const void *in, fc_csr *csr, size_t rows) {
    size_t width = self->splines - !self->bias;
    fc_csr_clear(csr);
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < self->in_width; j++) {
            size_t i = r * self->in_width + j;
            double x = self->from == FC_PLAN_F64 ? ((const double *)in)[i]
                                                 : (double)((const float *)in)[i];
            FC_TRY(fc_csr_reserve(csr, self->splines + self->degree + 1));
            if (!store_one(self, j, x, csr, j * width)) return FC_EREFUSED;
        }
        csr->heads[r + 1] = csr->used;
    }
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_spline *self = state;
    size_t width = self->splines - !self->bias, at = 0;
    if (self->type == FC_PLAN_CSR) return run_sparse(self, inputs[0], out, rows);
    memset(out, 0, rows * self->in_width * width * fc_plan_type_size(self->type));
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < self->in_width; j++, at += width) {
            size_t i = r * self->in_width + j;
            double x = self->from == FC_PLAN_F64 ? ((const double *)inputs[0])[i]
                                                 : (double)((const float *)inputs[0])[i];
            if (!one(self, j, x, out, at)) return FC_EREFUSED;
        }
    return FC_OK;
}

const fc_family fc_family_spline = {.name = "spline", .build = build, .run = run, .ragged = true};
