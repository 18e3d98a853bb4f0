/* Finding where tokens end. Internal to the JSON reader. */
#ifndef FASTCORE_JSON_SCAN_H
#define FASTCORE_JSON_SCAN_H

#include <string.h>

#include "fastcore/json.h"
#include "json/lanes.h"

/* For the functions of the templates: part of the loop that calls them, at every level. Some
 * instances leave some unused. */
#define FC_STATIC static inline __attribute__((always_inline, unused))

/* fc_json_number_scan for every literal, byte by byte. */
const char *fc_number_scan_slow(const char *at, const char *end, bool allow_nan,
                                fc_json_number *out);
/* Reads an exponent, from behind its letter, and adds it to out->exponent. Returns the first byte
 * behind it, or NULL if no digit is there. */
const char *fc_number_scan_exponent(const char *at, const char *end, fc_json_number *out);

/* The first byte behind the literal at `at`, or NULL with *where at the first wrong byte. */
FC_STATIC const char *fc_scan_literal(const char *at, const char *end, fc_json_kind *kind,
                                      const char **where) {
    static const char *const words[] = {"null", "false", "true"};
    *kind = *at == 'n' ? FC_JSON_NULL : *at == 'f' ? FC_JSON_FALSE : FC_JSON_TRUE;
    const char *word = words[*kind];
    size_t len = *kind == FC_JSON_FALSE ? 5 : 4;
    if (FC_LIKELY((size_t)(end - at) >= len && memcmp(at, word, 4) == 0 &&
                  at[len - 1] == 'e' + (*kind == FC_JSON_NULL) * ('l' - 'e'))) {
        return at + len;
    }
    const char *p = at;
    while (p < end && *p == word[p - at]) p++;
    *where = p;
    return NULL;
}

/* Why the string whose opening quote is the byte before `at` was refused: the first fault, and
 * where it is. Reads
 * byte by byte; for errors only. */
fc_json_fault fc_scan_string_fault(const char *at, const char *end, const char **where);

/* Why fc_json_number_scan returned NULL for the same bytes. */
fc_json_fault fc_scan_number_fault(const char *at, const char *end, bool allow_nan,
                                   const char **where);

static inline bool fc_is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

#endif
