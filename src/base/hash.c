/* fc_hash64: see base/hash.h for its definition. */
#include "base/hash.h"

uint64_t fc_hash64(const void *data, size_t len, uint64_t seed) {
    const unsigned char *at = data;
    uint64_t state = fc_hash_begin(seed);
    size_t left = len;
    for (; left > 16; left -= 16, at += 16) state = fc_hash_block(state, seed, at);
    return fc_hash_end(state, seed, at, left, len);
}
