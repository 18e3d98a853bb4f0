/* DictVectorizer: the number of each name that is in a vocabulary. A dense matrix has the sum of
 * what a row says more than once, added in the order given; a sparse one would store it twice, and
 * is left to the original. Parameters: the vocabulary as term_bytes (b) and term_ends (q), name i
 * being column i; single (q, a flag: a sparse matrix is float32). */
#include <math.h>

#include "plan/items.h"
#include "plan/words.h"

typedef struct fc_dict_items {
    fc_words words;
    fc_plan_type type;
    size_t width;
    bool single;
} fc_dict_items;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    if (!fc_items_shape(shape) || shape->type == FC_PLAN_I32 || shape->type == FC_PLAN_TEXT)
        return FC_EINVALID;
    fc_dict_items *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    FC_TRY(fc_words_make(arena, blob, "term_bytes", "term_ends", &self->words));
    self->type = shape->type;
    self->width = shape->width;
    self->single = shape->type == FC_PLAN_F32 || fc_blob_flag(blob, "single", 0) != 0;
    *state = self;
    return self->words.count == self->width ? FC_OK : FC_EINVALID;
}

/* Where a row's numbers go: one of these is there. */
typedef struct fc_dict_row {
    double *wide;
    float *narrow;
    fc_csr *csr;
} fc_dict_row;

static fc_status put(const fc_dict_items *self, fc_text row, fc_dict_row to) {
    for (size_t at = 0; at < (size_t)row.size;) {
        fc_item item;
        FC_TRY(fc_item_next(row, &at, &item));
        int64_t column = fc_words_find(&self->words, item.name, item.size);
        if (column < 0) continue;
        double x = self->single ? (double)(float)item.value : item.value;
        if (isinf(x) && !isinf(item.value)) return FC_EREFUSED; /* NumPy warns */
        if (to.csr) {
            FC_TRY(fc_csr_reserve(to.csr, 1));
            fc_csr_put(to.csr, (size_t)column, x);
        } else if (to.wide) {
            to.wide[column] += x;
        } else {
            to.narrow[column] += (float)x;
        }
    }
    return FC_OK;
}

static fc_status put_sparse(const fc_dict_items *self, fc_text row, fc_csr *csr) {
    size_t first = csr->used;
    FC_TRY(put(self, row, (fc_dict_row){.csr = csr}));
    FC_TRY(fc_csr_sort(csr, first));
    for (size_t i = first + 1; i < csr->used; i++)
        if (csr->columns[i] == csr->columns[i - 1]) return FC_EREFUSED;
    return FC_OK;
}

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_dict_items *self = state;
    const fc_text *texts = inputs[0];
    bool sparse = self->type == FC_PLAN_CSR;
    if (sparse)
        fc_csr_clear(out);
    else
        memset(out, 0, rows * self->width * fc_plan_type_size(self->type));
    for (size_t r = 0; r < rows; r++) {
        if (texts[r].size < 0) return FC_EREFUSED;
        size_t at = r * self->width;
        fc_dict_row to = {.wide = self->type == FC_PLAN_F64 ? (double *)out + at : NULL,
                          .narrow = self->type == FC_PLAN_F32 ? (float *)out + at : NULL};
        FC_TRY(sparse ? put_sparse(self, texts[r], out) : put(self, texts[r], to));
        if (sparse) ((fc_csr *)out)->heads[r + 1] = ((fc_csr *)out)->used;
    }
    return FC_OK;
}

const fc_family fc_family_dict_items = {
    .name = "dict_items", .build = build, .run = run, .ragged = true};
