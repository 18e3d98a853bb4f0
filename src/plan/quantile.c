/* QuantileTransformer: the mean of two linear interpolations, one from either end of a column's
 * knots, as np.interp computes them; they differ where knots repeat. One binary search serves both:
 * it finds the last knot <= x, and the first knot >= x is the next one, or the first of its equals.
 * With `normal` the result goes through ndtri and is clipped. Infinities are refused.
 * Parameters: quantiles (d, width x knots, column by column), references (d, knots), normal (q, 1).
 * A column with a NaN among its knots knows what NaN becomes, and no more. */
#include <math.h>

#include "plan/family.h"
#include "plan/special.h"

/* A column's knots; `r` and `slope` have a value more than there are knots, so that the one behind
 * the last can be loaded without a condition. */
typedef struct fc_knots {
    size_t count;
    bool blind; /* NaN among the knots */
    const double *q, *r, *slope;
    const int32_t *first; /* of the knots equal to this one */
} fc_knots;

typedef struct fc_quantile {
    fc_plan_type type;
    bool normal, blind; /* a column is */
    size_t width;
    double least, most; /* of what ndtri gives */
    const fc_knots *columns;
} fc_quantile;

/* scikit-learn's BOUNDS_THRESHOLD: how near to an end counts as the end, for `normal`. */
#define NEAR 1e-7

static fc_status build_column(fc_arena *arena, const double *q, const double *r, size_t count,
                              fc_knots *out) {
    double *own = fc_arena_zeros(arena, count + 1, sizeof *own);
    double *slope = fc_arena_zeros(arena, count + 1, sizeof *slope);
    int32_t *first = fc_arena_zeros(arena, count + 1, sizeof *first);
    if (!own || !slope || !first) return FC_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        own[i] = q[i];
        out->blind |= q[i] != q[i];
        first[i] = i && q[i] == q[i - 1] ? first[i - 1] : (int32_t)i;
        if (i + 1 < count) slope[i] = (r[i + 1] - r[i]) / (q[i + 1] - q[i]);
    }
    own[count] = q[count - 1];
    out->count = count;
    out->q = own;
    out->r = r;
    out->slope = slope;
    out->first = first;
    return FC_OK;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *references = fc_blob_find(blob, "references", 'd', SIZE_MAX);
    if (!references || !references->count || references->count > INT32_MAX / 2) return FC_EINVALID;
    size_t count = references->count, total;
    if (!fc_size_mul(count, shape->width, &total)) return FC_EINVALID;
    const fc_blob_item *quantiles = fc_blob_find(blob, "quantiles", 'd', total);
    if (!quantiles || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_quantile *self = fc_arena_zeros(arena, 1, sizeof *self);
    fc_knots *columns = fc_arena_zeros(arena, (size_t)shape->width + 1, sizeof *columns);
    const double *q = fc_blob_doubles(arena, quantiles),
                 *given = fc_blob_doubles(arena, references);
    double *r = fc_arena_zeros(arena, count + 1, sizeof *r);
    if (!self || !columns || !q || !given || !r) return FC_ENOMEM;
    for (size_t i = 0; i <= count; i++) r[i] = given[i < count ? i : count - 1];
    for (size_t j = 0; j < shape->width; j++)
        FC_TRY(build_column(arena, q + j * count, r, count, &columns[j]));
    for (size_t j = 0; j < shape->width; j++) self->blind |= columns[j].blind;
    self->type = shape->type;
    self->normal = fc_blob_flag(blob, "normal", 0) != 0;
    self->width = shape->width;
    double ulp = nextafter(1.0, 2.0) - 1.0; /* so that no value becomes an infinity */
    self->least = fc_ndtri(NEAR - ulp);
    self->most = fc_ndtri(1 - (NEAR - ulp));
    self->columns = columns;
    *state = self;
    return FC_OK;
}

/* How many values of a column are worked on at a time. */
enum { CHUNK = 256 };

