/* A hash table over texts that never change. */
#include "plan/words.h"

#include "base/bytes.h"

/* So the table's entries do not depend on who made the texts. */
static const uint64_t SEED = 0x77F0;

static size_t text_begin(const fc_words *words, size_t i) {
    return i ? (size_t)words->ends[i - 1] : 0;
}

int64_t fc_words_find(const fc_words *words, const char *text, size_t size) {
    uint64_t hash = fc_hash64(text, size, SEED);
    for (size_t at = hash & words->mask;; at = (at + 1) & words->mask) {
        uint64_t slot = words->slots[at];
        if (!slot) return -1;
        if ((slot ^ hash) >> 32) continue;
        size_t number = (size_t)(uint32_t)slot - 1, begin = text_begin(words, number);
        if ((size_t)words->ends[number] - begin == size &&
            fc_bytes_equal(words->bytes + begin, text, size))
            return (int64_t)number;
    }
}

fc_status fc_words_make(fc_arena *arena, const fc_blob *blob, const char *bytes_name,
                        const char *ends_name, fc_words *out) {
    const fc_blob_item *bytes = fc_blob_find(blob, bytes_name, 'b', SIZE_MAX);
    const fc_blob_item *ends = fc_blob_find(blob, ends_name, 'q', SIZE_MAX);
    if (!bytes || !ends || ends->count >= INT32_MAX) return FC_EINVALID;
    size_t slots = 4;
    while (slots < ends->count * 2) slots *= 2;
    uint64_t *table = fc_arena_zeros(arena, slots, sizeof *table);
    out->count = ends->count;
    out->mask = slots - 1;
    out->slots = table;
    out->bytes = fc_blob_bytes(arena, bytes);
    out->ends = fc_blob_ints(arena, ends);
    if (!table || !out->bytes || !out->ends) return FC_ENOMEM;
    int64_t last = 0;
    for (size_t i = 0; i < out->count; i++) {
        if (out->ends[i] < last || (uint64_t)out->ends[i] > bytes->count) return FC_EINVALID;
        last = out->ends[i];
    }
    for (size_t i = 0; i < out->count; i++) {
        size_t begin = text_begin(out, i), size = (size_t)out->ends[i] - begin;
        if (fc_words_find(out, out->bytes + begin, size) >= 0) continue;
        uint64_t hash = fc_hash64(out->bytes + begin, size, SEED);
        size_t at = hash & out->mask;
        while (table[at]) at = (at + 1) & out->mask;
        table[at] = (hash >> 32) << 32 | (uint64_t)(i + 1);
    }
    return FC_OK;
}
