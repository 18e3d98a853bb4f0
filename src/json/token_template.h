/* Tokens: where white space, a string and a number end. A template: included once for each level,
 * behind the vector_LEVEL.h whose names it uses. */

/* The first byte that is not white space, or `end`. */
FC_STATIC FC_TARGET const char *FC_N(space)(const char *at, const char *end) {
    /* Compact text has none and pretty text often one: look at two bytes before a vector. */
    if (FC_LIKELY(at == end || (unsigned char)*at > ' ')) return at;
    if (!fc_is_space(*at)) return at;
    at++;
    if (at == end || (unsigned char)*at > ' ') return at;
    for (;;) {
        size_t left = (size_t)(end - at);
        /* The zeros behind a part are no white space, so the loop ends at `end`. */
        FC_N(block) v = left >= FC_WIDTH ? FC_N(load)(at) : FC_N(load_part)(at, left);
        uint64_t other = FC_N(not_space)(v);
        if (other) return at + (__builtin_ctzll(other) >> FC_LANE);
        at += FC_WIDTH;
    }
}

/* The string whose first byte is at `at`; the contract is fc_scan_string's. */
FC_STATIC FC_TARGET const char *FC_N(string)(const char *at, const char *end, fc_json_string *out) {
    const char *p = at;
    uint64_t high = 0;
    bool escaped = false;
    for (;;) {
        size_t left = (size_t)(end - p);
        /* The zeros behind a part are control characters: the end of the text is a stop. */
        FC_N(block) v = FC_LIKELY(left >= FC_WIDTH) ? FC_N(load)(p) : FC_N(load_part)(p, left);
        uint64_t stops = FC_N(stops)(v);
        if (!stops) {
            high |= FC_N(high)(v);
            p += FC_WIDTH;
            continue;
        }
        high |= FC_N(high)(v) & (stops ^ (stops - 1)); /* up to the stop, not behind it */
        p += __builtin_ctzll(stops) >> FC_LANE;
        if (FC_UNLIKELY(p == end)) return NULL;
        if (FC_LIKELY(*p == '"')) break;
        if (*p != '\\') return NULL;
        escaped = true;
        p = fc_escape_check(p, end);
        if (!p) return NULL;
    }
    out->data = at;
    out->len = (size_t)(p - at);
    out->escaped = escaped;
    out->ascii = high == 0;
    if (FC_UNLIKELY(high != 0) && !fc_utf8_valid(at, out->len)) return NULL;
    return p + 1;
}

/* The end of `digits`, for a dot or none at `whole`. */
FC_STATIC FC_TARGET const char *FC_N(digits_to)(const char *at, uint32_t other, ptrdiff_t whole,
                                                ptrdiff_t minus, ptrdiff_t dot, uint64_t *mantissa,
                                                ptrdiff_t *places) {
    /* Behind the lowest bit, if that is the dot. */
    ptrdiff_t stop = __builtin_ctz(other & (other - (uint32_t)dot));
    *places = stop - whole - dot;
    if (FC_UNLIKELY(*places < dot)) return NULL;
    ptrdiff_t shift = stop - 16; /* of the last 16 characters */
    if (FC_LIKELY(shift <= 0)) {
        *mantissa = FC_N(digits16)(at, shift, ((whole - shift + 1) & -dot) - 1);
    } else {
        if (stop - minus - dot > 19) return NULL;
        /* The last 16, of which the dot may be one, and the few in front of them. */
        bool inner = dot && whole >= shift;
        uint64_t tail, head = FC_N(digits32)(at, shift, inner ? whole - shift : -1,
                                             inner || !dot ? -1 : whole - shift + 16, &tail);
        *mantissa =
            head * (inner ? UINT64_C(1000000000000000) : UINT64_C(10000000000000000)) + tail;
    }
    return at + stop;
}

/* The digits of a number at `at`, of which 32 bytes can be read, without its exponent, if it has at
 * most 19 of them and 31 characters: the byte behind them, and (-1)^sign * mantissa / 10^places,
 * `places` being 0 if there is no dot. NULL for all others, and for what is no number. Without a
 * loop, and nothing is in memory.
 *
 * Where this number ends is most often all that the next token waits for. So the way to `stop` is
 * kept short: it does not look at the sign (byte 0 may be one, whatever it is: checked beside), and
 * if `guess`, takes a branch on the dot, because a guess comes sooner than a load. */
FC_STATIC FC_TARGET const char *FC_N(digits)(const char *at, bool guess, uint64_t *mantissa,
                                             ptrdiff_t *places, int64_t *sign) {
    uint32_t other = FC_N(not_digits)(at) & ~(uint32_t)1;
    if (FC_UNLIKELY((other & (other - 1)) == 0)) return NULL;
    /* Not int: sums of these are part of addresses. */
    ptrdiff_t whole = __builtin_ctz(other), minus = *at == '-';
    /* No digit in front, or a leading zero; one branch for both, as 0.5 and 1.5 come mixed. */
    if (FC_UNLIKELY((size_t)(whole - minus - 1) >= fc_digits_most[(unsigned char)at[minus]]))
        return NULL;
    *sign = minus;
    if (!guess) return FC_N(digits_to)(at, other, whole, minus, at[whole] == '.', mantissa, places);
    if (FC_LIKELY(at[whole] == '.'))
        return FC_N(digits_to)(at, other, whole, minus, 1, mantissa, places);
    return FC_N(digits_to)(at, other, whole, minus, 0, mantissa, places);
}

/* The same of a number at `at` < `end`. */
FC_STATIC FC_TARGET const char *FC_N(digits_near)(const char *at, const char *end,
                                                  uint64_t *mantissa, ptrdiff_t *places,
                                                  int64_t *sign) {
    const char *text = at;
    char copy[32];
    size_t left = (size_t)(end - at);
    if (FC_UNLIKELY(left < 32)) {
        /* Near the end of the text: the same code on a copy with zeros behind it. */
        memset(copy, 0, 32);
        memcpy(copy, at, left);
        text = copy;
    }
    const char *next = FC_N(digits)(text, true, mantissa, places, sign);
    return FC_LIKELY(next != NULL) ? at + (next - text) : NULL;
}

/* The number at `at` < `end`; the contract is fc_json_number_scan's. */
FC_STATIC FC_TARGET const char *FC_N(number)(const char *at, const char *end, bool allow_nan,
                                             fc_json_number *out) {
    ptrdiff_t places;
    int64_t sign;
    const char *p = FC_N(digits_near)(at, end, &out->mantissa, &places, &sign);
    if (FC_UNLIKELY(!p)) return fc_number_scan_slow(at, end, allow_nan, out);
    out->text = at;
    out->exponent = -(int64_t)places;
    out->kind = places ? FC_JSON_FLOAT : FC_JSON_INT;
    out->negative = sign;
    out->truncated = false;
    if (FC_UNLIKELY(p < end && (*p | 0x20) == 'e')) {
        p = fc_number_scan_exponent(p + 1, end, out);
        if (!p) return NULL;
    }
    out->len = (size_t)(p - at);
    return p;
}