/* at[i]: the last knot <= x[i], or 0. All values take the same steps, so that they go abreast. */
FC_BODY void locate_body(const double *restrict q, size_t count, const double *restrict x,
                         int32_t *restrict at, size_t n) {
    for (size_t i = 0; i < n; i++) at[i] = 0;
    for (size_t left = count; left > 1;) {
        int32_t half = (int32_t)(left / 2);
        for (size_t i = 0; i < n; i++) {
            int32_t next = at[i] + half;
            at[i] = q[next] <= x[i] ? next : at[i];
        }
        left -= (size_t)half;
    }
}
FC_SIMD_FORMS(void, locate,
              (const double *restrict q, size_t count, const double *restrict x,
               int32_t *restrict at, size_t n),
              (q, count, x, at, n))

/* NaN stays, and so does what is NaN for another reason: the slow form sees to that. */
FC_BODY void mean_body(const fc_knots *knots, const double *restrict x, const int32_t *restrict at,
                       double *restrict y, size_t n) {
    const double *restrict q = knots->q, *restrict r = knots->r, *restrict slope = knots->slope;
    const int32_t *restrict first = knots->first;
    double low = q[0], high = q[knots->count - 1], r_low = r[0], r_high = r[knots->count];
    for (size_t i = 0; i < n; i++) {
        int32_t j = at[i];
        double v = x[i], s = slope[j], here = r[j], next = r[j + 1], same = r[first[j]];
        double up = s * (v - q[j]) + here, down = s * (q[j + 1] - v) - next;
        double mean = v == q[j] ? 0.5 * (here + same) : 0.5 * (up - down);
        mean = v < low ? 0.5 * (r_low + r_low) : mean;
        mean = v > high ? 0.5 * (r_high + r_high) : mean;
        y[i] = v != v ? v : mean;
    }
}
FC_SIMD_FORMS(void, mean,
              (const fc_knots *knots, const double *restrict x, const int32_t *restrict at,
               double *restrict y, size_t n),
              (knots, x, at, y, n))

/* np.interp between the knots (x0, y0) and (x1, y1): from the left, and if that is NaN (a slope
 * without bounds) from the right. */
static double between(double x, double x0, double y0, double x1, double y1) {
    double slope = (y1 - y0) / (x1 - x0);
    double y = slope * (x - x0) + y0;
    if (y != y) y = slope * (x - x1) + y1;
    if (y != y && y0 == y1) y = y0;
    return y;
}

static double slowly(const fc_knots *knots, double x, size_t j) {
    const double *q = knots->q, *r = knots->r;
    double up = between(x, q[j], r[j], q[j + 1], r[j + 1]);
    double down = between(-x, -q[j + 1], -r[j + 1], -q[j], -r[j]);
    return 0.5 * (up - down);
}

/* One column of doubles; false if it holds what only the original can tell. */
static bool column(const fc_knots *knots, const double *x, double *y, size_t n) {
    int32_t at[CHUNK];
    int64_t bad = 0;
    for (size_t i = 0; i < n; i++) bad |= fc_inf64(x[i]);
    if (bad) return false;
    if (knots->blind) {
        for (size_t i = 0; i < n; i++) {
            if (x[i] == x[i]) return false;
            y[i] = x[i];
        }
        return true;
    }
    locate(knots->q, knots->count, x, at, n);
    mean(knots, x, at, y, n);
    for (size_t i = 0; i < n; i++)
        if (y[i] != y[i] && x[i] == x[i]) y[i] = slowly(knots, x[i], (size_t)at[i]);
    return true;
}

/* What is near an end of the knots becomes that end of the references; what goes into ndtri was
 * stored in the panel's type before. */
#define FC_ENDS(value_type, v, low, high, t)                                                       \
    do {                                                                                           \
        value_type near = (value_type)NEAR, less = (v) - near, more = (v) + near;                  \
        bool above = self->normal ? (double)more > (high) : (double)(v) == (high);                 \
        bool below = self->normal ? (double)less < (low) : (double)(v) == (low);                   \
        double kept = (double)(value_type)(t);                                                     \
        kept = above ? 1.0 : kept;                                                                 \
        (t) = below ? 0.0 : kept;                                                                  \
    } while (0)

