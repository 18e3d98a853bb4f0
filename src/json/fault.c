/* What is wrong with a string that was refused. */
#include "json/scan.h"

#include "json/escape.h"

/* The fault in an escape that fc_escape_check refused. */
static fc_json_fault escape_fault(const char *at, const char *end, const char **where) {
    /* Cut off by the end only if what there is could still become an escape: `\`, `\u`, `\uD8`. */
    static const char pattern[] = "\\uhhhh\\uhhhh";
    const char *p = at;
    for (const char *want = pattern; *want; want++, p++) {
        if (p == end) {
            *where = end;
            return FC_FAULT_END;
        }
        bool fits = *want == 'h' ? fc_hex_digit(*p) < 16 : *p == *want;
        if (!fits) break;
        if (p - at == 5 && !fc_is_high_surrogate(fc_hex4(at + 2))) break;
    }
    *where = at;
    return FC_FAULT_ESCAPE;
}

fc_json_fault fc_scan_string_fault(const char *at, const char *end, const char **where) {
    while (at < end) {
        unsigned char c = (unsigned char)*at;
        *where = at;
        if (c < 0x20) return FC_FAULT_STRING;
        if (c == '\\') {
            const char *next = fc_escape_check(at, end);
            if (!next) return escape_fault(at, end, where);
            at = next;
        } else if (c >= 0x80) {
            size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
            if (n > (size_t)(end - at) || !fc_utf8_valid(at, n)) return FC_FAULT_UTF8;
            at += n;
        } else {
            at++;
        }
    }
    *where = end;
    return FC_FAULT_END;
}
