/* The checks that need more than a comparison. */
#include <string.h>

#include "fastcore/schema.h"

/* Whether no blank stands at either end: ASCII there, and not the end of an escape. */
static bool trimmed(const fc_json_string *string) {
    enum { ESCAPE = 6 };
    const char *text = string->data;
    size_t len = string->len;
    if (!len) return true;
    char first = text[0], last = text[len - 1];
    if (first <= ' ' || last <= ' ' || (first | last) & 0x80) return false;
    if (!string->escaped) return true;
    size_t tail = len < ESCAPE ? len : ESCAPE;
    return first != '\\' && !memchr(text + len - tail, '\\', tail);
}

/* Whether stripping blanks and changing the case would leave the text as it is, as far as can be
 * told from ASCII. */
static bool keeps_form(const fc_node *node, const fc_json_string *string) {
    const char *text = string->data;
    size_t len = string->len;
    if (node->checks & FC_CHECK_TRIMMED && !trimmed(string)) return false;
    if (!(node->checks & (FC_CHECK_LOWER | FC_CHECK_UPPER))) return true;
    if (!string->ascii || string->escaped) return false;
    char first = node->checks & FC_CHECK_LOWER ? 'A' : 'a';
    for (size_t i = 0; i < len; i++)
        if (text[i] >= first && text[i] <= first + 25) return false;
    return true;
}

bool fc_check_text(const fc_node *node, const fc_json_string *string) {
    if (node->checks & (FC_CHECK_TRIMMED | FC_CHECK_LOWER | FC_CHECK_UPPER) &&
        !keeps_form(node, string))
        return false;
    if (!(node->checks & FC_CHECK_LENGTH)) return true;
    uint32_t ceiling;
    bool plain = string->ascii && !string->escaped;
    return fc_check_length(node, plain ? string->len : fc_json_string_chars(string, &ceiling));
}

int32_t fc_literal_text(const fc_node *node, const fc_json_string *string, uint32_t hint) {
    return node->keys.count ? fc_keys_find(&node->keys, string, hint) : -1;
}

int32_t fc_literal_int(const fc_node *node, int64_t value) {
    for (uint32_t i = 0; i < node->int_count; i++)
        if (node->ints[i] == value) return (int32_t)(node->keys.count + i);
    return -1;
}
