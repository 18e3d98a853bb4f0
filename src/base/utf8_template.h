/* UTF-8 validation with vectors: Keiser and Lemire, "Validating UTF-8 in less than one instruction
 * per byte" (2021). A template; its parameters are FC_TARGET, FC_N(name) and FC_WIDTH, and
 *   FC_N(vector), FC_N(load)        FC_WIDTH bytes
 *   FC_N(any_high), FC_N(any)       is a byte >= 0x80; is one not 0
 *   FC_N(lookup)(table, v)          table[v] for bytes v < 16
 *   FC_N(shift4), FC_N(low4)        each byte >> 4; each byte & 15
 *   FC_N(minus)                     saturating difference with one number
 *   FC_N(top)                       the highest bit of each byte
 *   FC_N(both), FC_N(either), FC_N(differ)
 *   FC_BEFORE(v, old, n)            the bytes n places before those of v, where old precedes v
 *
 * Each pair of neighbouring bytes is looked up by three of its four half bytes (the second one's
 * low half says nothing). A bit that is in all three answers names a fault: */
#ifndef FC_UTF8_FAULTS
#define FC_UTF8_FAULTS
enum {
    TOO_SHORT = 1,       /* a lead without a continuation behind it */
    TOO_LONG = 2,        /* ASCII with a continuation behind it */
    OVERLONG_3 = 4,      /* E0 80 to E0 9F */
    TOO_LARGE = 8,       /* F4 90 and above */
    SURROGATE = 16,      /* ED A0 and above */
    OVERLONG_2 = 32,     /* C0, C1 */
    OVERLONG_4 = 64,     /* F0 80 to F0 8F; the same bit as F5 to FF with 80 to 8F behind them */
    TOO_LARGE_LOW = 64,  /* which never share a first byte's low half */
    CONTINUATIONS = 128, /* two of them: right behind a lead of three or four bytes only */
    ANY_LOW = TOO_SHORT | TOO_LONG | CONTINUATIONS /* these don't ask the first byte's low half */
};
/* clang-format off */
static const uint8_t first_high[16] = {
    TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
    CONTINUATIONS, CONTINUATIONS, CONTINUATIONS, CONTINUATIONS,
    TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
    TOO_SHORT | TOO_LARGE | TOO_LARGE_LOW | OVERLONG_4};
#define BEYOND (ANY_LOW | TOO_LARGE | TOO_LARGE_LOW)
static const uint8_t first_low[16] = {
    ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4, ANY_LOW | OVERLONG_2, ANY_LOW, ANY_LOW,
    ANY_LOW | TOO_LARGE, BEYOND, BEYOND, BEYOND,
    BEYOND, BEYOND, BEYOND, BEYOND,
    BEYOND, BEYOND | SURROGATE, BEYOND, BEYOND};
#undef BEYOND
#define ANY_FIRST (TOO_LONG | OVERLONG_2 | CONTINUATIONS)
static const uint8_t second_high[16] = {
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
    ANY_FIRST | OVERLONG_3 | TOO_LARGE_LOW | OVERLONG_4, ANY_FIRST | OVERLONG_3 | TOO_LARGE,
    ANY_FIRST | SURROGATE | TOO_LARGE, ANY_FIRST | SURROGATE | TOO_LARGE,
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT};
#undef ANY_FIRST
/* clang-format on */
#endif

/* The faults that end in v, as a vector that is not all 0. */
FC_INLINE FC_TARGET FC_N(vector) FC_N(faults)(FC_N(vector) v, FC_N(vector) old) {
    FC_N(vector) one = FC_BEFORE(v, old, 1);
    FC_N(vector) two = FC_BEFORE(v, old, 2);
    FC_N(vector) three = FC_BEFORE(v, old, 3);
    FC_N(vector) pair = FC_N(lookup)(first_high, FC_N(shift4)(one));
    pair = FC_N(both)(pair, FC_N(lookup)(first_low, FC_N(low4)(one)));
    pair = FC_N(both)(pair, FC_N(lookup)(second_high, FC_N(shift4)(v)));
    /* The third byte of three and the third and fourth of four must be a second continuation in a
     * row, and no other byte may: there the bit is no fault, but its absence is. */
    FC_N(vector)
    must = FC_N(either)(FC_N(minus)(two, 0xE0 - 0x80), FC_N(minus)(three, 0xF0 - 0x80));
    return FC_N(differ)(FC_N(top)(must), pair);
}

FC_TARGET static bool FC_N(valid)(const char *text, size_t len) {
    FC_N(vector) old = FC_N(zero)(), wrong = old;
    bool open = false; /* the block before was not ASCII: a character may reach into this one */
    for (; len >= FC_WIDTH; len -= FC_WIDTH, text += FC_WIDTH) {
        FC_N(vector) v = FC_N(load)(text);
        bool high = FC_N(any_high)(v);
        if (high || open) wrong = FC_N(either)(wrong, FC_N(faults)(v, old));
        old = v;
        open = high;
    }
    /* Zeros behind the end: a character that is cut off there is too short. */
    char rest[FC_WIDTH] = {0};
    memcpy(rest, text, len);
    wrong = FC_N(either)(wrong, FC_N(faults)(FC_N(load)(rest), old));
    return !FC_N(any)(wrong);
}

#undef FC_TARGET
#undef FC_N
#undef FC_WIDTH
#undef FC_BEFORE
