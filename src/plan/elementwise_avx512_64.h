/* The primitives of elementwise_template.h for eight doubles in AVX-512, and its quick division. */
#define FC_M __mmask8
#define FC_ACC __m512i
#define FC_QUICK 1
#define FC_P static inline FC_TARGET __attribute__((always_inline))

typedef __m512d avx512_64_vector;

FC_P __mmask8 avx512_64_nan(__m512d a) { return _mm512_cmp_pd_mask(a, a, _CMP_UNORD_Q); }
FC_P __mmask8 avx512_64_le(__m512d a, __m512d b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
FC_P __mmask8 avx512_64_ge(__m512d a, __m512d b) { return _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ); }
FC_P __mmask8 avx512_64_gt(__m512d a, __m512d b) { return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ); }
FC_P __mmask8 avx512_64_equal(__m512d a, __m512d b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
FC_P __m512d avx512_64_pick(__mmask8 mask, __m512d yes, __m512d no) {
    return _mm512_mask_blend_pd(mask, no, yes);
}
/* |a| xor infinity is zero for infinities alone: two instructions, where a comparison and its mask
 * need three. */
FC_P __m512i avx512_64_acc_new(void) { return _mm512_set1_epi64(-1); }
FC_P __m512i avx512_64_acc_inf(__m512i acc, __m512d a) {
    __m512i sign = _mm512_set1_epi64(INT64_MAX), inf = _mm512_set1_epi64(0x7ff0000000000000);
    __m512i left = _mm512_ternarylogic_epi64(_mm512_castpd_si512(a), sign, inf, 0x6a);
    return _mm512_min_epu64(acc, left);
}
FC_P __m512i avx512_64_acc_not(__m512i acc, __mmask8 good) {
    return _mm512_maskz_mov_epi64(good, acc);
}
FC_P bool avx512_64_acc_bad(__m512i acc) {
    return _mm512_cmpeq_epi64_mask(acc, _mm512_setzero_si512()) != 0;
}
FC_P void avx512_64_mark(uint8_t *marks, size_t k, __mmask8 mask) { marks[k] = mask; }
FC_P void avx512_64_stream(double *at, __m512d a) { _mm512_stream_pd(at, a); }

/* The quick division x / c, correctly rounded (elementwise.c has the proof): here h = `second` and
 * l = `low` are 1/c in two parts. The range of the dividends is kept, to be judged in the end; a
 * zero counts as large in `least`, so that it never is the smallest. */
typedef struct avx512_64_range {
    __m512d most;
    __m512i least; /* of |x| - 1, as unsigned integers */
} avx512_64_range;

FC_P avx512_64_range avx512_64_range_new(void) {
    return (avx512_64_range){_mm512_setzero_pd(), _mm512_set1_epi64(-1)};
}
FC_P bool avx512_64_range_sure(const avx512_64_range *range) {
    __m512i floor = _mm512_set1_epi64(0x20b0000000000000 - 1); /* 2^-500 */
    return _mm512_cmp_pd_mask(range->most, _mm512_set1_pd(0x1p500), _CMP_NLE_UQ) == 0 &&
           _mm512_cmplt_epu64_mask(range->least, floor) == 0;
}
/* MAXPD gives its second operand where the first is NaN: those are no dividends to judge. */
FC_P void avx512_64_range_add(avx512_64_range *range, __m512d x) {
    __m512i size = _mm512_and_epi64(_mm512_castpd_si512(x), _mm512_set1_epi64(INT64_MAX));
    range->most = _mm512_max_pd(_mm512_castsi512_pd(size), range->most);
    range->least = _mm512_min_epu64(range->least, _mm512_add_epi64(size, _mm512_set1_epi64(-1)));
}
FC_P __m512d avx512_64_divide(__m512d x, __m512d c, __m512d h, __m512d l) {
    __m512d q = _mm512_fmadd_pd(x, h, _mm512_mul_pd(x, l));
    __m512d over = _mm512_fmsub_pd(q, c, x);
    return _mm512_fnmadd_pd(over, h, q);
}
#define FC_QUICK_DIV(k)                                                                            \
    avx512_64_range_add(&range, v##k);                                                             \
    v##k = avx512_64_divide(v##k, FC_C(k), FC_SECOND(k), avx512_64_load(low + (k) * 8));
#undef FC_P
