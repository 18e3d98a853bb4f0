/* Numbers as doubles, those written in the usual way first. A template: included once for each
 * level, behind token_template.h. */

/* The number at `at`, of which 33 bytes can be read, if it has no exponent, at most 19 digits and
 * 31 characters and is not refused: the byte behind it. NULL: ask `number`, which says what the
 * steps are. */
FC_STATIC FC_TARGET const char *FC_N(usual)(const char *at, double *out) {
    uint32_t other = FC_N(not_digits)(at) & ~(uint32_t)1;
    uint32_t behind = other & (other - 1);
    if (FC_UNLIKELY(behind == 0)) return NULL;
    int whole = __builtin_ctz(other), stop = whole, sign = *at == '-', places = 0, dot = -1;
    unsigned lead = (unsigned)(unsigned char)at[sign] - '0';
    if (FC_UNLIKELY((lead > 9) | ((lead == 0) & (whole > 1 + sign)))) return NULL;
    if (FC_LIKELY(at[whole] == '.')) {
        stop = __builtin_ctz(behind);
        places = stop - whole - 1;
        dot = whole;
        if (FC_UNLIKELY(places == 0)) return NULL;
    }
    if (FC_UNLIKELY((at[stop] | 0x20) == 'e')) return NULL;
    int shift = stop - 16;
    uint64_t bits, mantissa;
    if (shift <= 0) {
        mantissa = FC_N(digits16)(at, shift, dot < 0 ? -1 : dot - shift);
        if (FC_UNLIKELY(mantissa > (uint64_t)1 << 53)) return NULL;
        double value = (double)(int64_t)mantissa / fc_exact_power[places];
        memcpy(&bits, &value, sizeof bits);
        if (FC_UNLIKELY((mantissa == 0) & (dot < 0))) sign = 0; /* the integer -0 is 0 */
    } else {
        /* Numbers of 16 digits and of 17 come mixed: one way for both, as guessing which it is
         * costs more than the quicker way saves. */
        if (FC_UNLIKELY(stop - sign - (places != 0) > 19)) return NULL;
        int inner = dot >= shift, moved = inner ? dot - shift : -1;
        int head_moved = (inner | (dot < 0)) ? -1 : dot - shift + 16;
        uint64_t tail, head = FC_N(digits32)(at, shift, moved, head_moved, &tail);
        mantissa = head * fc_run_factor[inner] + tail;
        if (FC_UNLIKELY(mantissa == 0)) return NULL;
        bits = fc_number_round(mantissa, -places, true);
        if (FC_UNLIKELY(bits == 0)) return NULL;
    }
    bits |= (uint64_t)sign << 63;
    memcpy(out, &bits, sizeof bits);
    return at + stop;
}

/* The same of any number. Apart, so that what both look at is not kept in memory for this one. */
__attribute__((noinline)) static FC_TARGET const char *
FC_N(any_double)(const char *at, const char *end, double *out) {
    fc_json_number number;
    if (at == end) return NULL;
    const char *next = FC_N(number)(at, end, false, &number);
    if (!next || number.len > FC_JSON_MAX_DIGITS) return NULL;
    *out = fc_json_number_double(&number);
    return next;
}
