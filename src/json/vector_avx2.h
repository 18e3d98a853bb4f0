/* The vector primitives with AVX2; the names and contracts are vector_generic.h's. */
#define FC_TARGET __attribute__((target("avx2,bmi,bmi2")))
#define FC_N(name) fc_avx2_##name
#define FC_WIDTH 32
#define FC_LANE 0

typedef __m256i fc_avx2_block;

#include "json/vector_x86.h"

FC_STATIC FC_TARGET __m256i fc_avx2_load(const char *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}

FC_STATIC FC_TARGET __m256i fc_avx2_load_part(const char *at, size_t n) {
    char copy[32] = {0};
    memcpy(copy, at, n);
    return fc_avx2_load(copy);
}

FC_STATIC FC_TARGET uint64_t fc_avx2_stops(__m256i v) {
    /* v <= 0x1F, as there is no unsigned compare: the minimum with 0x1F is v itself. */
    __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, FC_LANES256(control)), v);
    __m256i quote = _mm256_cmpeq_epi8(v, FC_LANES256(quote));
    __m256i slash = _mm256_cmpeq_epi8(v, FC_LANES256(slash));
    __m256i any = _mm256_or_si256(_mm256_or_si256(quote, slash), control);
    return (uint32_t)_mm256_movemask_epi8(any);
}

FC_STATIC FC_TARGET uint64_t fc_avx2_quotes(const char *at) {
    __m256i low = _mm256_cmpeq_epi8(fc_avx2_load(at), FC_LANES256(quote));
    __m256i high = _mm256_cmpeq_epi8(fc_avx2_load(at + 32), FC_LANES256(quote));
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)_mm256_movemask_epi8(high) << 32;
}

FC_STATIC FC_TARGET uint64_t fc_avx2_key_ends(const char *at) {
    const __m256i colon = _mm256_set1_epi8(':');
    __m256i low = _mm256_cmpeq_epi8(fc_avx2_load(at + 1), colon);
    __m256i high = _mm256_cmpeq_epi8(fc_avx2_load(at + 33), colon);
    return fc_avx2_quotes(at) &
           ((uint32_t)_mm256_movemask_epi8(low) | (uint64_t)_mm256_movemask_epi8(high) << 32);
}

FC_STATIC FC_TARGET uint64_t fc_avx2_high(__m256i v) { return (uint32_t)_mm256_movemask_epi8(v); }

FC_STATIC FC_TARGET uint64_t fc_avx2_not_space(__m256i v) {
    __m256i a = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(' '));
    __m256i b = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n'));
    __m256i c = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\r'));
    __m256i d = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\t'));
    __m256i space = _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
    return (uint32_t)~_mm256_movemask_epi8(space);
}

FC_STATIC FC_TARGET uint32_t fc_avx2_pick(uint64_t word, const uint64_t *words,
                                          const uint64_t *masks, uint32_t count) {
    const __m256i all = _mm256_set1_epi64x((long long)word);
    for (uint32_t i = 0; i < count; i += 4) {
        __m256i differ = _mm256_xor_si256(all, _mm256_loadu_si256((const __m256i *)(words + i)));
        differ = _mm256_and_si256(differ, _mm256_loadu_si256((const __m256i *)(masks + i)));
        __m256i same = _mm256_cmpeq_epi64(differ, _mm256_setzero_si256());
        uint32_t hits = (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(same));
        if (hits) return i + (uint32_t)__builtin_ctz(hits);
    }
    return count;
}
