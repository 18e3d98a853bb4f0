/* Terms to a row of counts: their keys are sorted, and those of one column added. */
#include "plan/tally.h"

fc_status fc_tally_make(fc_arena *arena, const fc_shape *shape, const fc_blob *blob,
                        fc_tally *out) {
    int64_t norm = fc_blob_flag(blob, "norm", FC_NORM_NONE);
    if (shape->input_count != 1 || shape->types[0] != FC_PLAN_TEXT || shape->widths[0] != 1 ||
        shape->type != FC_PLAN_CSR || norm < 0 || norm > FC_NORM_MAX)
        return FC_EINVALID;
    FC_TRY(fc_analyzer_make(arena, blob, &out->analyzer));
    out->binary = fc_blob_flag(blob, "binary", 0) != 0;
    out->single = fc_blob_flag(blob, "single", 0) != 0;
    out->norm = (fc_norm)norm;
    return FC_OK;
}

static void add_up(const fc_tally *tally, const uint32_t *keys, size_t count, fc_csr *csr) {
    for (size_t i = 0; i < count;) {
        uint32_t column = keys[i] >> 1;
        int64_t sum = 0;
        for (; i < count && keys[i] >> 1 == column; i++) sum += 1 - 2 * (int64_t)(keys[i] & 1);
        fc_csr_put(csr, column, tally->binary ? 1.0 : (double)sum);
    }
}

fc_status fc_tally_run(const fc_tally *tally, fc_key_fn key_of, const void *state,
                       const fc_text *texts, fc_csr *csr, size_t rows) {
    fc_csr_clear(csr);
    for (size_t r = 0; r < rows; r++) {
        fc_terms terms;
        uint32_t *keys;
        FC_TRY(fc_terms_find(&tally->analyzer, texts[r], csr, &terms));
        /* Sums of more would not be exact in float32. */
        if (tally->single && terms.count > 1 << 24) return FC_EREFUSED;
        FC_TRY(fc_keys_reserve(csr, terms.count, &keys));
        FC_TRY(fc_csr_reserve(csr, terms.count));
        size_t count = 0;
        for (size_t i = 0; i < terms.count; i++) {
            fc_span span = terms.spans[i];
            count += key_of(state, terms.bytes + span.begin, span.end - span.begin, &keys[count]);
        }
        add_up(tally, fc_keys_sort(keys, count), count, csr);
        size_t first = csr->heads[r];
        fc_row_normalize(csr->values + first, csr->used - first, tally->norm, tally->single);
        csr->heads[r + 1] = csr->used;
    }
    return FC_OK;
}
