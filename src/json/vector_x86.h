/* What the AVX2 and AVX-512 levels share: finding and reading digits. Included by their headers,
 * with their FC_N and FC_TARGET; the names and contracts are vector_generic.h's. */

/* One of fc_json_lanes' constants. */
#undef FC_LANES256
#define FC_LANES256(name) _mm256_loadu_si256((const __m256i *)fc_json_lanes.name)

FC_STATIC FC_TARGET uint32_t FC_N(not_digits)(const char *at) {
    __m256i v = _mm256_loadu_si256((const __m256i *)at);
    v = _mm256_add_epi8(v, FC_LANES256(to_low));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(v, FC_LANES256(last_digit)));
}

FC_STATIC FC_TARGET uint64_t FC_N(digits16)(const char *at, ptrdiff_t shift, ptrdiff_t moved) {
    __m128i v = _mm_loadu_si128((const __m128i *)at);
    /* With saturation: a sign, whose character is below '0', becomes a leading zero. */
    v = _mm_subs_epu8(v, _mm_loadu_si128((const __m128i *)fc_json_lanes.zero));
    /* The shuffle's index of each lane; a negative one has its top bit set and gives 0. */
    __m128i index = _mm_loadu_si128((const __m128i *)(fc_json_lanes.ramp + 16 + shift));
    __m128i back = _mm_loadu_si128((const __m128i *)(fc_json_lanes.front + 15 - moved));
    v = _mm_shuffle_epi8(v, _mm_add_epi8(index, back));
    /* Digits to pairs, to fours, to eights. */
    const __m128i ten = _mm_set1_epi16(10 | 1 << 8), hundred = _mm_set1_epi32(100 | 1 << 16);
    const __m128i myriad = _mm_set1_epi32(10000 | 1 << 16);
    v = _mm_madd_epi16(_mm_maddubs_epi16(v, ten), hundred);
    v = _mm_madd_epi16(_mm_packus_epi32(v, v), myriad);
    uint64_t eights = (uint64_t)_mm_cvtsi128_si64(v);
    return (eights & 0xFFFFFFFFu) * 100000000 + (eights >> 32);
}

/* The same as two digits16, side by side. */
FC_STATIC FC_TARGET uint64_t FC_N(digits32)(const char *at, ptrdiff_t shift, ptrdiff_t moved,
                                            ptrdiff_t head_moved, uint64_t *tail) {
#define FC_PAIR(low, high)                                                                         \
    _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(low))),       \
                            _mm_loadu_si128((const __m128i *)(high)), 1)
    __m256i v = FC_PAIR(at, at + shift);
    v = _mm256_subs_epu8(v, FC_LANES256(zero));
    __m256i index = FC_PAIR(fc_json_lanes.ramp + shift, fc_json_lanes.ramp + 16);
    __m256i back = FC_PAIR(fc_json_lanes.front + 15 - head_moved, fc_json_lanes.front + 15 - moved);
#undef FC_PAIR
    v = _mm256_shuffle_epi8(v, _mm256_add_epi8(index, back));
    const __m256i ten = _mm256_set1_epi16(10 | 1 << 8), hundred = _mm256_set1_epi32(100 | 1 << 16);
    const __m256i myriad = _mm256_set1_epi32(10000 | 1 << 16);
    v = _mm256_madd_epi16(_mm256_maddubs_epi16(v, ten), hundred);
    v = _mm256_madd_epi16(_mm256_packus_epi32(v, v), myriad);
    uint64_t low = (uint64_t)_mm_cvtsi128_si64(_mm256_castsi256_si128(v));
    uint64_t high = (uint64_t)_mm_cvtsi128_si64(_mm256_extracti128_si256(v, 1));
    *tail = (high & 0xFFFFFFFFu) * 100000000 + (high >> 32);
    return (low & 0xFFFFFFFFu) * 100000000 + (low >> 32);
}

FC_STATIC FC_TARGET bool FC_N(equal)(const char *at, size_t left, const char *text, size_t len) {
    if (FC_UNLIKELY(left < 32 || len > 32)) return fc_bytes_equal(at, text, len);
    __m256i same = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)at),
                                     _mm256_loadu_si256((const __m256i *)text));
    uint32_t differ = ~(uint32_t)_mm256_movemask_epi8(same);
    return _bzhi_u32(differ, (uint32_t)len) == 0;
}
