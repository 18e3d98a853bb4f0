/* TfidfTransformer: counts, each 1 + log of itself (if asked), times the weight of its column; then
 * rows by their norm. A float32 matrix is rounded to float32 after each of these. Dense input loses
 * its zeros. What is not above 0 under the logarithm is refused, for NumPy warns of it, and so is
 * whatever comes out infinite or NaN. Parameters: idf (d, width; optional), sublinear (q, a flag),
 * single (q, a flag: the matrix is float32), norm (q: fc_norm). */
#include <string.h>

#include "plan/csr.h"
#include "plan/row_norm.h"

typedef struct fc_tfidf {
    fc_plan_type input;
    uint32_t width;
    bool sublinear, single;
    fc_norm norm;
    const double *idf; /* or NULL */
    fc_loop log;       /* of the matrix's type */
} fc_tfidf;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *idf = fc_blob_find(blob, "idf", 'd', SIZE_MAX);
    int64_t norm = fc_blob_flag(blob, "norm", -1);
    if (shape->input_count != 1 || shape->type != FC_PLAN_CSR || shape->types[0] == FC_PLAN_I32 ||
        shape->types[0] == FC_PLAN_TEXT || shape->widths[0] != shape->width || norm < 0 ||
        norm > FC_NORM_MAX || (idf && idf->count != shape->width))
        return FC_EINVALID;
    fc_tfidf *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self || (idf && !(self->idf = fc_blob_doubles(arena, idf)))) return FC_ENOMEM;
    self->input = shape->types[0];
    self->width = shape->width;
    self->norm = (fc_norm)norm;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    self->sublinear = fc_blob_flag(blob, "sublinear", 0) != 0;
    *state = self;
    if (!self->sublinear) return FC_OK;
    fc_plan_type type = self->single ? FC_PLAN_F32 : FC_PLAN_F64;
    const fc_loop *log = fc_loop_find(shape, FC_LOOP_log, type);
    if (log) self->log = *log;
    return log ? FC_OK : FC_EINVALID;
}

enum { CHUNK = 256 };

static void log_plus_one(const fc_tfidf *self, double *x, size_t count) {
    if (!self->single) {
        fc_loop_run64(&self->log, x, x, count);
        for (size_t i = 0; i < count; i++) x[i] += 1.0;
        return;
    }
    float t[CHUNK];
    for (size_t at = 0, n; at < count; at += n) {
        n = count - at < CHUNK ? count - at : CHUNK;
        for (size_t i = 0; i < n; i++) t[i] = (float)x[at + i];
        fc_loop_run32(&self->log, t, t, n);
        for (size_t i = 0; i < n; i++) x[at + i] = (double)(t[i] + 1.0f);
    }
}

/* The values of one row, which are float32's if the matrix is. */
static fc_status weigh(const fc_tfidf *self, double *x, const int32_t *columns, size_t count) {
    int64_t wild = 0, low = 0;
    for (size_t i = 0; i < count; i++) {
        wild |= fc_wild64(x[i]);
        low |= -(int64_t)!(x[i] > 0);
    }
    if (wild || (low && self->sublinear)) return FC_EREFUSED;
    if (self->sublinear) log_plus_one(self, x, count);
    if (self->idf)
        for (size_t i = 0; i < count; i++) {
            double y = x[i] * self->idf[columns[i]];
            x[i] = self->single ? (double)(float)y : y;
            wild |= fc_wild64(x[i]);
        }
    if (wild) return FC_EREFUSED;
    fc_row_normalize(x, count, self->norm, self->single);
    return FC_OK;
}

/* Puts the values of row `row` of the input that are not zero, or are stored, into the output. */
static fc_status take(const fc_tfidf *self, const void *input, size_t row, fc_csr *out) {
    if (self->input == FC_PLAN_CSR) {
        const fc_csr *from = input;
        size_t first = from->heads[row], count = from->heads[row + 1] - first;
        FC_TRY(fc_csr_reserve(out, count));
        memcpy(out->columns + out->used, from->columns + first, count * sizeof *out->columns);
        for (size_t i = 0; i < count; i++) {
            double x = from->values[first + i];
            out->values[out->used++] = self->single ? (double)(float)x : x;
        }
        return FC_OK;
    }
    FC_TRY(fc_csr_reserve(out, self->width));
    for (size_t j = 0, i = row * self->width; j < self->width; j++, i++) {
        double x = self->input == FC_PLAN_F64 ? ((const double *)input)[i]
                                              : (double)((const float *)input)[i];
        if (x != 0) fc_csr_put(out, j, x);
    }
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_tfidf *self = state;
    fc_csr *csr = out;
    fc_csr_clear(csr);
    for (size_t r = 0; r < rows; r++) {
        size_t first = csr->used;
        FC_TRY(take(self, inputs[0], r, csr));
        FC_TRY(weigh(self, csr->values + first, csr->columns + first, csr->used - first));
        csr->heads[r + 1] = csr->used;
    }
    return FC_OK;
}

const fc_family fc_family_tfidf = {.name = "tfidf", .build = build, .run = run, .ragged = true};
