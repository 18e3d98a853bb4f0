/* Comparing short texts without a call. */
#ifndef FC_BASE_BYTES_H
#define FC_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Texts that vectors are compared with have at least so many bytes that can be read. */
enum { FC_TEXT_ROOM = 64 };
/* Lists of words that one of them is picked from end with a whole vector. */
enum { FC_PICK_ROOM = 8 };

static inline uint64_t fc_load64(const char *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

static inline uint32_t fc_load32(const char *at) {
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

/* Equal, for `len` bytes that both sides really have: whole words, the last one overlapping, so
 * that nothing outside is read. */
static inline bool fc_bytes_equal(const char *a, const char *b, size_t len) {
    if (len >= 8) {
        uint64_t differ = fc_load64(a + len - 8) ^ fc_load64(b + len - 8);
        for (size_t i = 0; i + 8 < len; i += 8) differ |= fc_load64(a + i) ^ fc_load64(b + i);
        return differ == 0;
    }
    if (len >= 4)
        return ((fc_load32(a) ^ fc_load32(b)) |
                (fc_load32(a + len - 4) ^ fc_load32(b + len - 4))) == 0;
    for (size_t i = 0; i < len; i++)
        if (a[i] != b[i]) return false;
    return true;
}

#endif
