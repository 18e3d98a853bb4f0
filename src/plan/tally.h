/* What vectorizers of documents share: a document's terms, counted by column into a sparse row.
 * Parameters: those of plan/terms.h; binary and single (q, flags), norm (q: fc_norm, 0 if absent).
 */
#ifndef FC_PLAN_TALLY_H
#define FC_PLAN_TALLY_H

#include "plan/row_norm.h"
#include "plan/terms.h"

typedef struct fc_tally {
    fc_analyzer analyzer;
    bool binary; /* 1 instead of the sum */
    bool single; /* the matrix is float32 */
    fc_norm norm;
} fc_tally;

/* The key of a term: its column * 2, plus 1 if it counts as -1. False if it has no column. */
typedef bool (*fc_key_fn)(const void *state, const char *term, size_t size, uint32_t *key);

/* FC_EINVALID too for a step that doesn't make a sparse panel of one of texts. */
fc_status fc_tally_make(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, fc_tally *out);
/* Runs a family: counts the terms of `rows` documents by the keys that `key_of` tells. Sums of zero
 * stay stored, as SciPy's sum_duplicates leaves them. */
fc_status fc_tally_run(const fc_tally *tally, fc_key_fn key_of, const void *state,
                       const fc_text *texts, fc_csr *csr, size_t rows);

#endif
