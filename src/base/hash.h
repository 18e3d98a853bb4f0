/* The parts of fc_hash64, so that a text can also be hashed piece by piece, or without a call.
 *
 * The definition: state = fc_hash_begin(seed); every block of 16 bytes that is not the last one
 * goes through fc_hash_block; the last 0 to 16 bytes and the whole length through fc_hash_end.
 * The step is a 64 x 64 -> 128 bit product folded to 64 bits, as in wyhash. */
#ifndef FASTCORE_BASE_HASH_H
#define FASTCORE_BASE_HASH_H

#include <string.h>

#include "fastcore/base.h"

__extension__ typedef unsigned __int128 fc_u128;

/* Odd numbers with about as many ones as zeros: the fractions of square roots of primes. */
#define FC_HASH_A 0x6A09E667F3BCC909u
#define FC_HASH_B 0xBB67AE8584CAA73Bu

static inline uint64_t fc_hash_fold(uint64_t a, uint64_t b) {
    fc_u128 product = (fc_u128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Little-endian loads: a hash may be stored, so it must not depend on the machine. */
static inline uint64_t fc_hash_load8(const unsigned char *at) {
    uint64_t word;
    memcpy(&word, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}
static inline uint64_t fc_hash_load4(const unsigned char *at) {
    uint32_t word;
    memcpy(&word, at, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

static inline uint64_t fc_hash_begin(uint64_t seed) { return seed ^ FC_HASH_A; }

/* The seed is in both factors: without it a block that equals a constant would wipe the state. */
static inline uint64_t fc_hash_block(uint64_t state, uint64_t seed, const unsigned char *at) {
    return fc_hash_fold(fc_hash_load8(at) ^ FC_HASH_B ^ seed, fc_hash_load8(at + 8) ^ state);
}

static inline uint64_t fc_hash_end(uint64_t state, uint64_t seed, const unsigned char *at,
                                   size_t left, uint64_t len) {
    uint64_t a = 0, b = 0;
    if (left >= 8) {
        a = fc_hash_load8(at);
        b = fc_hash_load8(at + left - 8);
    } else if (left >= 4) {
        a = fc_hash_load4(at);
        b = fc_hash_load4(at + left - 4);
    } else if (left) {
        a = (uint64_t)at[0] << 16 | (uint64_t)at[left >> 1] << 8 | at[left - 1];
    }
    uint64_t mixed = fc_hash_fold(a ^ FC_HASH_B ^ seed, b ^ state);
    return fc_hash_fold(mixed ^ FC_HASH_A, len ^ FC_HASH_B);
}

static inline uint64_t fc_hash_all(const void *data, size_t len, uint64_t seed) {
    const unsigned char *at = (const unsigned char *)data;
    uint64_t state = fc_hash_begin(seed);
    size_t left = len;
    for (; left > 16; left -= 16, at += 16) state = fc_hash_block(state, seed, at);
    return fc_hash_end(state, seed, at, left, len);
}

#endif
