/* The primitives of elementwise_template.h in the compiler's own vectors: masks are integers, all
 * ones or zero. For every level but AVX-512. */
#define FC_M FC_N(ints)
#define FC_ACC FC_N(ints)
#define FC_QUICK 0
#define FC_P static inline FC_TARGET __attribute__((always_inline))

typedef FC_T FC_N(vector) __attribute__((vector_size(FC_BYTES)));
typedef FC_I FC_N(ints) __attribute__((vector_size(FC_BYTES)));

FC_P FC_N(ints) FC_N(nan)(FC_N(vector) a) { return (FC_N(ints))(a != a); }
FC_P FC_N(ints) FC_N(le)(FC_N(vector) a, FC_N(vector) b) { return (FC_N(ints))(a <= b); }
FC_P FC_N(ints) FC_N(ge)(FC_N(vector) a, FC_N(vector) b) { return (FC_N(ints))(a >= b); }
FC_P FC_N(ints) FC_N(gt)(FC_N(vector) a, FC_N(vector) b) { return (FC_N(ints))(a > b); }
FC_P FC_N(ints) FC_N(equal)(FC_N(vector) a, FC_N(vector) b) { return (FC_N(ints))(a == b); }
FC_P FC_N(vector) FC_N(pick)(FC_N(ints) mask, FC_N(vector) yes, FC_N(vector) no) {
    return (FC_N(vector))((mask & (FC_N(ints))yes) | (~mask & (FC_N(ints))no));
}
FC_P FC_N(ints) FC_N(acc_new)(void) { return (FC_N(ints)){0}; }
FC_P FC_N(ints) FC_N(acc_inf)(FC_N(ints) acc, FC_N(vector) a) {
    FC_N(vector) inf = (FC_N(vector)){0} + (FC_T)__builtin_inf();
    return acc | (FC_N(ints))(a == inf) | (FC_N(ints))(a == -inf);
}
FC_P FC_N(ints) FC_N(acc_not)(FC_N(ints) acc, FC_N(ints) good) { return acc | ~good; }
FC_P bool FC_N(acc_bad)(FC_N(ints) acc) {
    bool bad = false;
    for (size_t i = 0; i < FC_BYTES / sizeof(FC_I); i++) bad |= acc[i] != 0;
    return bad;
}
/* Bits of vector `k` behind those of the vectors before it. */
FC_P void FC_N(mark)(uint8_t *marks, size_t k, FC_N(ints) mask) {
    const size_t lanes = FC_BYTES / sizeof(FC_I), at = k * lanes;
    unsigned bits = 0;
    for (size_t i = 0; i < lanes; i++) bits |= (unsigned)(mask[i] & 1) << i;
    marks[at / 8] = (uint8_t)(at % 8 ? marks[at / 8] | bits << at % 8 : bits);
}
FC_P void FC_N(stream)(FC_T *at, FC_N(vector) a) {
#if defined(__SSE2__)
#if FC_BYTES == 32
    _mm256_stream_si256((__m256i *)(void *)at, (__m256i)a);
#else
    _mm_stream_si128((__m128i *)(void *)at, (__m128i)a);
#endif
#else
    *(FC_N(vector) *)(void *)at = a;
#endif
}
#undef FC_P
