/* Expected keys: the next one in order is guessed, any other is found by hash. */
#include <string.h>

#include "fastcore/schema.h"
#include "schema/keys.h"

enum { FACTORS = 32 }; /* that are tried */

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
    size_t size = (size_t)key->len + 3;
    char *token = fc_arena_zeros(arena, size < FC_TEXT_ROOM ? FC_TEXT_ROOM : size, 1);
    if (!token) return FC_ENOMEM;
    token[0] = '"';
    memcpy(token + 1, key->name, key->len);
    token[key->len + 1] = '"';
    token[key->len + 2] = ':';
    key->token = token;
    key->token_len = (uint32_t)size;
    return FC_OK;
}

/* Puts the keys into the slots; returns how many are not where their hash says, or UINT32_MAX if a
 * text occurs twice. */
static uint32_t place_keys(const fc_keys *keys, uint16_t *slots) {
    uint32_t displaced = 0;
    memset(slots, 0, ((size_t)keys->mask + 1) * sizeof *slots);
    for (uint32_t i = 0; i < keys->count; i++) {
        const fc_key *key = &keys->keys[i];
        uint32_t slot = fc_keys_hash(keys, key->name, key->len) & keys->mask;
        displaced += slots[slot] != 0;
        for (; slots[slot]; slot = (slot + 1) & keys->mask) {
            const fc_key *other = &keys->keys[slots[slot] - 1];
            if (other->len == key->len && !memcmp(other->name, key->name, key->len))
                return UINT32_MAX;
        }
        slots[slot] = (uint16_t)(i + 1);
    }
    return displaced;
}

fc_status fc_keys_build(fc_arena *arena, const char *const *texts, const size_t *lens,
                        uint32_t count, fc_keys *out) {
    *out = (fc_keys){0};
    if (count > FC_KEYS_MAX) return FC_ELIMIT;
    uint32_t size = 4;
    while (size < count * 4) size *= 2;
    /* One more, which is no key: what is expected behind the last. */
    fc_key *keys = fc_arena_zeros(arena, (size_t)count + 1, sizeof *keys);
    uint16_t *slots = fc_arena_zeros(arena, size, sizeof *slots);
    if (!keys || !slots) return FC_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        if (lens[i] > UINT32_MAX - 8) return FC_ELIMIT;
        keys[i].name = fc_arena_text(arena, texts[i], lens[i]);
        keys[i].len = (uint32_t)lens[i];
        if (!keys[i].name) return FC_ENOMEM;
        FC_TRY(make_token(arena, &keys[i]));
    }
    fc_keys made = {keys, slots, count, size - 1, 0};
    uint64_t factor = UINT64_C(0x9E3779B97F4A7C15), best = factor;
    uint32_t fewest = UINT32_MAX;
    for (int i = 0; i < FACTORS && fewest; i++, factor = factor * 0x5851F42D4C957F2D | 1) {
        made.factor = factor;
        uint32_t displaced = place_keys(&made, slots);
        if (displaced == UINT32_MAX) return FC_EINVALID;
        if (displaced < fewest) fewest = displaced, best = factor;
    }
    made.factor = best;
    (void)place_keys(&made, slots);
    *out = made;
    return FC_OK;
}

static bool is_key(const fc_key *key, const fc_json_string *string) {
    if (FC_UNLIKELY(string->escaped)) return fc_json_string_equal(string, key->name, key->len);
    return key->len == string->len && fc_bytes_equal(key->name, string->data, key->len);
}

/* A text with escapes: most keys are short, and what is read twice was written twice. */
static int32_t find_escaped(const fc_keys *keys, const fc_json_string *string) {
    char decoded[256];
    if (string->len > sizeof decoded) {
        for (uint32_t i = 0; i < keys->count; i++)
            if (is_key(&keys->keys[i], string)) return (int32_t)i;
        return -1;
    }
    fc_json_string plain = {decoded, fc_json_string_decode(string, decoded), false, false};
    return fc_keys_find(keys, &plain, UINT32_MAX);
}

int32_t fc_keys_find(const fc_keys *keys, const fc_json_string *string, uint32_t hint) {
    if (hint < keys->count && is_key(&keys->keys[hint], string)) return (int32_t)hint;
    if (FC_UNLIKELY(string->escaped)) return find_escaped(keys, string);
    uint32_t slot = fc_keys_hash(keys, string->data, string->len) & keys->mask;
    for (;; slot = (slot + 1) & keys->mask) {
        uint16_t number = keys->slots[slot];
        if (!number) return -1;
        if (is_key(&keys->keys[number - 1], string)) return number - 1;
    }
}
