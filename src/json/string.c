/* What a scanned string stands for: decoding, comparing, hashing. Escapes were checked by the
 * scanner, so nothing can fail here. */
#include <string.h>

#include "base/hash.h"
#include "json/escape.h"

size_t fc_json_string_decode(const fc_json_string *string, char *out) {
    const char *at = string->data, *end = at + string->len;
    char *to = out;
    while (at < end) {
        const char *slash = string->escaped ? memchr(at, '\\', (size_t)(end - at)) : NULL;
        size_t plain = (size_t)((slash ? slash : end) - at);
        memcpy(to, at, plain);
        to += plain;
        at += plain;
        if (!slash) break;
        /* Through a small buffer: the decoder may write 4 bytes where `out` has room for 1. */
        char piece[4];
        size_t n;
        at = fc_escape_decode(at, piece, &n);
        memcpy(to, piece, n);
        to += n;
    }
    return (size_t)(to - out);
}

bool fc_json_string_equal(const fc_json_string *string, const char *text, size_t len) {
    if (!string->escaped) {
        return string->len == len && (len == 0 || memcmp(string->data, text, len) == 0);
    }
    const char *at = string->data, *end = at + string->len;
    const char *rest = text, *limit = text + len;
    while (at < end) {
        char piece[4] = {*at};
        size_t n = 1;
        at = *at == '\\' ? fc_escape_decode(at, piece, &n) : at + 1;
        if ((size_t)(limit - rest) < n || memcmp(rest, piece, n) != 0) return false;
        rest += n;
    }
    return rest == limit;
}

/* Feeds the decoded bytes through 16-byte blocks, as fc_hash64 would meet them. A block is only
 * mixed in when another byte follows it: the last one belongs to fc_hash_end. */
static uint64_t hash_escaped(const fc_json_string *string, uint64_t seed) {
    const char *at = string->data, *end = at + string->len;
    unsigned char block[16 + 4];
    size_t fill = 0;
    uint64_t len = 0, state = fc_hash_begin(seed);
    while (at < end) {
        char piece[4] = {*at};
        size_t n = 1;
        at = *at == '\\' ? fc_escape_decode(at, piece, &n) : at + 1;
        memcpy(block + fill, piece, n);
        fill += n;
        len += n;
        if (fill > 16) {
            state = fc_hash_block(state, seed, block);
            fill -= 16;
            memmove(block, block + 16, fill);
        }
    }
    return fc_hash_end(state, seed, block, fill, len);
}

uint64_t fc_json_string_hash(const fc_json_string *string, uint64_t seed) {
    if (!string->escaped) return fc_hash64(string->data, string->len, seed);
    return hash_escaped(string, seed);
}