/* Through ndtri, and into the panel, `step` values apart. */
static void store(const fc_quantile *self, double *wide, void *out, size_t at, size_t step,
                  size_t n) {
    double normal[CHUNK];
    if (self->normal) {
        fc_ndtri_all(wide, normal, n);
        for (size_t i = 0; i < n; i++) {
            double t = normal[i] + 0.0;
            if (t < self->least) t = self->least;
            if (t > self->most) t = self->most;
            wide[i] = t;
        }
    }
    if (self->type == FC_PLAN_F64)
        for (size_t i = 0; i < n; i++) ((double *)out)[at + i * step] = wide[i];
    else
        for (size_t i = 0; i < n; i++) ((float *)out)[at + i * step] = (float)wide[i];
}

/* One row, in which the searches of all columns take the same steps abreast. */
static bool one_row(const fc_quantile *self, const void *in, void *out, size_t first) {
    size_t width = self->width;
    const double *x64 = (const double *)in + first;
    const float *x32 = (const float *)in + first;
    bool is64 = self->type == FC_PLAN_F64;
    double x[CHUNK], wide[CHUNK];
    int32_t at[CHUNK];
    for (size_t j = 0; j < width; j++) {
        x[j] = is64 ? x64[j] : (double)x32[j];
        at[j] = 0;
        if (fc_inf64(x[j])) return false;
    }
    for (size_t left = self->columns[0].count; left > 1;) {
        int32_t half = (int32_t)(left / 2);
        for (size_t j = 0; j < width; j++) {
            int32_t next = at[j] + half;
            at[j] = self->columns[j].q[next] <= x[j] ? next : at[j];
        }
        left -= (size_t)half;
    }
    for (size_t j = 0; j < width; j++) {
        const fc_knots *knots = &self->columns[j];
        double low = knots->q[0], high = knots->q[knots->count - 1];
        mean_body(knots, &x[j], &at[j], &wide[j], 1);
        if (wide[j] != wide[j] && x[j] == x[j]) wide[j] = slowly(knots, x[j], (size_t)at[j]);
        if (is64)
            FC_ENDS(double, x64[j], low, high, wide[j]);
        else
            FC_ENDS(float, x32[j], low, high, wide[j]);
    }
    store(self, wide, out, first, 1, width);
    return true;
}

enum { FEW = 4 }; /* rows, of which each is done by itself */

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_quantile *self = state;
    size_t width = self->width;
    if (rows <= FEW && width && width <= CHUNK && !self->blind) {
        for (size_t r = 0; r < rows; r++)
            if (!one_row(self, inputs[0], out, r * width)) return FC_EREFUSED;
        return FC_OK;
    }
    double x[CHUNK], wide[CHUNK];
    for (size_t first = 0; first < rows; first += CHUNK)
        for (size_t j = 0; j < width; j++) {
            const fc_knots *knots = &self->columns[j];
            size_t n = rows - first < CHUNK ? rows - first : CHUNK, at = first * width + j;
            const double *x64 = (const double *)inputs[0] + at;
            const float *x32 = (const float *)inputs[0] + at;
            bool is64 = self->type == FC_PLAN_F64;
            double low = knots->q[0], high = knots->q[knots->count - 1];
            for (size_t i = 0; i < n; i++) x[i] = is64 ? x64[i * width] : (double)x32[i * width];
            if (!column(knots, x, wide, n)) return FC_EREFUSED;
            if (is64)
                for (size_t i = 0; i < n; i++) FC_ENDS(double, x64[i * width], low, high, wide[i]);
            else
                for (size_t i = 0; i < n; i++) FC_ENDS(float, x32[i * width], low, high, wide[i]);
            store(self, wide, out, at, width, n);
        }
    return FC_OK;
}

const fc_family fc_family_quantile = {.name = "quantile", .build = build, .run = run};
