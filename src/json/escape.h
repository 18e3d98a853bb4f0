/* JSON's escapes: checking one, and what one stands for. */
#ifndef FASTCORE_JSON_ESCAPE_H
#define FASTCORE_JSON_ESCAPE_H

#include "fastcore/json.h"

/* The value of a hexadecimal digit, or a number above 15. */
static inline uint32_t fc_hex_digit(char c) {
    uint32_t digit = (uint32_t)(unsigned char)c - '0';
    if (digit < 10) return digit;
    uint32_t letter = ((uint32_t)(unsigned char)c | 0x20) - 'a';
    return letter < 6 ? letter + 10 : 16;
}

/* Four hexadecimal digits, or a number above 0xFFFF. */
static inline uint32_t fc_hex4(const char *at) {
    uint32_t a = fc_hex_digit(at[0]), b = fc_hex_digit(at[1]);
    uint32_t c = fc_hex_digit(at[2]), d = fc_hex_digit(at[3]);
    return (a | b | c | d) > 15 ? UINT32_MAX : a << 12 | b << 8 | c << 4 | d;
}

static inline bool fc_is_high_surrogate(uint32_t unit) { return (unit & 0xFFFFFC00u) == 0xD800; }
static inline bool fc_is_low_surrogate(uint32_t unit) { return (unit & 0xFFFFFC00u) == 0xDC00; }

/* Checks the escape whose backslash stands at `at` and returns the first byte behind it, or NULL
 * (then it is no escape, half of a pair, or cut off by `end`). */
static inline const char *fc_escape_check(const char *at, const char *end) {
    if (end - at < 2) return NULL;
    switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return at + 2;
    case 'u': break;
    default: return NULL;
    }
    if (end - at < 6) return NULL;
    uint32_t unit = fc_hex4(at + 2);
    if (unit > 0xFFFF || fc_is_low_surrogate(unit)) return NULL;
    if (!fc_is_high_surrogate(unit)) return at + 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u') return NULL;
    uint32_t low = fc_hex4(at + 8);
    return low <= 0xFFFF && fc_is_low_surrogate(low) ? at + 12 : NULL;
}

/* Decodes the escape (already checked) whose backslash stands at `at` into 1 to 4 bytes of UTF-8,
 * which is never more than the escape has itself. Returns the first byte behind it. */
static inline const char *fc_escape_decode(const char *at, char out[4], size_t *n) {
    uint32_t point;
    *n = 1;
    switch (at[1]) {
    case 'b': out[0] = '\b'; return at + 2;
    case 'f': out[0] = '\f'; return at + 2;
    case 'n': out[0] = '\n'; return at + 2;
    case 'r': out[0] = '\r'; return at + 2;
    case 't': out[0] = '\t'; return at + 2;
    case 'u': point = fc_hex4(at + 2); break;
    default: out[0] = at[1]; return at + 2;
    }
    at += 6;
    if (point < 0x80) {
        out[0] = (char)point;
        return at;
    }
    if (point < 0x800) {
        *n = 2;
        out[0] = (char)(0xC0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3F));
        return at;
    }
    if (!fc_is_high_surrogate(point)) {
        *n = 3;
        out[0] = (char)(0xE0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (point & 0x3F));
        return at;
    }
    point = 0x10000 + ((point & 0x3FF) << 10 | (fc_hex4(at + 2) & 0x3FF));
    *n = 4;
    out[0] = (char)(0xF0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (point & 0x3F));
    return at + 6;
}

#endif
