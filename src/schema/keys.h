/* The hash of expected keys. */
#ifndef FC_SCHEMA_KEYS_H
#define FC_SCHEMA_KEYS_H

#include "base/bytes.h"
#include "fastcore/schema.h"

/* Both ends of a text of at most 16 bytes are all of it. No seed: the table is ours, so no document
 * can make it collide. */
enum { FC_KEYS_SHORT = 16 };

static inline uint32_t fc_keys_mix(const fc_keys *keys, uint64_t head, uint64_t tail, size_t len) {
    uint64_t mixed = (head ^ (tail << 29 | tail >> 35)) + len;
    return (uint32_t)(mixed * keys->factor >> 32);
}

/* Of 1 to FC_KEYS_SHORT bytes at `text`, where eight can be read whatever `len` is. Branches on the
 * lengths of keys in no order would often be guessed wrongly, so there is none. */
static inline uint32_t fc_keys_hash_wide(const fc_keys *keys, const char *text, size_t len) {
    size_t over = len > 8 ? len - 8 : 0;
    uint64_t mask = ~(uint64_t)0 >> (64 - 8 * (len - over));
    return fc_keys_mix(keys, fc_load64(text) & mask, fc_load64(text + over) & mask, len);
}

static inline uint32_t fc_keys_hash(const fc_keys *keys, const char *text, size_t len) {
    if (FC_UNLIKELY(len > FC_KEYS_SHORT)) return (uint32_t)fc_hash64(text, len, 0);
    if (len >= 8) return fc_keys_hash_wide(keys, text, len);
    char room[8] = {0};
    memcpy(room, text, len);
    uint64_t head = fc_load64(room);
    return fc_keys_mix(keys, head, head, len);
}

#endif
