/* A block of features times a number (`transformer_weights`), in the panel's own type; of CSR
 * panels the stored values, of which none goes away. What NumPy would warn of (a product that
 * overflows, infinity times zero) is refused, and so are products that an integer type would not
 * hold. Parameters: weight (d), single (q; CSR only: the values are float32), low and high (d; the
 * range of an integer type; optional). */
#include "plan/csr.h"

typedef struct fc_weigh {
    fc_plan_type type;
    size_t width;
    double weight, low, high;
    bool single, bounded;
} fc_weigh;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *weight = fc_blob_find(blob, "weight", 'd', 1);
    const fc_blob_item *low = fc_blob_find(blob, "low", 'd', 1);
    const fc_blob_item *high = fc_blob_find(blob, "high", 'd', 1);
    if (!weight || !low != !high || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->widths[0] != shape->width || shape->type == FC_PLAN_I32 ||
        shape->type == FC_PLAN_TEXT)
        return FC_EINVALID;
    fc_weigh *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    self->weight = *(const double *)weight->data;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    self->bounded = low != NULL;
    if (low) {
        self->low = *(const double *)low->data;
        self->high = *(const double *)high->data;
    }
    *state = self;
    return FC_OK;
}

/* Where y is a NaN or an infinity that x was not: -1. */
static inline int64_t spoilt64(double x, double y) {
    return fc_wild64(y) & (~fc_wild64(x) | (-(int64_t)(y != y) & -(int64_t)(x == x)));
}
static inline int32_t spoilt32(float x, float y) {
    return fc_wild32(y) & (~fc_wild32(x) | (-(int32_t)(y != y) & -(int32_t)(x == x)));
}

FC_BODY bool weigh64_body(const fc_weigh *self, const double *restrict x, double *restrict y,
                          size_t n) {
    int64_t bad = 0;
    double weight = self->weight;
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] * weight;
        bad |= spoilt64(x[i], y[i]);
    }
    if (!self->bounded) return bad == 0;
    double low = self->low, high = self->high;
    for (size_t i = 0; i < n; i++) bad |= -(int64_t)!(y[i] >= low && y[i] <= high);
    return bad == 0;
}
FC_SIMD_FORMS(bool, weigh64,
              (const fc_weigh *self, const double *restrict x, double *restrict y, size_t n),
              (self, x, y, n))

FC_BODY bool weigh32_body(const fc_weigh *self, const float *restrict x, float *restrict y,
                          size_t n) {
    int32_t bad = 0;
    float weight = (float)self->weight;
    for (size_t i = 0; i < n; i++) {
        y[i] = x[i] * weight;
        bad |= spoilt32(x[i], y[i]);
    }
    return bad == 0;
}
FC_SIMD_FORMS(bool, weigh32,
              (const fc_weigh *self, const float *restrict x, float *restrict y, size_t n),
              (self, x, y, n))

static fc_status weigh_sparse(const fc_weigh *self, const fc_csr *from, fc_csr *csr, size_t rows) {
    fc_csr_clear(csr);
    FC_TRY(fc_csr_reserve(csr, from->used));
    int64_t bad = 0;
    for (size_t i = from->heads[0]; i < from->heads[rows]; i++) {
        double x = from->values[i], y = x * self->weight;
        if (self->single) y = (double)((float)x * (float)self->weight);
        bad |= spoilt64(x, y) | -(int64_t)(self->bounded && !(y >= self->low && y <= self->high));
        fc_csr_put(csr, (size_t)from->columns[i], y);
    }
    for (size_t r = 0; r < rows; r++) csr->heads[r + 1] = from->heads[r + 1] - from->heads[0];
    return bad ? FC_EREFUSED : FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_weigh *self = state;
    if (self->type == FC_PLAN_CSR) return weigh_sparse(self, inputs[0], out, rows);
    size_t n = rows * self->width;
    bool good = self->type == FC_PLAN_F64 ? weigh64(self, inputs[0], out, n)
                                          : weigh32(self, inputs[0], out, n);
    return good ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_weigh = {.name = "weigh", .build = build, .run = run, .ragged = true};
