/* fc_hash64: see base/hash.h for its definition. */
#include "base/hash.h"

uint64_t fc_hash64(const void *data, size_t len, uint64_t seed) {
    return fc_hash_all(data, len, seed);
}
