/* HashingVectorizer, and FeatureHasher of strings: a document's terms, hashed to columns. The
 * hash's sign is the value's, so that terms of one column may cancel. Parameters: those of
 * plan/tally.h, and alternate (q, a flag). */
#include "plan/hashed.h"
#include "plan/tally.h"

typedef struct fc_hash_terms {
    fc_tally tally;
    fc_hashed hashed;
} fc_hash_terms;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    fc_hash_terms *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    FC_TRY(fc_tally_make(arena, shape, blob, &self->tally));
    *state = self;
    return fc_hashed_make(shape, blob, &self->hashed);
}

static bool key_of(const void *state, const char *term, size_t size, uint32_t *key) {
    *key = fc_hashed_key(&((const fc_hash_terms *)state)->hashed, term, size);
    return true;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_hash_terms *self = state;
    return fc_tally_run(&self->tally, key_of, self, inputs[0], out, rows);
}

const fc_family fc_family_hash_terms = {
    .name = "hash_terms", .build = build, .run = run, .ragged = true};
