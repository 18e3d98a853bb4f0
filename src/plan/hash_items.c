/* FeatureHasher of dicts and pairs: names hashed to columns, numbers added up there; a number of 0
 * is as if it were not there, and sums of 0 stay stored. SciPy adds what falls into one column in
 * an order that nobody promises: more than two numbers are added only if that is exact in any
 * order. Parameters: alternate, single (q, flags), whole (q, a flag: the matrix is of integers). */
#include <math.h>

#include "plan/hashed.h"
#include "plan/items.h"

typedef struct fc_hash_items {
    fc_hashed hashed;
    bool single, whole;
} fc_hash_items;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    if (!fc_items_shape(shape) || shape->type != FC_PLAN_CSR) return FC_EINVALID;
    fc_hash_items *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    self->whole = fc_blob_flag(blob, "whole", 0) != 0;
    *state = self;
    return fc_hashed_make(shape, blob, &self->hashed);
}

/* Whether a number is whole; sums of such are exact up to 2**53, or float's 2**24. */
static bool is_whole(double x) { return x == floor(x); }

static double limit(bool single) { return single ? 16777216.0 : 9007199254740992.0; }

/* Adds up the sorted values of each column. */
static fc_status add_up(const fc_hash_items *self, fc_csr *csr, size_t first) {
    size_t used = first;
    for (size_t i = first, n; i < csr->used; i += n) {
        double sum = csr->values[i], size = fabs(sum);
        bool whole = is_whole(sum);
        for (n = 1; i + n < csr->used && csr->columns[i + n] == csr->columns[i]; n++) {
            double x = csr->values[i + n];
            whole = whole && is_whole(x);
            size += fabs(x);
            sum = self->single ? (double)(float)(sum + x) : sum + x;
        }
        if (n > 2 && !(whole && size <= limit(self->single))) return FC_EREFUSED;
        csr->columns[used] = csr->columns[i];
        csr->values[used++] = sum;
    }
    csr->used = used;
    return FC_OK;
}

static fc_status hash_row(const fc_hash_items *self, fc_text row, fc_csr *csr) {
    size_t first = csr->used;
    for (size_t at = 0; at < (size_t)row.size;) {
        fc_item item;
        FC_TRY(fc_item_next(row, &at, &item));
        if (item.value == 0) continue;
        if (self->whole && !(is_whole(item.value) && fabs(item.value) <= limit(false)))
            return FC_EREFUSED;
        double x = self->single ? (double)(float)item.value : item.value;
        if (isinf(x) && !isinf(item.value)) return FC_EREFUSED; /* NumPy warns */
        uint32_t key = fc_hashed_key(&self->hashed, item.name, item.size);
        FC_TRY(fc_csr_reserve(csr, 1));
        fc_csr_put(csr, key >> 1, key & 1 ? -x : x);
    }
    FC_TRY(fc_csr_sort(csr, first));
    return add_up(self, csr, first);
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_text *texts = inputs[0];
    fc_csr *csr = out;
    fc_csr_clear(csr);
    for (size_t r = 0; r < rows; r++) {
        if (texts[r].size < 0) return FC_EREFUSED;
        FC_TRY(hash_row(state, texts[r], csr));
        csr->heads[r + 1] = csr->used;
    }
    return FC_OK;
}

const fc_family fc_family_hash_items = {
    .name = "hash_items", .build = build, .run = run, .ragged = true};
