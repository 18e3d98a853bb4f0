/* What a scanned string stands for: decoding, comparing. Escapes were checked by the
 * scanner, so nothing can fail here. */
#include <string.h>

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
