/* The vector primitives with AVX-512; the names and contracts are vector_generic.h's. */
#define FC_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi,bmi2")))
#define FC_N(name) fc_avx512_##name
#define FC_WIDTH 64
#define FC_LANE 0

typedef __m512i fc_avx512_block;

FC_STATIC FC_TARGET __m512i fc_avx512_load(const char *at) { return _mm512_loadu_si512(at); }

/* Masked-out bytes are not touched: no fault behind the text. n < 64. */
FC_STATIC FC_TARGET __m512i fc_avx512_load_part(const char *at, size_t n) {
    return _mm512_maskz_loadu_epi8(((uint64_t)1 << n) - 1, at);
}

FC_STATIC FC_TARGET uint64_t fc_avx512_stops(__m512i v) {
    return _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20)) |
           _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) |
           _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\'));
}

FC_STATIC FC_TARGET uint64_t fc_avx512_quotes(const char *at) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8('"'));
}

FC_STATIC FC_TARGET uint64_t fc_avx512_key_ends(const char *at) {
    return fc_avx512_quotes(at) &
           _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at + 1), _mm512_set1_epi8(':'));
}

FC_STATIC FC_TARGET uint64_t fc_avx512_high(__m512i v) { return _mm512_movepi8_mask(v); }

FC_STATIC FC_TARGET uint64_t fc_avx512_not_space(__m512i v) {
    return _mm512_cmpneq_epi8_mask(v, _mm512_set1_epi8(' ')) &
           _mm512_cmpneq_epi8_mask(v, _mm512_set1_epi8('\n')) &
           _mm512_cmpneq_epi8_mask(v, _mm512_set1_epi8('\r')) &
           _mm512_cmpneq_epi8_mask(v, _mm512_set1_epi8('\t'));
}

FC_STATIC FC_TARGET uint32_t fc_avx512_pick(uint64_t word, const uint64_t *words,
                                            const uint64_t *masks, uint32_t count) {
    const __m512i all = _mm512_set1_epi64((long long)word);
    for (uint32_t i = 0; i < count; i += 8) {
        __m512i differ = _mm512_xor_si512(all, _mm512_loadu_si512(words + i));
        uint32_t hits = _mm512_testn_epi64_mask(differ, _mm512_loadu_si512(masks + i));
        if (hits) return i + (uint32_t)__builtin_ctz(hits);
    }
    return count;
}

#include "json/vector_x86.h"
