/* CountVectorizer: how often each term of a vocabulary is in a document.
 * Parameters: those of plan/terms.h, the vocabulary as term_bytes (b) and term_ends (q), term i
 * being column i; binary (q). */
#include "plan/terms.h"

typedef struct fc_count_terms {
    fc_analyzer analyzer;
    fc_words words;
    bool binary;
} fc_count_terms;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    if (shape->input_count != 1 || shape->types[0] != FC_PLAN_TEXT || shape->widths[0] != 1 ||
        shape->type != FC_PLAN_CSR)
        return FC_EINVALID;
    fc_count_terms *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    FC_TRY(fc_analyzer_make(arena, blob, &self->analyzer));
    FC_TRY(fc_words_make(arena, blob, "term_bytes", "term_ends", &self->words));
    if (self->words.count != shape->width) return FC_EINVALID;
    self->binary = fc_blob_flag(blob, "binary", 0) != 0;
    *state = self;
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_count_terms *self = state;
    const fc_text *texts = inputs[0];
    fc_csr *csr = out;
    fc_csr_clear(csr);
    for (size_t r = 0; r < rows; r++) {
        fc_terms terms;
        uint32_t *keys;
        FC_TRY(fc_terms_find(&self->analyzer, texts[r], csr, &terms));
        FC_TRY(fc_keys_reserve(csr, terms.count, &keys));
        FC_TRY(fc_csr_reserve(csr, terms.count));
        size_t count = 0;
        for (size_t i = 0; i < terms.count; i++) {
            fc_span span = terms.spans[i];
            int64_t column =
                fc_words_find(&self->words, terms.bytes + span.begin, span.end - span.begin);
            if (column >= 0) keys[count++] = (uint32_t)column;
        }
        keys = fc_keys_sort(keys, count);
        for (size_t i = 0; i < count;) {
            uint32_t column = keys[i];
            size_t first = i;
            while (i < count && keys[i] == column) i++;
            fc_csr_put(csr, column, self->binary ? 1.0 : (double)(i - first));
        }
        csr->heads[r + 1] = csr->used;
    }
    return FC_OK;
}

const fc_family fc_family_count_terms = {
    .name = "count_terms", .build = build, .run = run, .ragged = true};
