/* CountVectorizer: how often each term of a vocabulary is in a document.
 * Parameters: those of plan/tally.h, the vocabulary as term_bytes (b) and term_ends (q), term i
 * being column i. */
#include "plan/tally.h"

typedef struct fc_count_terms {
    fc_tally tally;
    fc_words words;
} fc_count_terms;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    fc_count_terms *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    FC_TRY(fc_tally_make(arena, shape, blob, &self->tally));
    FC_TRY(fc_words_make(arena, blob, "term_bytes", "term_ends", &self->words));
    *state = self;
    return self->words.count == shape->width ? FC_OK : FC_EINVALID;
}

static bool key_of(const void *state, const char *term, size_t size, uint32_t *key) {
    int64_t column = fc_words_find(&((const fc_count_terms *)state)->words, term, size);
    *key = (uint32_t)column << 1;
    return column >= 0;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_count_terms *self = state;
    return fc_tally_run(&self->tally, key_of, self, inputs[0], out, rows);
}

const fc_family fc_family_count_terms = {
    .name = "count_terms", .build = build, .run = run, .ragged = true};
