/* The checks that need more than a comparison. */
#include "fastcore/schema.h"

bool fc_check_text(const fc_node *node, const fc_json_string *string) {
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
