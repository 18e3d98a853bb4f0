/* Strings as texts of one width: how many characters, which width the largest needs, and those
 * characters, all without an intermediate copy. */
#include <string.h>

#include "base/simd.h"
#include "json/escape.h"
#include "json/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#define FC_HAS_NEON 1
#endif

/* The code point of the escape or of the sequence of UTF-8 at *at, both known to be valid. */
static inline uint32_t next_point(const char **at) {
    char piece[4];
    size_t n;
    const unsigned char *p = (const unsigned char *)*at;
    if (*p == '\\') {
        *at = fc_escape_decode(*at, piece, &n);
        p = (const unsigned char *)piece;
    } else {
        *at += *p < 0x80 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
    }
    if (p[0] < 0x80) return p[0];
    if (p[0] < 0xE0) return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    if (p[0] < 0xF0) return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

static inline void put_unit(void *out, size_t n, int width, uint32_t point) {
    if (width == 1)
        ((uint8_t *)out)[n] = (uint8_t)point;
    else if (width == 2)
        ((uint16_t *)out)[n] = (uint16_t)point;
    else
        ((uint32_t *)out)[n] = point;
}

/* ---- Measuring ---------------------------------------------------------------------------- */

enum { LANES = 32 };

/* The bytes that begin a character; *top is the largest. In lanes of one byte, which are added up
 * before they can overflow. */
FC_BODY size_t leads_body(const unsigned char *at, size_t len, unsigned char *top) {
    unsigned char tops[LANES] = {0};
    size_t count = 0, i = 0;
    while (len - i >= LANES) {
        unsigned char counts[LANES] = {0};
        size_t blocks = (len - i) / LANES;
        if (blocks > 255) blocks = 255;
        for (size_t b = 0; b < blocks; b++, i += LANES) {
            for (int l = 0; l < LANES; l++) counts[l] += (signed char)at[i + (size_t)l] >= -64;
            for (int l = 0; l < LANES; l++)
                tops[l] = at[i + (size_t)l] > tops[l] ? at[i + (size_t)l] : tops[l];
        }
        for (int l = 0; l < LANES; l++) count += counts[l];
    }
    unsigned char most = 0;
    for (; i < len; i++) {
        count += (signed char)at[i] >= -64;
        most = at[i] > most ? at[i] : most;
    }
    for (int l = 0; l < LANES; l++) most = tops[l] > most ? tops[l] : most;
    *top = most;
    return count;
}

FC_SIMD_FORMS(size_t, leads, (const unsigned char *at, size_t len, unsigned char *top),
              (at, len, top))

size_t fc_json_string_chars(const fc_json_string *string, uint32_t *ceiling) {
    uint32_t largest = 0x7F;
    size_t chars = string->len;
    if (!string->ascii) {
        unsigned char top;
        chars = leads((const unsigned char *)string->data, string->len, &top);
        /* C2 and C3 lead to U+00FF, all others of two and three bytes to U+FFFF. */
        largest = top >= 0xF0 ? 0x10FFFF : top >= 0xC4 ? 0xFFFF : 0xFF;
    }
    const char *at = string->data, *end = at + string->len;
    while (string->escaped && at < end) {
        if (*at != '\\' && !(at = memchr(at, '\\', (size_t)(end - at)))) break;
        const char *begin = at;
        uint32_t point = next_point(&at);
        chars -= (size_t)(at - begin) - 1;
        largest |= point; /* as good as the maximum: only the number of bits counts */
    }
    *ceiling = largest < 0x80      ? 0x7F
               : largest < 0x100   ? 0xFF
               : largest < 0x10000 ? 0xFFFF
                                   : 0x10FFFF;
    return chars;
}

/* ---- Writing ------------------------------------------------------------------------------ */

/* clang-format off */
#include "json/vector_generic.h"
#include "json/text_template.h"

#if defined(__x86_64__)
#include "json/vector_avx2.h"
#include "json/text_template.h"

#include "json/vector_avx512.h"
#include "json/text_template.h"
#elif FC_HAS_NEON
#include "json/vector_neon.h"
#include "json/text_template.h"
#endif
/* clang-format on */

void fc_json_string_write(const fc_json_string *string, int width, void *out, size_t chars) {
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: fc_avx512_write_text(string, width, out, chars); break;
    case FC_CPU_AVX2: fc_avx2_write_text(string, width, out, chars); break;
#elif FC_HAS_NEON
    case FC_CPU_NEON: fc_neon_write_text(string, width, out, chars); break;
#endif
    default: fc_generic_write_text(string, width, out, chars);
    }
}
