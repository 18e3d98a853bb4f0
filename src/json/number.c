/* Scanning a number: its end, its digits, its decimal exponent. */
#include <string.h>

#include "json/escape.h"
#include "json/scan.h"

/* clang-format off */
#include "json/vector_generic.h"
#include "json/token_template.h"
/* clang-format on */

static inline unsigned digit(char c) { return (unsigned)(unsigned char)c - '0'; }

/* More than this in an exponent is an infinity or a zero whatever the digits are, as no text is
 * long enough to bring it back; the sum with a text's length still fits. */
#define EXPONENT_LIMIT ((int64_t)1 << 60)

static const char *scan_nonfinite(const char *at, const char *end, fc_json_number *out) {
    const char *p = at + out->negative;
    size_t left = (size_t)(end - p);
    out->kind = FC_JSON_NONFINITE;
    if (left >= 8 && memcmp(p, "Infinity", 8) == 0) return p + 8;
    if (!out->negative && left >= 3 && memcmp(p, "NaN", 3) == 0) return p + 3;
    return NULL;
}

/* Collects the first 19 significant digits of [at, end), a run of digits and perhaps a dot. What
 * is dropped behind them only matters if it is not zero. */
static void collect(const char *at, const char *end, fc_json_number *out) {
    uint64_t mantissa = 0;
    int64_t exponent = 0;
    unsigned kept = 0;
    bool behind_dot = false;
    for (; at < end; at++) {
        if (*at == '.') {
            behind_dot = true;
            continue;
        }
        if (kept < 19) {
            mantissa = mantissa * 10 + digit(*at);
            kept += mantissa != 0;
            exponent -= behind_dot;
        } else {
            out->truncated |= *at != '0';
            exponent += !behind_dot;
        }
    }
    out->mantissa = mantissa;
    out->exponent = exponent;
}

const char *fc_number_scan_exponent(const char *p, const char *end, fc_json_number *out) {
    out->kind = FC_JSON_FLOAT;
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end || digit(*p) > 9) return NULL;
    int64_t value = 0;
    for (; p < end && digit(*p) < 10; p++) {
        if (value < EXPONENT_LIMIT / 16) value = value * 10 + digit(*p);
    }
    out->exponent += minus ? -value : value;
    return p;
}

const char *fc_number_scan_slow(const char *at, const char *end, bool allow_nan,
                                fc_json_number *out) {
    const char *p = at;
    if (p == end) return NULL;
    out->text = at;
    out->mantissa = 0;
    out->exponent = 0;
    out->truncated = false;
    out->negative = *p == '-';
    out->kind = FC_JSON_INT;
    p += out->negative;
    if (p == end) return NULL;
    if (digit(*p) > 9) {
        if (!allow_nan) return NULL;
        p = scan_nonfinite(at, end, out);
        if (p) out->len = (size_t)(p - at);
        return p;
    }
    const char *digits = p;
    if (*p == '0') {
        p++;
        if (p < end && digit(*p) < 10) return NULL;
    } else {
        while (p < end && digit(*p) < 10) p++;
    }
    if (p < end && *p == '.') {
        out->kind = FC_JSON_FLOAT;
        p++;
        if (p == end || digit(*p) > 9) return NULL;
        while (p < end && digit(*p) < 10) p++;
    }
    collect(digits, p, out);
    if (p < end && (*p | 0x20) == 'e') {
        p = fc_number_scan_exponent(p + 1, end, out);
        if (!p) return NULL;
    }
    out->len = (size_t)(p - at);
    return p;
}

const char *fc_json_number_scan(const char *at, const char *end, bool allow_nan,
                                fc_json_number *out) {
    return at < end ? fc_generic_number(at, end, allow_nan, out) : NULL;
}

/* The text from `at` on is the beginning of `word`, cut off by the end. */
static bool cut_off(const char *at, const char *end, const char *word) {
    size_t left = (size_t)(end - at);
    return left < strlen(word) && memcmp(at, word, left) == 0;
}

fc_json_fault fc_scan_number_fault(const char *at, const char *end, bool allow_nan,
                                   const char **where) {
    const char *p = at + (at < end && *at == '-');
    *where = end;
    if (p == end || cut_off(p, end, "Infinity") || (p == at && cut_off(p, end, "NaN"))) {
        return FC_FAULT_END;
    }
    *where = at;
    fc_json_number ignored;
    if (!allow_nan && fc_json_number_scan(at, end, true, &ignored)) return FC_FAULT_NONFINITE;
    *where = p;
    if (digit(*p) > 9) return p == at ? FC_FAULT_VALUE : FC_FAULT_NUMBER;
    /* A number that begins well: what fails is a digit that must follow a dot, an exponent sign or
     * nothing at all (a zero in front). */
    if (*p == '0' && p + 1 < end && digit(p[1]) < 10) {
        *where = p + 1;
        return FC_FAULT_NUMBER;
    }
    while (p < end && digit(*p) < 10) p++;
    if (p < end && *p == '.') {
        p++;
        if (p < end && digit(*p) < 10) {
            while (p < end && digit(*p) < 10) p++;
            if (p < end) p++; /* the letter e */
            if (p < end && (*p == '-' || *p == '+')) p++;
        }
    } else if (p < end) {
        p++;
        if (p < end && (*p == '-' || *p == '+')) p++;
    }
    *where = p;
    return p == end ? FC_FAULT_END : FC_FAULT_NUMBER;
}

bool fc_json_number_int64(const fc_json_number *number, int64_t *out) {
    /* 20 digits or more never fit: they are `truncated` or have an exponent above 0. */
    if (number->kind != FC_JSON_INT || number->truncated || number->exponent) return false;
    uint64_t limit = (uint64_t)INT64_MAX + number->negative;
    if (number->mantissa > limit) return false;
    *out = (int64_t)(number->negative ? 0 - number->mantissa : number->mantissa);
    return true;
}
