/* Open addressing with linear probing, at most half full. A slot has the upper half of its text's
 * hash, so that nearly every text is compared with no other but itself. */
#include "plan/lookup.h"

#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"

typedef struct fc_slot {
    uint32_t hash, len;
    int32_t code; /* -1: empty */
    uint32_t at;  /* in `bytes` */
} fc_slot;

struct fc_lookup {
    fc_arena arena;
    const fc_alloc *alloc;
    fc_slot *slots;
    char *bytes;
    size_t mask;
};

static fc_status fill(fc_lookup *lookup, const fc_lookup_text *texts, size_t count) {
    size_t total = 0, room = 4;
    for (size_t i = 0; i < count; i++)
        if (!fc_size_add(total, texts[i].len, &total) || total > UINT32_MAX) return FC_ELIMIT;
    if (count >= (size_t)1 << 30) return FC_ELIMIT;
    while (room < 2 * count) room *= 2;
    lookup->mask = room - 1;
    lookup->slots = fc_arena_zeros(&lookup->arena, room, sizeof *lookup->slots);
    lookup->bytes = fc_arena_get(&lookup->arena, total + 1, 1);
    if (!lookup->slots || !lookup->bytes) return FC_ENOMEM;
    for (size_t i = 0; i < room; i++) lookup->slots[i].code = -1;
    uint32_t used = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t len = (uint32_t)texts[i].len;
        if (texts[i].code == -1) continue;
        uint64_t hash = fc_hash_all(texts[i].text, len, 0);
        size_t slot = hash & lookup->mask;
        while (lookup->slots[slot].code != -1) slot = (slot + 1) & lookup->mask;
        if (len) memcpy(lookup->bytes + used, texts[i].text, len);
        lookup->slots[slot] = (fc_slot){(uint32_t)(hash >> 32), len, texts[i].code, used};
        used += len;
    }
    return FC_OK;
}

fc_status fc_lookup_new(const fc_alloc *alloc, const fc_lookup_text *texts, size_t count,
                        fc_lookup **out) {
    *out = NULL;
    fc_lookup *lookup = alloc->get(alloc->ctx, sizeof *lookup);
    if (!lookup) return FC_ENOMEM;
    lookup->alloc = alloc;
    fc_arena_init(&lookup->arena, alloc);
    fc_status status = fill(lookup, texts, count);
    if (status != FC_OK) {
        fc_lookup_free(lookup);
        return status;
    }
    *out = lookup;
    return FC_OK;
}

void fc_lookup_free(fc_lookup *lookup) {
    if (!lookup) return;
    fc_arena_free(&lookup->arena);
    lookup->alloc->release(lookup->alloc->ctx, lookup);
}

static inline int32_t find(const fc_lookup *lookup, const char *text, size_t len) {
    uint64_t hash = fc_hash_all(text, len, 0);
    for (size_t slot = hash & lookup->mask;; slot = (slot + 1) & lookup->mask) {
        const fc_slot *s = &lookup->slots[slot];
        if (s->code == -1) return -1;
        if (s->hash == (uint32_t)(hash >> 32) && s->len == len &&
            fc_bytes_equal(lookup->bytes + s->at, text, len))
            return s->code;
    }
}

int32_t fc_lookup_find(const fc_lookup *lookup, const char *text, size_t len) {
    return find(lookup, text, len);
}

void fc_lookup_codes(const fc_lookup *lookup, const char *bytes, int64_t size,
                     const int64_t *offsets, size_t rows, int32_t *codes, size_t step) {
    for (size_t r = 0; r < rows; r++) {
        int64_t begin = offsets[r], end = offsets[r + 1];
        bool good = begin >= 0 && end >= begin && end <= size;
        codes[r * step] = find(lookup, good ? bytes + begin : "", good ? (size_t)(end - begin) : 0);
    }
}
