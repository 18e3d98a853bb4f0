/* UTF-8: validation and measuring, the generic forms. */
#include <string.h>

#include "fastcore/base.h"

/* The length of the sequence that begins at `at`, or 0 if it is none of RFC 3629's. The second
 * byte's range depends on the first: that is what keeps out overlong forms (E0, F0), surrogates
 * (ED) and what lies behind U+10FFFF (F4). */
static inline size_t sequence(const unsigned char *at, size_t left) {
    unsigned char lead = at[0];
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0; /* a continuation byte, or an overlong form of ASCII */
    if (left < 2) return 0;
    unsigned char second = at[1];
    if (lead < 0xE0) return (second & 0xC0) == 0x80 ? 2 : 0;
    if (left < 3 || (at[2] & 0xC0) != 0x80) return 0;
    if (lead < 0xF0) {
        unsigned char low = lead == 0xE0 ? 0xA0 : 0x80, high = lead == 0xED ? 0x9F : 0xBF;
        return second >= low && second <= high ? 3 : 0;
    }
    if (lead > 0xF4 || left < 4 || (at[3] & 0xC0) != 0x80) return 0;
    unsigned char low = lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high ? 4 : 0;
}

static inline bool ascii8(const unsigned char *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return !(word & 0x8080808080808080u);
}

bool fc_utf8_valid(const char *text, size_t len) {
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0; i < len;) {
        if (len - i >= 8 && ascii8(at + i)) {
            i += 8;
            continue;
        }
        size_t n = sequence(at + i, len - i);
        if (!n) return false;
        i += n;
    }
    return true;
}

void fc_utf8_measure(const char *text, size_t len, size_t *chars, uint32_t *largest) {
    const unsigned char *at = (const unsigned char *)text;
    size_t count = 0;
    uint32_t top = 0;
    for (size_t i = 0; i < len; count++) {
        uint32_t point = at[i];
        if (point < 0x80) {
            i += 1;
        } else if (point < 0xE0) {
            point = (point & 0x1F) << 6 | (at[i + 1] & 0x3Fu);
            i += 2;
        } else if (point < 0xF0) {
            point = (point & 0x0F) << 12 | (at[i + 1] & 0x3Fu) << 6 | (at[i + 2] & 0x3Fu);
            i += 3;
        } else {
            point = (point & 0x07) << 18 | (at[i + 1] & 0x3Fu) << 12 | (at[i + 2] & 0x3Fu) << 6 |
                    (at[i + 3] & 0x3Fu);
            i += 4;
        }
        if (point > top) top = point;
    }
    *chars = count;
    *largest = top;
}
