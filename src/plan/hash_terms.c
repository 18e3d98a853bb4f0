/* HashingVectorizer: a document's terms, hashed to columns. The hash's sign is the value's, so that
 * terms of one column may cancel; the zero stays stored, as SciPy's sum_duplicates leaves it.
 * Parameters: those of plan/terms.h, and alternate, binary, single (q), norm (q: fc_norm). */
#include "base/murmur3.h"
#include "plan/row_norm.h"
#include "plan/terms.h"

typedef struct fc_hash_terms {
    fc_analyzer analyzer;
    uint32_t width;
    bool alternate, binary, single;
    fc_norm norm;
} fc_hash_terms;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    int64_t norm = fc_blob_flag(blob, "norm", -1);
    if (shape->input_count != 1 || shape->types[0] != FC_PLAN_TEXT || shape->widths[0] != 1 ||
        shape->type != FC_PLAN_CSR || !shape->width || shape->width > INT32_MAX || norm < 0 ||
        norm > FC_NORM_MAX)
        return FC_EINVALID;
    fc_hash_terms *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    FC_TRY(fc_analyzer_make(arena, blob, &self->analyzer));
    self->width = shape->width;
    self->alternate = fc_blob_flag(blob, "alternate", 0) != 0;
    self->binary = fc_blob_flag(blob, "binary", 0) != 0;
    self->single = fc_blob_flag(blob, "single", 0) != 0;
    self->norm = (fc_norm)norm;
    *state = self;
    return FC_OK;
}

/* Column * 2, plus 1 for a value of -1. The absolute value of the least hash is no int32. */
static inline uint32_t key_of(const fc_hash_terms *self, uint32_t hash) {
    bool negative = hash >> 31;
    uint32_t size = negative ? 0u - hash : hash;
    if (hash == 0x80000000u) size = 2147483647u - (self->width - 1);
    return size % self->width << 1 | (negative && self->alternate);
}

/* Sums the values of each column of the sorted keys into a row. */
static void add_up(const fc_hash_terms *self, const uint32_t *keys, size_t count, fc_csr *csr) {
    for (size_t i = 0; i < count;) {
        uint32_t column = keys[i] >> 1;
        int64_t sum = 0;
        for (; i < count && keys[i] >> 1 == column; i++) sum += keys[i] & 1 ? -1 : 1;
        fc_csr_put(csr, column, self->binary ? 1.0 : (double)sum);
    }
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_hash_terms *self = state;
    const fc_text *texts = inputs[0];
    fc_csr *csr = out;
    fc_csr_clear(csr);
    for (size_t r = 0; r < rows; r++) {
        fc_terms terms;
        uint32_t *keys;
        FC_TRY(fc_terms_find(&self->analyzer, texts[r], csr, &terms));
        /* Sums of more would not be exact in float32. */
        if (self->single && terms.count > 1 << 24) return FC_EREFUSED;
        FC_TRY(fc_keys_reserve(csr, terms.count, &keys));
        FC_TRY(fc_csr_reserve(csr, terms.count));
        for (size_t i = 0; i < terms.count; i++) {
            fc_span span = terms.spans[i];
            keys[i] = key_of(self, fc_murmur3(terms.bytes + span.begin, span.end - span.begin, 0));
        }
        add_up(self, fc_keys_sort(keys, terms.count), terms.count, csr);
        size_t first = csr->heads[r];
        fc_row_normalize(csr->values + first, csr->used - first, self->norm, self->single);
        csr->heads[r + 1] = csr->used;
    }
    return FC_OK;
}

const fc_family fc_family_hash_terms = {
    .name = "hash_terms", .build = build, .run = run, .ragged = true};
