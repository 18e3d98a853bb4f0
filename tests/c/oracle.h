/* Is this JSON? Read off RFC 8259 and RFC 3629 as plainly as possible, byte by byte and with
 * recursion: what the kernel's answer is compared with. */
#ifndef FASTCORE_TESTS_ORACLE_H
#define FASTCORE_TESTS_ORACLE_H

#include "fastcore/json.h"

typedef struct oracle {
    const unsigned char *at, *end;
    fc_json_limits limits;
    unsigned depth;
} oracle;

static bool oracle_value(oracle *o);

static int oracle_peek(const oracle *o) { return o->at < o->end ? *o->at : -1; }

static bool oracle_eat(oracle *o, int c) {
    if (oracle_peek(o) != c) return false;
    o->at++;
    return true;
}

static bool oracle_word(oracle *o, const char *word) {
    while (*word) {
        if (!oracle_eat(o, *word++)) return false;
    }
    return true;
}

static void oracle_space(oracle *o) {
    while (oracle_eat(o, ' ') || oracle_eat(o, '\n') || oracle_eat(o, '\r') ||
           oracle_eat(o, '\t')) {
    }
}

static size_t oracle_digits(oracle *o) {
    size_t n = 0;
    for (; oracle_peek(o) >= '0' && oracle_peek(o) <= '9'; o->at++) n++;
    return n;
}

static bool oracle_number(oracle *o) {
    bool minus = oracle_eat(o, '-');
    if (o->limits.allow_nan && oracle_peek(o) == 'I') return oracle_word(o, "Infinity");
    if (o->limits.allow_nan && !minus && oracle_peek(o) == 'N') return oracle_word(o, "NaN");
    if (!oracle_eat(o, '0')) {
        size_t n = oracle_digits(o);
        if (n == 0 || n > FC_JSON_MAX_DIGITS) return false;
    }
    if (oracle_eat(o, '.') && oracle_digits(o) == 0) return false;
    if (oracle_eat(o, 'e') || oracle_eat(o, 'E')) {
        if (!oracle_eat(o, '-')) oracle_eat(o, '+');
        if (oracle_digits(o) == 0) return false;
    }
    return true;
}

static long oracle_hex4(oracle *o) {
    long unit = 0;
    for (int i = 0; i < 4; i++) {
        int c = oracle_peek(o);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
        o->at++;
    }
    return unit;
}

/* One character of UTF-8: the shortest form of a scalar value. */
static bool oracle_utf8(oracle *o) {
    static const long least[] = {0, 0, 0x80, 0x800, 0x10000};
    int lead = *o->at++;
    int n = lead < 0x80   ? 1
            : lead < 0xC0 ? 0
            : lead < 0xE0 ? 2
            : lead < 0xF0 ? 3
            : lead < 0xF8 ? 4
                          : 0;
    if (n == 0) return false;
    long point = n == 1 ? lead : lead & (0x7F >> n);
    for (int i = 1; i < n; i++) {
        if (oracle_peek(o) < 0 || (oracle_peek(o) & 0xC0) != 0x80) return false;
        point = point << 6 | (*o->at++ & 0x3F);
    }
    return point >= least[n] && point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
}

static bool oracle_string(oracle *o) {
    if (!oracle_eat(o, '"')) return false;
    while (o->at < o->end) {
        if (oracle_eat(o, '"')) return true;
        if (oracle_peek(o) < 0x20) return false;
        if (!oracle_eat(o, '\\')) {
            if (!oracle_utf8(o)) return false;
        } else if (oracle_eat(o, 'u')) {
            long unit = oracle_hex4(o);
            if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return false;
            if (unit >= 0xD800 && unit <= 0xDBFF) {
                if (!oracle_word(o, "\\u")) return false;
                long low = oracle_hex4(o);
                if (low < 0xDC00 || low > 0xDFFF) return false;
            }
        } else {
            int c = oracle_peek(o);
            if (c <= 0 || !strchr("\"\\/bfnrt", c)) return false;
            o->at++;
        }
    }
    return false;
}

static bool oracle_container(oracle *o) {
    bool object = *o->at++ == '{';
    int close = object ? '}' : ']';
    oracle_space(o);
    if (oracle_eat(o, close)) return true;
    if (++o->depth > o->limits.max_depth) return false;
    do {
        oracle_space(o);
        if (object) {
            if (!oracle_string(o)) return false;
            oracle_space(o);
            if (!oracle_eat(o, ':')) return false;
        }
        if (!oracle_value(o)) return false;
        oracle_space(o);
    } while (oracle_eat(o, ','));
    o->depth--;
    return oracle_eat(o, close);
}

static bool oracle_value(oracle *o) {
    oracle_space(o);
    switch (oracle_peek(o)) {
    case '{':
    case '[': return oracle_container(o);
    case '"': return oracle_string(o);
    case 'n': return oracle_word(o, "null");
    case 't': return oracle_word(o, "true");
    case 'f': return oracle_word(o, "false");
    default: return oracle_number(o);
    }
}

static inline bool oracle_accepts(const char *data, size_t len, fc_json_limits limits) {
    const unsigned char *at = (const unsigned char *)data;
    oracle o = {at, at + len, limits, 0};
    if (!oracle_value(&o)) return false;
    oracle_space(&o);
    return o.at == o.end;
}

static inline bool oracle_utf8_valid(const char *data, size_t len) {
    const unsigned char *at = (const unsigned char *)data;
    oracle o = {at, at + len, {0, false}, 0};
    while (o.at < o.end) {
        if (!oracle_utf8(&o)) return false;
    }
    return true;
}

#endif
