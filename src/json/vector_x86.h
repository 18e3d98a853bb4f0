/* What the AVX2 and AVX-512 levels share: finding and reading digits. Included by their headers,
 * with their FC_N and FC_TARGET; the names and contracts are vector_generic.h's. */

FC_STATIC FC_TARGET uint32_t FC_N(not_digits)(const char *at) {
    __m256i v = _mm256_loadu_si256((const __m256i *)at);
    /* Moves '9' to the largest signed byte, so that one signed compare sees the range. */
    v = _mm256_add_epi8(v, _mm256_set1_epi8(127 - '9'));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_set1_epi8(118), v));
}

FC_STATIC FC_TARGET uint64_t FC_N(digits16)(const char *at, int shift, int dot) {
    __m128i v = _mm_loadu_si128((const __m128i *)at);
    v = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    /* The shuffle's index of each lane; a negative one has its top bit set and gives 0. */
    __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    index = _mm_add_epi8(index, _mm_set1_epi8((char)shift));
    index = _mm_add_epi8(index, _mm_cmpgt_epi8(_mm_set1_epi8((char)(dot + 1)), index));
    v = _mm_shuffle_epi8(v, index);
    /* Digits to pairs, to fours, to eights. */
    const __m128i ten = _mm_set1_epi16(10 | 1 << 8), hundred = _mm_set1_epi32(100 | 1 << 16);
    const __m128i myriad = _mm_set1_epi32(10000 | 1 << 16);
    v = _mm_madd_epi16(_mm_maddubs_epi16(v, ten), hundred);
    v = _mm_madd_epi16(_mm_packus_epi32(v, v), myriad);
    uint64_t eights = (uint64_t)_mm_cvtsi128_si64(v);
    return (eights & 0xFFFFFFFFu) * 100000000 + (eights >> 32);
}
