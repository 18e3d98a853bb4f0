/* Expected keys: the next one in order is guessed, any other is found by hash. */
#include <string.h>

#include "fastcore/schema.h"
#include "schema/bytes.h"

/* A key that stands in a document as it is: no escape is needed, and none is used. (A document may
 * still write it with escapes; then the hash finds it.) */
static bool plain(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == '"' || c == '\\') return false;
    }
    return true;
}

static fc_status make_token(fc_arena *arena, fc_key *key) {
    key->token = NULL;
    key->token_len = 0;
    if (!plain(key->name, key->len)) return FC_OK;
    char *token = fc_arena_get(arena, (size_t)key->len + 3, 1);
    if (!token) return FC_ENOMEM;
    token[0] = '"';
    memcpy(token + 1, key->name, key->len);
    token[key->len + 1] = '"';
    token[key->len + 2] = ':';
    key->token = token;
    key->token_len = key->len + 3;
    return FC_OK;
}

fc_status fc_keys_build(fc_arena *arena, const char *const *texts, const size_t *lens,
                        uint32_t count, fc_keys *out) {
    *out = (fc_keys){0};
    if (count > FC_KEYS_MAX) return FC_ELIMIT;
    uint32_t size = 4;
    while (size < count * 2) size *= 2;
    fc_key *keys = fc_arena_zeros(arena, count ? count : 1, sizeof *keys);
    uint16_t *slots = fc_arena_zeros(arena, size, sizeof *slots);
    if (!keys || !slots) return FC_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        if (lens[i] > UINT32_MAX - 8) return FC_ELIMIT;
        keys[i].name = fc_arena_text(arena, texts[i], lens[i]);
        keys[i].len = (uint32_t)lens[i];
        if (!keys[i].name) return FC_ENOMEM;
        FC_TRY(make_token(arena, &keys[i]));
        uint32_t slot = (uint32_t)fc_hash64(texts[i], lens[i], 0) & (size - 1);
        for (; slots[slot]; slot = (slot + 1) & (size - 1)) {
            const fc_key *other = &keys[slots[slot] - 1];
            if (other->len == keys[i].len && !memcmp(other->name, texts[i], lens[i]))
                return FC_EINVALID;
        }
        slots[slot] = (uint16_t)(i + 1);
    }
    *out = (fc_keys){keys, slots, count, size - 1};
    return FC_OK;
}

static bool is_key(const fc_key *key, const fc_json_string *string) {
    if (FC_UNLIKELY(string->escaped)) return fc_json_string_equal(string, key->name, key->len);
    return key->len == string->len && fc_bytes_equal(key->name, string->data, key->len);
}

int32_t fc_keys_find(const fc_keys *keys, const fc_json_string *string, uint32_t hint) {
    if (hint < keys->count && is_key(&keys->keys[hint], string)) return (int32_t)hint;
    /* A hash of fixed seed: the table is ours, so no document can make it collide. */
    uint64_t hash =
        string->escaped ? fc_json_string_hash(string, 0) : fc_hash64(string->data, string->len, 0);
    for (uint32_t slot = (uint32_t)hash & keys->mask;; slot = (slot + 1) & keys->mask) {
        uint16_t number = keys->slots[slot];
        if (!number) return -1;
        if (is_key(&keys->keys[number - 1], string)) return number - 1;
    }
}
