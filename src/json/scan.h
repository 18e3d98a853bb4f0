/* Finding where tokens end. Internal to the JSON reader. */
#ifndef FASTCORE_JSON_SCAN_H
#define FASTCORE_JSON_SCAN_H

#include "fastcore/json.h"

/* Scans and checks the string whose opening quote is the byte before `at`. Returns the first byte
 * behind the closing quote and fills *out, or NULL if it is not a string of the grammar. */
const char *fc_scan_string(const char *at, const char *end, fc_json_string *out);

/* Why fc_scan_string returned NULL for the same bytes: the first fault, and where it is. Reads
 * byte by byte; for errors only. */
fc_json_fault fc_scan_string_fault(const char *at, const char *end, const char **where);

/* Why fc_json_number_scan returned NULL for the same bytes. */
fc_json_fault fc_scan_number_fault(const char *at, const char *end, bool allow_nan,
                                   const char **where);

static inline bool fc_is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static inline const char *fc_scan_space(const char *at, const char *end) {
    while (at < end && fc_is_space(*at)) at++;
    return at;
}

#endif
