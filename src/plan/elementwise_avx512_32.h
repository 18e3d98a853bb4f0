/* The primitives of elementwise_template.h for sixteen floats in AVX-512. */
#define FC_M __mmask16
#define FC_ACC __m512i
#define FC_QUICK 0
#define FC_P static inline FC_TARGET __attribute__((always_inline))

typedef __m512 avx512_32_vector;

FC_P __mmask16 avx512_32_nan(__m512 a) { return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q); }
FC_P __mmask16 avx512_32_le(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
FC_P __mmask16 avx512_32_ge(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
FC_P __mmask16 avx512_32_gt(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
FC_P __mmask16 avx512_32_equal(__m512 a, __m512 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
FC_P __m512 avx512_32_pick(__mmask16 mask, __m512 yes, __m512 no) {
    return _mm512_mask_blend_ps(mask, no, yes);
}
FC_P __m512i avx512_32_acc_new(void) { return _mm512_set1_epi32(-1); }
FC_P __m512i avx512_32_acc_inf(__m512i acc, __m512 a) {
    __m512i sign = _mm512_set1_epi32(INT32_MAX), inf = _mm512_set1_epi32(0x7f800000);
    __m512i left = _mm512_ternarylogic_epi32(_mm512_castps_si512(a), sign, inf, 0x6a);
    return _mm512_min_epu32(acc, left);
}
FC_P __m512i avx512_32_acc_not(__m512i acc, __mmask16 good) {
    return _mm512_maskz_mov_epi32(good, acc);
}
FC_P bool avx512_32_acc_bad(__m512i acc) {
    return _mm512_cmpeq_epi32_mask(acc, _mm512_setzero_si512()) != 0;
}
FC_P void avx512_32_mark(uint8_t *marks, size_t k, __mmask16 mask) {
    memcpy(marks + 2 * k, &mask, 2);
}
FC_P void avx512_32_stream(float *at, __m512 a) { _mm512_stream_ps(at, a); }
#undef FC_P
