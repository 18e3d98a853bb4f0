/* FunctionTransformer of one of NumPy's functions: the function's own inner loop over the panel.
 *
 * Where NumPy would warn (a division by zero, an overflow, an invalid value: it reads the same
 * floating-point flags after the loop) the run is refused, and the original speaks.
 * Parameters: name (q: the characters of the function's name), finite (q, 1: NaN and infinities
 * are refused, as validate=True does), single (q: a sparse panel's values are float32). Of a sparse
 * panel the stored values are computed. */
#include <fenv.h>
#include <string.h>

#include "plan/csr.h"

typedef struct fc_ufunc {
    fc_plan_type type;
    size_t width;
    bool finite, single;
    fc_loop loop;
} fc_ufunc;

static const char *const names[FC_LOOP_COUNT] = {
#define X(name, low, high) #name,
    FC_LOOP_ROWS(X)
#undef X
};

static const fc_loop *find(const fc_shape *shape, const fc_blob_item *name, fc_plan_type type) {
    char text[32] = {0};
    if (name->count >= sizeof text) return NULL;
    for (size_t i = 0; i < name->count; i++) {
        int64_t c = ((const int64_t *)name->data)[i];
        if (c <= 0 || c > 127) return NULL;
        text[i] = (char)c;
    }
    for (size_t i = 0; i < FC_LOOP_COUNT; i++)
        if (strcmp(names[i], text) == 0) return fc_loop_find(shape, (fc_loop_name)i, type);
    return NULL;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *name = fc_blob_find(blob, "name", 'q', SIZE_MAX);
    if (!name || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->type == FC_PLAN_TEXT ||
        shape->widths[0] != shape->width)
        return FC_EINVALID;
    bool single = fc_blob_flag(blob, "single", 0) != 0;
    fc_plan_type type = shape->type;
    if (type == FC_PLAN_CSR) type = single ? FC_PLAN_F32 : FC_PLAN_F64;
    const fc_loop *loop = find(shape, name, type);
    if (!loop) return FC_EINVALID;
    fc_ufunc *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->type = shape->type;
    self->width = shape->width;
    self->finite = fc_blob_flag(blob, "finite", 0) != 0;
    self->single = single;
    self->loop = *loop;
    *state = self;
    return FC_OK;
}

static bool finite(const fc_ufunc *self, const void *x, size_t total) {
    int64_t bad = 0;
    if (self->type == FC_PLAN_F64)
        for (size_t i = 0; i < total; i++) bad |= fc_wild64(((const double *)x)[i]);
    else
        for (size_t i = 0; i < total; i++) bad |= fc_wild32(((const float *)x)[i]);
    return bad == 0;
}

enum { CHUNK = 256 };

static void compute_stored(const fc_ufunc *self, const double *x, double *y, size_t count) {
    if (!self->single) {
        fc_loop_run64(&self->loop, x, y, count);
        return;
    }
    float t[CHUNK];
    for (size_t at = 0, n; at < count; at += n) {
        n = count - at < CHUNK ? count - at : CHUNK;
        for (size_t i = 0; i < n; i++) t[i] = (float)x[at + i];
        fc_loop_run32(&self->loop, t, t, n);
        for (size_t i = 0; i < n; i++) y[at + i] = (double)t[i];
    }
}

static fc_status run_stored(const fc_ufunc *self, const fc_csr *from, fc_csr *csr, size_t rows) {
    size_t first = from->heads[0], n = from->heads[rows] - first;
    fc_csr_clear(csr);
    FC_TRY(fc_csr_reserve(csr, n));
    compute_stored(self, from->values + first, csr->values, n);
    memcpy(csr->columns, from->columns + first, n * sizeof *csr->columns);
    for (size_t r = 0; r <= rows; r++) csr->heads[r] = from->heads[r] - first;
    csr->used = n;
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_ufunc *self = state;
    size_t total = rows * self->width;
    if (self->type != FC_PLAN_CSR && self->finite && !finite(self, inputs[0], total))
        return FC_EREFUSED;
    const int loud = FE_DIVBYZERO | FE_OVERFLOW | FE_INVALID;
    feclearexcept(FE_ALL_EXCEPT);
    if (self->type == FC_PLAN_CSR)
        FC_TRY(run_stored(self, inputs[0], out, rows));
    else if (self->type == FC_PLAN_F64)
        fc_loop_run64(&self->loop, inputs[0], out, total);
    else
        fc_loop_run32(&self->loop, inputs[0], out, total);
    int raised = fetestexcept(loud);
    feclearexcept(FE_ALL_EXCEPT);
    return raised ? FC_EREFUSED : FC_OK;
}

const fc_family fc_family_ufunc = {.name = "ufunc", .build = build, .run = run, .ragged = true};
