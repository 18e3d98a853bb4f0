/* What utf8_template.h asks for, with NEON. */
#define FC_TARGET
#define FC_N(name) utf8_neon_##name
#define FC_WIDTH 16
#define FC_BEFORE(v, old, n) vextq_u8(old, v, 16 - (n))

typedef uint8x16_t utf8_neon_vector;

FC_INLINE uint8x16_t utf8_neon_zero(void) { return vdupq_n_u8(0); }
FC_INLINE uint8x16_t utf8_neon_load(const char *at) { return vld1q_u8((const uint8_t *)at); }
FC_INLINE bool utf8_neon_any_high(uint8x16_t v) { return vmaxvq_u8(v) >= 0x80; }
FC_INLINE bool utf8_neon_any(uint8x16_t v) { return vmaxvq_u8(v) != 0; }
FC_INLINE uint8x16_t utf8_neon_lookup(const uint8_t *table, uint8x16_t v) {
    return vqtbl1q_u8(vld1q_u8(table), v);
}
FC_INLINE uint8x16_t utf8_neon_low4(uint8x16_t v) { return vandq_u8(v, vdupq_n_u8(15)); }
FC_INLINE uint8x16_t utf8_neon_shift4(uint8x16_t v) { return vshrq_n_u8(v, 4); }
FC_INLINE uint8x16_t utf8_neon_minus(uint8x16_t v, int n) {
    return vqsubq_u8(v, vdupq_n_u8((uint8_t)n));
}
FC_INLINE uint8x16_t utf8_neon_top(uint8x16_t v) { return vandq_u8(v, vdupq_n_u8(0x80)); }
FC_INLINE uint8x16_t utf8_neon_both(uint8x16_t a, uint8x16_t b) { return vandq_u8(a, b); }
FC_INLINE uint8x16_t utf8_neon_either(uint8x16_t a, uint8x16_t b) { return vorrq_u8(a, b); }
FC_INLINE uint8x16_t utf8_neon_differ(uint8x16_t a, uint8x16_t b) { return veorq_u8(a, b); }
