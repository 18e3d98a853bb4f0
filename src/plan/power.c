/* PowerTransformer without its scaler. Yeo-Johnson runs NumPy's own log1p and expm1, Box-Cox is
 * SciPy's scalar function on libm. With float32 input and lambdas of float64, log1p is computed in
 * float32 and the rest in double; with lambdas of float32 (`single`) everything is float32. What
 * would overflow is refused, since NumPy warns of it, and so are infinities, and for Box-Cox what
 * isn't positive. Parameters: boxcox (q, 1), single (q, 1), lambda (d, width), and rest (d, width):
 * 2 - lambda, computed in the lambdas' own type; and nudge (q, width; optional): by how many ulp
 * what each function gives is moved, upwards in the result (nudge.h). */
#include <float.h>
#include <math.h>

#include "plan/nudge.h"
#include "plan/special.h"

typedef struct fc_power {
    fc_plan_type type;
    bool boxcox, single;
    size_t width;
    const int64_t *nudge;        /* or NULL */
    const double *lambda, *rest; /* repeated, so that CHUNK are there from any column on */
    fc_loop log1p, expm1;        /* log1p of the input's type, expm1 of double */
    fc_loop expm1_single;        /* of float */
} fc_power;

/* How many values of a panel are worked on at a time. */
enum { CHUNK = 256 };

static const double *repeat(fc_arena *arena, const fc_blob_item *item) {
    const double *once = fc_blob_doubles(arena, item);
    double *made = once ? fc_arena_get(arena, (item->count + CHUNK) * sizeof *made, 64) : NULL;
    for (size_t i = 0; made && item->count && i < item->count + CHUNK; i++)
        made[i] = once[i % item->count];
    return made;
}

static bool take(const fc_shape *shape, fc_loop_name name, fc_plan_type type, fc_loop *out) {
    const fc_loop *found = fc_loop_find(shape, name, type);
    if (found) *out = *found;
    return found != NULL;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *lambda = fc_blob_find(blob, "lambda", 'd', shape->width);
    const fc_blob_item *rest = fc_blob_find(blob, "rest", 'd', shape->width);
    if (!lambda || !rest || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_power *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self || !(self->lambda = repeat(arena, lambda)) || !(self->rest = repeat(arena, rest)))
        return FC_ENOMEM;
    FC_TRY(fc_nudge_read(arena, blob, "nudge", shape->width, &self->nudge));
    self->type = shape->type;
    self->width = shape->width;
    self->boxcox = fc_blob_flag(blob, "boxcox", 0) != 0;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    *state = self;
    bool there = self->boxcox || (take(shape, FC_LOOP_log1p, shape->type, &self->log1p) &&
                                  take(shape, FC_LOOP_expm1, FC_PLAN_F64, &self->expm1) &&
                                  take(shape, FC_LOOP_expm1, FC_PLAN_F32, &self->expm1_single));
    return there ? FC_OK : FC_EINVALID;
}

/* The first half of Yeo-Johnson: |x|, on which log1p is called; which keeps NaN and -0.0. */
#define FC_FOLD(value_type)                                                                        \
    for (size_t i = 0; i < n; i++) t[i] = x[i] >= 0 ? x[i] : -x[i];

/* What a function gave, moved so that the result goes up where `more` says, else down. The values
 * begin with column `column`. */
#define FC_MOVE(t, nudged, more)                                                                   \
    for (size_t i = 0, j = column; self->nudge && i < n; i++) {                                    \
        t[i] = nudged(t[i], (more) ? self->nudge[j] : -self->nudge[j]);                            \
        if (++j == self->width) j = 0;                                                             \
    }

/* The second half, in the type of `t`: lambda * log1p, expm1, and the division; or log1p alone on
 * a side whose lambda says so. */
#define FC_BEND(value_type, x, loop, nudged, one_sided_eps)                                        \
    value_type e[CHUNK];                                                                           \
    for (size_t i = 0; i < n; i++) e[i] = (value_type)(x[i] >= 0 ? up[i] : down[i]) * t[i];        \
    loop(e, e, n);                                                                                 \
    FC_MOVE(e, nudged, x[i] >= 0 ? up[i] > 0 : down[i] < 0)                                        \
    for (size_t i = 0; i < n; i++) {                                                               \
        bool plain_up = fabs(up[i]) < (one_sided_eps);                                             \
        bool plain_down = !(fabs(down[i]) > (one_sided_eps));                                      \
        value_type above = plain_up ? t[i] : e[i] / (value_type)up[i];                             \
        value_type below = plain_down ? -t[i] : -e[i] / (value_type)down[i];                       \
        t[i] = x[i] >= 0 ? above : below;                                                          \
    }

