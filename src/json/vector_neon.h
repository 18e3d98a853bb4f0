/* The vector primitives with NEON, which every aarch64 has; the names and contracts are
 * vector_generic.h's. There is no movemask: a byte's bits are narrowed to four instead. */
#define FC_TARGET
#define FC_N(name) fc_neon_##name
#define FC_WIDTH 16
#define FC_LANE 2

typedef uint8x16_t fc_neon_block;

FC_STATIC uint8x16_t fc_neon_load(const char *at) { return vld1q_u8((const uint8_t *)at); }

FC_STATIC uint8x16_t fc_neon_load_part(const char *at, size_t n) {
    char copy[16] = {0};
    memcpy(copy, at, n);
    return fc_neon_load(copy);
}

FC_STATIC uint64_t fc_neon_mask(uint8x16_t v) {
    uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(v), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrow), 0);
}

FC_STATIC uint64_t fc_neon_stops(uint8x16_t v) {
    uint8x16_t text = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\')));
    return fc_neon_mask(vorrq_u8(text, vcltq_u8(v, vdupq_n_u8(0x20))));
}

FC_STATIC uint64_t fc_neon_high(uint8x16_t v) {
    return fc_neon_mask(vcgeq_u8(v, vdupq_n_u8(0x80)));
}

FC_STATIC uint64_t fc_neon_not_space(uint8x16_t v) {
    uint8x16_t a = vorrq_u8(vceqq_u8(v, vdupq_n_u8(' ')), vceqq_u8(v, vdupq_n_u8('\n')));
    uint8x16_t b = vorrq_u8(vceqq_u8(v, vdupq_n_u8('\r')), vceqq_u8(v, vdupq_n_u8('\t')));
    return ~fc_neon_mask(vorrq_u8(a, b));
}

FC_STATIC uint32_t fc_neon_not_digits(const char *at) {
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t zero = vdupq_n_u8('0'), ten = vdupq_n_u8(10), bit = vld1q_u8(weights);
    uint8x16_t a = vcgeq_u8(vsubq_u8(fc_neon_load(at), zero), ten);
    uint8x16_t b = vcgeq_u8(vsubq_u8(fc_neon_load(at + 16), zero), ten);
    /* Three sums of neighbours bring the 32 weights down to four bytes. */
    uint8x16_t sum = vpaddq_u8(vandq_u8(a, bit), vandq_u8(b, bit));
    sum = vpaddq_u8(sum, sum);
    sum = vpaddq_u8(sum, sum);
    return vgetq_lane_u32(vreinterpretq_u32_u8(sum), 0);
}

/* Which of 64 bytes are `c`. */
FC_STATIC uint64_t fc_neon_bits(const char *at, char c) {
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t all = vdupq_n_u8((uint8_t)c), bit = vld1q_u8(weights);
    uint8x16_t part[4];
    for (int i = 0; i < 4; i++) part[i] = vandq_u8(vceqq_u8(fc_neon_load(at + 16 * i), all), bit);
    uint8x16_t sum = vpaddq_u8(vpaddq_u8(part[0], part[1]), vpaddq_u8(part[2], part[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

FC_STATIC uint64_t fc_neon_quotes(const char *at) { return fc_neon_bits(at, '"'); }

FC_STATIC uint64_t fc_neon_key_ends(const char *at) {
    return fc_neon_bits(at, '"') & fc_neon_bits(at + 1, ':');
}

FC_STATIC uint64_t fc_neon_digits16(const char *at, ptrdiff_t shift, ptrdiff_t moved) {
    static const uint8_t ten[16] = {10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1};
    static const uint16_t hundred[8] = {100, 1, 100, 1, 100, 1, 100, 1};
    static const uint32_t myriad[4] = {10000, 1, 10000, 1};
    /* With saturation: a sign, whose character is below '0', becomes a leading zero. */
    uint8x16_t v = vqsubq_u8(fc_neon_load(at), vdupq_n_u8('0'));
    int8x16_t index = vaddq_s8(vld1q_s8(fc_json_lanes.ramp + 16 + shift),
                               vld1q_s8(fc_json_lanes.front + 15 - moved));
    v = vqtbl1q_u8(v, vreinterpretq_u8_s8(index)); /* an index that is out of range gives 0 */
    uint16x8_t pairs = vpaddlq_u8(vmulq_u8(v, vld1q_u8(ten)));
    uint32x4_t fours = vpaddlq_u16(vmulq_u16(pairs, vld1q_u16(hundred)));
    uint64x2_t eights = vpaddlq_u32(vmulq_u32(fours, vld1q_u32(myriad)));
    return vgetq_lane_u64(eights, 0) * 100000000 + vgetq_lane_u64(eights, 1);
}

FC_STATIC uint64_t fc_neon_digits32(const char *at, ptrdiff_t shift, ptrdiff_t moved,
                                    ptrdiff_t head_moved, uint64_t *tail) {
    *tail = fc_neon_digits16(at + shift, 0, moved);
    return fc_neon_digits16(at, shift - 16, head_moved);
}

FC_STATIC bool fc_neon_equal(const char *at, size_t left, const char *text, size_t len) {
    return fc_generic_equal(at, left, text, len);
}

FC_STATIC uint32_t fc_neon_pick(uint64_t word, const uint64_t *words, const uint64_t *masks,
                                uint32_t count) {
    return fc_generic_pick(word, words, masks, count);
}
