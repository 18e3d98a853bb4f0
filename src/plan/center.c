/* KernelCenterer: K - rows, - (row sum / n), + all, in this order. The row sum goes in NumPy's
 * order for rows in C order (another one for F order: there the agreement is to 1e-12, float32:
 * 1e-6). NaN and infinities are refused. Parameters: rows (d, width), all (d, 1). */
#include "plan/family.h"
#include "plan/pairwise.h"

typedef struct fc_center {
    fc_plan_type type;
    size_t width;
    const double *rows;
    double all;
} fc_center;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *rows = fc_blob_find(blob, "rows", 'd', shape->width);
    const fc_blob_item *all = fc_blob_find(blob, "all", 'd', 1);
    if (!rows || !all || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->widths[0] != shape->width)
        return FC_EINVALID;
    fc_center *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self || !(self->rows = fc_blob_doubles(arena, rows))) return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    self->all = *(const double *)all->data;
    *state = self;
    return FC_OK;
}

/* With float32 input NumPy computes in double where the constant is float64, and rounds; where the
 * constant is float32 it computes in float32, which is the same number: one operation on float32
 * values, rounded to double and then to float32, is rounded as if once (double has more than twice
 * float32's digits plus two). */
#define FC_CENTER(type, wild)                                                                      \
    for (size_t r = 0; r < rows; r++, x += width, y += width) {                                    \
        type shift = fc_pairwise_##type(x, width) / (type)width;                                   \
        for (size_t j = 0; j < width; j++) {                                                       \
            bad |= wild(x[j]);                                                                     \
            type v = (type)((double)x[j] - self->rows[j]);                                         \
            v -= shift;                                                                            \
            y[j] = (type)((double)v + self->all);                                                  \
            bad |= wild(y[j]);                                                                     \
        }                                                                                          \
    }

FC_BODY bool run64_body(const fc_center *self, const double *restrict x, double *restrict y,
                        size_t rows) {
    size_t width = self->width;
    int64_t bad = 0;
    FC_CENTER(double, fc_wild64)
    return bad == 0;
}
FC_SIMD_FORMS(bool, run64,
              (const fc_center *self, const double *restrict x, double *restrict y, size_t rows),
              (self, x, y, rows))

FC_BODY bool run32_body(const fc_center *self, const float *restrict x, float *restrict y,
                        size_t rows) {
    size_t width = self->width;
    int32_t bad = 0;
    FC_CENTER(float, fc_wild32)
    return bad == 0;
}
FC_SIMD_FORMS(bool, run32,
              (const fc_center *self, const float *restrict x, float *restrict y, size_t rows),
              (self, x, y, rows))

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_center *self = state;
    bool good = self->type == FC_PLAN_F64 ? run64(self, inputs[0], out, rows)
                                          : run32(self, inputs[0], out, rows);
    return good ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_center = {.name = "center", .build = build, .run = run};