/* `n` values of a panel in a row; `up` and `down` are lambda and rest of the first of them and on.
 * False for what only the original can tell. */
static bool johnson64(const fc_power *self, const double *x, double *y, size_t n, size_t column,
                      const double *up, const double *down) {
    if (!n) return true; /* tells the compiler that the buffers are written first */
    double t[CHUNK];
    int64_t bad = 0;
    FC_FOLD(double)
    fc_loop_run64(&self->log1p, t, t, n);
    FC_MOVE(t, fc_nudge64, x[i] >= 0)
#define RUN(a, b, c) fc_loop_run64(&self->expm1, a, b, c)
    FC_BEND(double, x, RUN, fc_nudge64, DBL_EPSILON)
#undef RUN
    for (size_t i = 0; i < n; i++) {
        bad |= fc_inf64(x[i]) | fc_inf64(t[i]);
        y[i] = t[i];
    }
    return bad == 0;
}

static bool johnson32(const fc_power *self, const float *x, float *y, size_t n, size_t column,
                      const double *up, const double *down) {
    if (!n) return true; /* tells the compiler that the buffers are written first */
    float t[CHUNK];
    int32_t bad = 0;
    FC_FOLD(float)
    fc_loop_run32(&self->log1p, t, t, n);
    FC_MOVE(t, fc_nudge32, x[i] >= 0)
#define RUN(a, b, c) fc_loop_run32(&self->expm1_single, a, b, c)
    FC_BEND(float, x, RUN, fc_nudge32, (double)FLT_EPSILON)
#undef RUN
    for (size_t i = 0; i < n; i++) {
        bad |= fc_inf32(x[i]) | fc_inf32(t[i]);
        y[i] = t[i];
    }
    return bad == 0;
}

static bool johnson_mixed(const fc_power *self, const float *x, float *y, size_t n, size_t column,
                          const double *up, const double *down) {
    if (!n) return true; /* tells the compiler that the buffers are written first */
    float narrow[CHUNK];
    double t[CHUNK];
    int32_t bad = 0;
    for (size_t i = 0; i < n; i++) narrow[i] = x[i] >= 0 ? x[i] : -x[i];
    fc_loop_run32(&self->log1p, narrow, narrow, n);
    FC_MOVE(narrow, fc_nudge32, x[i] >= 0)
    for (size_t i = 0; i < n; i++) t[i] = (double)narrow[i];
#define RUN(a, b, c) fc_loop_run64(&self->expm1, a, b, c)
    FC_BEND(double, x, RUN, fc_nudge64, DBL_EPSILON)
#undef RUN
    for (size_t i = 0; i < n; i++) {
        float v = (float)t[i];
        bad |= fc_inf32(x[i]) | fc_inf32(v);
        y[i] = v;
    }
    return bad == 0;
}

#define FC_BOXCOX(value_type, inf)                                                                 \
    do {                                                                                           \
        const value_type *x = inputs[0];                                                           \
        value_type *y = out;                                                                       \
        for (size_t i = 0, j = 0; i < rows * self->width; i++) {                                   \
            if (x[i] <= 0 || inf(x[i])) return FC_EREFUSED;                                        \
            int64_t ulps = self->nudge ? self->nudge[j] : 0;                                       \
            y[i] = (value_type)fc_boxcox((double)x[i], self->lambda[j], ulps);                     \
            if (inf(y[i])) return FC_EREFUSED;                                                     \
            if (++j == self->width) j = 0;                                                         \
        }                                                                                          \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_power *self = state;
    size_t width = self->width;
    if (self->boxcox) {
        if (self->type == FC_PLAN_F64)
            FC_BOXCOX(double, fc_inf64);
        else
            FC_BOXCOX(float, fc_inf32);
        return FC_OK;
    }
    size_t total = rows * width;
    for (size_t at = 0, n; at < total; at += n) {
        n = total - at < CHUNK ? total - at : CHUNK;
        size_t column = at % width;
        const double *up = self->lambda + column, *down = self->rest + column;
        const float *x32 = (const float *)inputs[0] + at;
        bool good;
        if (self->type == FC_PLAN_F64)
            good = johnson64(self, (const double *)inputs[0] + at, (double *)out + at, n, column,
                             up, down);
        else if (self->single)
            good = johnson32(self, x32, (float *)out + at, n, column, up, down);
        else
            good = johnson_mixed(self, x32, (float *)out + at, n, column, up, down);
        if (!good) return FC_EREFUSED;
    }
    return FC_OK;
}

const fc_family fc_family_power = {.name = "power", .build = build, .run = run};
