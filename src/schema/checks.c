/* The checks that need more than a comparison. */
#include "fastcore/schema.h"

/* Whether the \u escape at `at` is the first half of a surrogate pair: D800 to DBFF. */
static bool first_half(const char *at) {
    char third = at[2], fourth = at[3];
    return (third | 32) == 'd' &&
           (fourth == '8' || fourth == '9' || (fourth | 32) == 'a' || (fourth | 32) == 'b');
}

/* Code points of the decoded text, without decoding: the first byte of a character counts one, an
 * escape stands for one, and so do the two halves of a surrogate pair together. */
static uint64_t code_points(const fc_json_string *string) {
    if (!string->escaped) {
        if (string->ascii) return string->len;
        size_t chars;
        uint32_t largest;
        fc_utf8_measure(string->data, string->len, &chars, &largest);
        return chars;
    }
    uint64_t count = 0;
    for (size_t i = 0; i < string->len;) {
        unsigned char c = (unsigned char)string->data[i];
        if (c == '\\' && string->data[i + 1] == 'u') {
            i += first_half(string->data + i) ? 12 : 6; /* the reader saw that both are there */
        } else if (c == '\\') {
            i += 2;
        } else {
            i += c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        }
        count++;
    }
    return count;
}

bool fc_check_text(const fc_node *node, const fc_json_string *string) {
    return !(node->checks & FC_CHECK_LENGTH) || fc_check_length(node, code_points(string));
}

int32_t fc_literal_text(const fc_node *node, const fc_json_string *string, uint32_t hint) {
    return node->keys.count ? fc_keys_find(&node->keys, string, hint) : -1;
}

int32_t fc_literal_int(const fc_node *node, int64_t value) {
    for (uint32_t i = 0; i < node->int_count; i++)
        if (node->ints[i] == value) return (int32_t)(node->keys.count + i);
    return -1;
}
