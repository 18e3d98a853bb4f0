/* MurmurHash3, the 32-bit form for x86 (Austin Appleby, public domain), from its definition: a word
 * of four bytes, little-endian, at a time; the up to three bytes that are left; the length; a
 * finalizer that mixes every bit into every other. Not for tables that an attacker can fill. */
#ifndef FC_BASE_MURMUR3_H
#define FC_BASE_MURMUR3_H

#include <string.h>

#include "fastcore/base.h"

static inline uint32_t fc_rotate32(uint32_t x, int by) { return x << by | x >> (32 - by); }

static inline uint32_t fc_murmur3_scramble(uint32_t word) {
    return fc_rotate32(word * 0xCC9E2D51u, 15) * 0x1B873593u;
}

static inline uint32_t fc_murmur3(const void *data, size_t len, uint32_t seed) {
    const unsigned char *at = data;
    uint32_t hash = seed;
    size_t left = len;
    for (; left >= 4; left -= 4, at += 4) {
        uint32_t word;
        memcpy(&word, at, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap32(word);
#endif
        hash = fc_rotate32(hash ^ fc_murmur3_scramble(word), 13) * 5 + 0xE6546B64u;
    }
    /* No bytes left are a zero, which changes nothing. */
    uint32_t tail = 0;
    if (len >= 4) {
        memcpy(&tail, at + left - 4, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        tail = __builtin_bswap32(tail);
#endif
        tail = (uint32_t)((uint64_t)tail >> (32 - 8 * left));
    } else {
        for (size_t i = 0; i < left; i++) tail |= (uint32_t)at[i] << 8 * i;
    }
    hash ^= fc_murmur3_scramble(tail);
    hash ^= (uint32_t)len;
    hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
    hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
    return hash ^ hash >> 16;
}

#endif
