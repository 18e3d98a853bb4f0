/* Runs of numbers: the elements of an array as doubles, many for each call of the sink. A template:
 * included once for each level, between token_template.h and walk_template.h.
 *
 * A call for each number (the call itself, the number written to memory and read again, registers
 * saved) costs as much as reading it; and most of what `number` and the conversion ask about a
 * number is settled for all that are written in the usual way. */

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

/* Takes numbers from the cursor on, where the first element of an array begins. Leaves the cursor
 * behind the last one taken, and *count says how many there were. */
FC_STATIC FC_TARGET fc_status FC_N(run)(cursor *c, fc_json_walker *w, size_t *count) {
    double values[FC_JSON_RUN];
    size_t n = 0;
    const char *at = c->at, *const end = c->end;
    fc_status (*const take)(fc_json_walker *, const double *, size_t) = w->sink->doubles;
    for (;;) {
        const char *next = FC_LIKELY(end - at > 32) ? FC_N(usual)(at, &values[n]) : NULL;
        if (FC_UNLIKELY(!next) && !(next = FC_N(any_double)(at, end, &values[n]))) break;
        c->at = next;
        if (FC_UNLIKELY(++n == FC_JSON_RUN)) {
            *count += n;
            n = 0;
            FC_TRY(take(w, values, FC_JSON_RUN));
            if (w->sink->doubles != take) break;
        }
        if (FC_UNLIKELY(next == end || *next != ',')) {
            next = FC_N(space)(next, end);
            if (next == end || *next != ',') break;
        }
        at = FC_N(space)(next + 1, end);
    }
    *count += n;
    return n ? take(w, values, n) : FC_OK;
}
