/* Normalizer: each row divided by its norm, where that is not nearly zero (10 eps).
 *
 * The sums go in the order in which NumPy sums a row in C order: pairwise for l1, einsum's lanes of
 * 16 bytes for l2. NumPy's own order is another one for arrays in F order, so l1 and l2 agree to
 * 1e-12 (float32: 1e-6) in general; `max` is exact. A row's result never depends on its batch.
 * NaN and infinities are refused. Parameters: norm (q, 1: 0 max, 1 l1, 2 l2). */
#include <math.h>

#include "plan/family.h"
#include "plan/pairwise.h"

typedef struct fc_normalize {
    fc_plan_type type;
    size_t width;
    int norm;
} fc_normalize;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    int64_t norm = fc_blob_flag(blob, "norm", -1);
    if (norm < 0 || norm > 2 || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_normalize *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    self->norm = (int)norm;
    *state = self;
    return FC_OK;
}

/* Four vectors at a time, the last of the four first, as einsum does; then one by one, what is
 * missing of the last being zero. */
#define FC_SQUARES(type, lanes, x, n, acc)                                                         \
    size_t i = 0;                                                                                  \
    for (; n - i >= 4 * lanes; i += 4 * lanes)                                                     \
        for (size_t k = 4; k-- > 0;)                                                               \
            for (size_t l = 0; l < lanes; l++) {                                                   \
                type v = x[i + k * lanes + l];                                                     \
                acc[l] = v * v + acc[l];                                                           \
            }                                                                                      \
    for (; i < n; i += lanes)                                                                      \
        for (size_t l = 0; l < lanes && i + l < n; l++) acc[l] = x[i + l] * x[i + l] + acc[l];

static double length64(const double *x, size_t n) {
    double acc[2] = {0, 0};
    FC_SQUARES(double, 2, x, n, acc)
    return sqrt(acc[0] + acc[1]);
}

static float length32(const float *x, size_t n) {
    float acc[4] = {0, 0, 0, 0};
    FC_SQUARES(float, 4, x, n, acc)
    return sqrtf((acc[0] + acc[1]) + (acc[2] + acc[3]));
}

/* One row. `y` holds the absolute values while the norm is computed. */
#define FC_NORMALIZE(type, wild, length, abs, eps)                                                 \
    for (size_t r = 0; r < rows; r++, x += width, y += width) {                                    \
        type norm = 0;                                                                             \
        for (size_t j = 0; j < width; j++) {                                                       \
            bad |= wild(x[j]);                                                                     \
            y[j] = abs(x[j]);                                                                      \
        }                                                                                          \
        if (self->norm == 0)                                                                       \
            for (size_t j = 0; j < width; j++) norm = y[j] > norm ? y[j] : norm;                   \
        else                                                                                       \
            norm = self->norm == 1 ? fc_pairwise_##type(y, width) : length(x, width);              \
        bad |= wild(norm); /* an overflow, of which scikit-learn warns */                          \
        if (norm < 10 * (eps)) norm = 1;                                                           \
        for (size_t j = 0; j < width; j++) y[j] = x[j] / norm;                                     \
    }

FC_BODY bool run64_body(const fc_normalize *self, const double *restrict x, double *restrict y,
                        size_t rows) {
    size_t width = self->width;
    int64_t bad = 0;
    FC_NORMALIZE(double, fc_wild64, length64, fabs, __DBL_EPSILON__)
    return bad == 0;
}
FC_SIMD_FORMS(bool, run64,
              (const fc_normalize *self, const double *restrict x, double *restrict y, size_t rows),
              (self, x, y, rows))

FC_BODY bool run32_body(const fc_normalize *self, const float *restrict x, float *restrict y,
                        size_t rows) {
    size_t width = self->width;
    int32_t bad = 0;
    FC_NORMALIZE(float, fc_wild32, length32, fabsf, __FLT_EPSILON__)
    return bad == 0;
}
FC_SIMD_FORMS(bool, run32,
              (const fc_normalize *self, const float *restrict x, float *restrict y, size_t rows),
              (self, x, y, rows))

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_normalize *self = state;
    bool good = self->type == FC_PLAN_F64 ? run64(self, inputs[0], out, rows)
                                          : run32(self, inputs[0], out, rows);
    return good ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_normalize = {.name = "normalize", .build = build, .run = run};
