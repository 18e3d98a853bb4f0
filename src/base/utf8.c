/* UTF-8: validation. */
#include <string.h>

#include "fastcore/base.h"

#define FC_INLINE static inline __attribute__((always_inline))

/* clang-format off */
#if defined(__x86_64__)
#include <immintrin.h>
#include "base/utf8_avx2.h"
#include "base/utf8_template.h"
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#include "base/utf8_neon.h"
#include "base/utf8_template.h"
#define FC_HAS_NEON 1
#endif
/* clang-format on */

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

static bool valid_generic(const char *text, size_t len) {
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

bool fc_utf8_valid(const char *text, size_t len) {
    if (len < 16) return valid_generic(text, len);
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: /* wider vectors would not pay: most texts are shorter than one */
    case FC_CPU_AVX2: return utf8_avx2_valid(text, len);
#elif FC_HAS_NEON
    case FC_CPU_NEON: return utf8_neon_valid(text, len);
#endif
    default: return valid_generic(text, len);
    }
}
