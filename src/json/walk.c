/* The walk. One loop, no recursion, nothing allocated: what is open is remembered as one bit
 * (object or array) and one count for each level. The loop is walk_template.h; here are the levels
 * that it is instantiated for, the choice among them, and what no level needs a form of. */
#include <string.h>

#include "json/escape.h"
#include "json/number_round.h"
#include "json/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#define FC_HAS_NEON 1
#endif

/* One level more than may hold something: an empty container. */
enum { LEVELS = FC_JSON_MAX_DEPTH + 2 };

typedef struct level {
    size_t count; /* elements or pairs so far, of a container that is open around another */
    bool object;
} level;

typedef struct cursor {
    const char *at, *end;
    fc_json_fault fault;
} cursor;

/* Notes the fault and where it is; returns the status to leave with. */
FC_STATIC fc_status fail(cursor *c, fc_json_fault fault, const char *at) {
    c->fault = fault;
    c->at = at;
    return FC_ESYNTAX;
}

/* A fault at `at`, unless the text has simply ended there. */
FC_STATIC fc_status fail_at(cursor *c, fc_json_fault fault, const char *at) {
    return fail(c, at == c->end ? FC_FAULT_END : fault, at);
}

/* Digits in front of the dot, if they are too many (the original counts only those). */
static bool too_many_digits(const fc_json_number *number) {
    if (FC_LIKELY(number->len <= FC_JSON_MAX_DIGITS)) return false;
    const char *at = number->text + number->negative;
    size_t n = 0, len = number->len - number->negative;
    while (n < len && (unsigned)(unsigned char)at[n] - '0' < 10) n++;
    return n > FC_JSON_MAX_DIGITS;
}

/* The order matters: primitives, tokens, runs, grammar. */
/* clang-format off */
#include "json/vector_generic.h"
#include "json/token_template.h"
#include "json/usual_template.h"
#include "json/run_template.h"
#include "json/walk_template.h"

#if defined(__x86_64__)
#include "json/vector_avx2.h"
#include "json/token_template.h"
#include "json/usual_template.h"
#include "json/run_template.h"
#include "json/walk_template.h"

#include "json/vector_avx512.h"
#include "json/token_template.h"
#include "json/usual_template.h"
#include "json/run_template.h"
#include "json/walk_template.h"
#elif FC_HAS_NEON
#include "json/vector_neon.h"
#include "json/token_template.h"
#include "json/usual_template.h"
#include "json/run_template.h"
#include "json/walk_template.h"
#endif
/* clang-format on */

static fc_status walk(cursor *c, fc_json_walker *w, const fc_json_limits *limits) {
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: return fc_avx512_walk(c, w, limits);
    case FC_CPU_AVX2: return fc_avx2_walk(c, w, limits);
#elif FC_HAS_NEON
    case FC_CPU_NEON: return fc_neon_walk(c, w, limits);
#endif
    default: return fc_generic_walk(c, w, limits);
    }
}

fc_status fc_json_walk(const char *data, size_t len, const fc_json_limits *limits,
                       const fc_json_sink *sink, void *self, fc_json_error *error) {
    if (limits->max_depth > FC_JSON_MAX_DEPTH || (!data && len)) return FC_EINVALID;
    if (!data) data = ""; /* arithmetic on NULL is undefined, even by 0 */
    cursor c = {data, data + len, FC_FAULT_NONE};
    fc_json_walker w = {sink, self, data, data + len, 0};
    fc_status status = walk(&c, &w, limits);
    if (status == FC_OK) {
        c.at = fc_generic_space(c.at, c.end);
        if (c.at != c.end) status = fail(&c, FC_FAULT_TRAILING, c.at);
    }
    if (error) *error = (fc_json_error){c.fault, (size_t)(c.at - data)};
    return status;
}

const char *fc_json_fault_text(fc_json_fault fault) {
    switch (fault) {
    case FC_FAULT_NONE: return "no fault";
    case FC_FAULT_END: return "the text ends within a value";
    case FC_FAULT_VALUE: return "expected a value";
    case FC_FAULT_NUMBER: return "invalid number";
    case FC_FAULT_DIGITS: return "number with too many digits";
    case FC_FAULT_NONFINITE: return "NaN and Infinity are not allowed";
    case FC_FAULT_STRING: return "control character in a string";
    case FC_FAULT_ESCAPE: return "invalid escape in a string";
    case FC_FAULT_UTF8: return "invalid UTF-8 in a string";
    case FC_FAULT_KEY: return "expected a string as key";
    case FC_FAULT_COLON: return "expected a colon";
    case FC_FAULT_COMMA: return "expected a comma or the closing bracket";
    case FC_FAULT_DEPTH: return "nested too deeply";
    case FC_FAULT_TRAILING: return "unexpected text behind the value";
    }
    return "unknown fault";
}

static fc_status none_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)w, (void)kind, (void)end, (void)count;
    return FC_OK;
}
fc_status fc_json_pass_string(fc_json_walker *w, const fc_json_string *string) {
    (void)w, (void)string;
    return FC_OK;
}
fc_status fc_json_pass_number(fc_json_walker *w, const fc_json_number *number) {
    (void)w, (void)number;
    return FC_OK;
}
fc_status fc_json_pass_literal(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)w, (void)kind, (void)at;
    return FC_OK;
}

const fc_json_sink fc_json_sink_none = {fc_json_pass_literal,
                                        none_end,
                                        fc_json_pass_string,
                                        fc_json_pass_number,
                                        fc_json_pass_string,
                                        fc_json_pass_literal,
                                        NULL,
                                        NULL,
                                        NULL};
