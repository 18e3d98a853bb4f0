/* The vector primitives in portable C: a block is a 64-bit word. This form is the specification of
 * the others (and what a big-endian machine or an unknown CPU runs).
 *
 * Every vector_LEVEL.h defines the same names, for the templates token_template.h and
 * walk_template.h to be instantiated with:
 *   FC_TARGET   the attribute of every function of the level
 *   FC_N(name)  the name of this level's form of `name`
 *   FC_WIDTH    bytes in a block
 *   FC_LANE     log2 of the bits that a byte has in a mask
 *   block, load, load_part    a block; of FC_WIDTH bytes; of fewer, with zeros behind them
 *   stops       mask of the bytes that end a run in a string: quote, backslash, control. Only its
 *               lowest bit need be right: what is above may be noise.
 *   high        mask of the bytes >= 0x80
 *   not_space   mask of the bytes that are not JSON's white space
 *   not_digits  one bit for each of 32 bytes: is it no digit
 *   digits16, digits32    see below
 *   quotes      one bit for each of 64 bytes: is it a quote
 *   key_ends    the same: is it a quote with a colon behind it; 65 bytes are read
 *   equal, pick           see below */
#include <string.h>

#include "base/bytes.h"

#define FC_TARGET
#define FC_N(name) fc_generic_##name
#define FC_WIDTH 8
#define FC_LANE 3

__extension__ typedef unsigned __int128 fc_generic_u128;
typedef uint64_t fc_generic_block;

#define FC_BYTES(c) (UINT64_C(0x0101010101010101) * (c))

FC_STATIC uint64_t fc_generic_load(const char *at) {
    uint64_t word;
    memcpy(&word, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

FC_STATIC uint64_t fc_generic_load_part(const char *at, size_t n) {
    char copy[8] = {0};
    memcpy(copy, at, n);
    return fc_generic_load(copy);
}

/* 0x80 in every byte that is 0 -- and perhaps in some above the lowest of them. */
FC_STATIC uint64_t fc_generic_zero(uint64_t v) { return (v - FC_BYTES(1)) & ~v & FC_BYTES(0x80); }

FC_STATIC uint64_t fc_generic_stops(uint64_t v) {
    uint64_t control = (v - FC_BYTES(0x20)) & ~v & FC_BYTES(0x80);
    return control | fc_generic_zero(v ^ FC_BYTES('"')) | fc_generic_zero(v ^ FC_BYTES('\\'));
}

FC_STATIC uint64_t fc_generic_high(uint64_t v) { return v & FC_BYTES(0x80); }

/* 0x80 in exactly the bytes that are not 0: the sum cannot carry into the next byte. */
FC_STATIC uint64_t fc_generic_filled(uint64_t v) {
    return (((v & FC_BYTES(0x7F)) + FC_BYTES(0x7F)) | v) & FC_BYTES(0x80);
}

FC_STATIC uint64_t fc_generic_not_space(uint64_t v) {
    return fc_generic_filled(v ^ FC_BYTES(' ')) & fc_generic_filled(v ^ FC_BYTES('\n')) &
           fc_generic_filled(v ^ FC_BYTES('\r')) & fc_generic_filled(v ^ FC_BYTES('\t'));
}

/* The highest bits of the bytes: each of the factor's moves one of them into the top byte. */
FC_STATIC uint64_t fc_generic_gather(uint64_t v) {
    return (v >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

FC_STATIC uint32_t fc_generic_not_digits(const char *at) {
    uint32_t mask = 0;
    for (int i = 0; i < 32; i += 8) {
        uint64_t v = fc_generic_load(at + i) ^ FC_BYTES('0');
        uint64_t other = (((v & FC_BYTES(0x7F)) + FC_BYTES(0x76)) | v) & FC_BYTES(0x80);
        mask |= (uint32_t)fc_generic_gather(other) << i;
    }
    return mask;
}

/* Which of 64 bytes are `c`. */
FC_STATIC uint64_t fc_generic_bits(const char *at, char c) {
    uint64_t others = 0;
    for (int i = 0; i < 64; i += 8) {
        uint64_t v = fc_generic_load(at + i) ^ FC_BYTES((unsigned char)c);
        others |= fc_generic_gather(fc_generic_filled(v)) << i;
    }
    return ~others;
}

FC_STATIC uint64_t fc_generic_quotes(const char *at) { return fc_generic_bits(at, '"'); }

FC_STATIC uint64_t fc_generic_key_ends(const char *at) {
    return fc_generic_bits(at, '"') & fc_generic_bits(at + 1, ':');
}

/* Eight digits (values, not characters), the first in the lowest byte: pairs, fours, all. */
FC_STATIC uint64_t fc_generic_eight(uint64_t v) {
    v = (v * 10 + (v >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    v = (v * 100 + (v >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    return (v * 10000 + (v >> 32)) & UINT64_C(0xFFFFFFFF);
}

/* The number that 16 digits make. The i-th is the byte at[i + shift], or the one before it where
 * i <= moved, or 0 where that is in front of `at`. So shift = n - 16 reads n characters, and moved
 * = dot - shift leaves out the one at `dot`; moved = -1 leaves out none. -16 < shift <= 0, and 16
 * bytes are read. */
FC_STATIC uint64_t fc_generic_digits16(const char *at, ptrdiff_t shift, ptrdiff_t moved) {
    fc_generic_u128 low = fc_generic_load(at) ^ FC_BYTES('0');
    if (*at == '-') low &= ~(fc_generic_u128)0xFF;
    fc_generic_u128 all = low | (fc_generic_u128)(fc_generic_load(at + 8) ^ FC_BYTES('0')) << 64;
    all <<= -8 * shift;
    if (moved >= 0) {
        /* Lanes 0 to moved: up by one byte, over the dot; the others stay. */
        fc_generic_u128 front = ~(fc_generic_u128)0 >> (120 - 8 * moved);
        all = (all << 8 & front) | (all & ~front);
    }
    return fc_generic_eight((uint64_t)all) * 100000000 + fc_generic_eight((uint64_t)(all >> 64));
}

/* Two digits16: those of at + shift with `moved`, to *tail, and the `shift` (1 to 16) characters in
 * front of them, with `head_moved`. */
FC_STATIC uint64_t fc_generic_digits32(const char *at, ptrdiff_t shift, ptrdiff_t moved,
                                       ptrdiff_t head_moved, uint64_t *tail) {
    *tail = fc_generic_digits16(at + shift, 0, moved);
    return fc_generic_digits16(at, shift - 16, head_moved);
}

/* Whether the `len` <= `left` bytes at `at` are those at `text`. At `at`, `left` bytes can be read;
 * at `text`, FC_TEXT_ROOM bytes, if `len` is not above that. */
FC_STATIC bool fc_generic_equal(const char *at, size_t left, const char *text, size_t len) {
    (void)left;
    return fc_bytes_equal(at, text, len);
}

/* The first of `count` words that `word` equals in the bits of its mask; `count` or more if none.
 * The arrays go on to a multiple of FC_PICK_ROOM with words that no text of JSON begins with. */
FC_STATIC uint32_t fc_generic_pick(uint64_t word, const uint64_t *words, const uint64_t *masks,
                                   uint32_t count) {
    uint32_t i = 0;
    while (i < count && ((word ^ words[i]) & masks[i])) i++;
    return i;
}
