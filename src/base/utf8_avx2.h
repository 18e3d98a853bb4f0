/* What utf8_template.h asks for, with AVX2. */
#define FC_TARGET __attribute__((target("avx2")))
#define FC_N(name) utf8_avx2_##name
#define FC_WIDTH 32
/* alignr works on each half alone: the upper half of `old` is put below the lower one of v. */
#define FC_BEFORE(v, old, n)                                                                       \
    _mm256_alignr_epi8(v, _mm256_permute2x128_si256(old, v, 0x21), 16 - (n))

typedef __m256i utf8_avx2_vector;

FC_INLINE FC_TARGET __m256i utf8_avx2_zero(void) { return _mm256_setzero_si256(); }
FC_INLINE FC_TARGET __m256i utf8_avx2_load(const char *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}
FC_INLINE FC_TARGET bool utf8_avx2_any_high(__m256i v) { return _mm256_movemask_epi8(v) != 0; }
FC_INLINE FC_TARGET bool utf8_avx2_any(__m256i v) { return !_mm256_testz_si256(v, v); }
FC_INLINE FC_TARGET __m256i utf8_avx2_lookup(const uint8_t *table, __m256i v) {
    __m128i half = _mm_loadu_si128((const __m128i *)table);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), v);
}
FC_INLINE FC_TARGET __m256i utf8_avx2_low4(__m256i v) {
    return _mm256_and_si256(v, _mm256_set1_epi8(15));
}
FC_INLINE FC_TARGET __m256i utf8_avx2_shift4(__m256i v) {
    return utf8_avx2_low4(_mm256_srli_epi16(v, 4));
}
FC_INLINE FC_TARGET __m256i utf8_avx2_minus(__m256i v, int n) {
    return _mm256_subs_epu8(v, _mm256_set1_epi8((char)n));
}
FC_INLINE FC_TARGET __m256i utf8_avx2_top(__m256i v) {
    return _mm256_and_si256(v, _mm256_set1_epi8((char)0x80));
}
FC_INLINE FC_TARGET __m256i utf8_avx2_both(__m256i a, __m256i b) { return _mm256_and_si256(a, b); }
FC_INLINE FC_TARGET __m256i utf8_avx2_either(__m256i a, __m256i b) { return _mm256_or_si256(a, b); }
FC_INLINE FC_TARGET __m256i utf8_avx2_differ(__m256i a, __m256i b) {
    return _mm256_xor_si256(a, b);
}
