/* Keys where one object after the other has them. A template: included once for each level, behind
 * the vector_LEVEL.h and token_template.h whose names it uses. */

/* The number of the key that begins at *cursor, a quote, if it is short and found at once; *cursor
 * goes behind its colon. Otherwise -1. It is looked up by where it seems to end, for comparing it
 * with the key says whether it did; and what comes behind does not wait for that. */
FC_STATIC FC_TARGET int32_t FC_N(lane_find)(const fc_keys *keys, const char **cursor,
                                            const char *end) {
    const char *at = *cursor;
    size_t left = (size_t)(end - at);
    if (FC_UNLIKELY(left < 33)) return -1;
    size_t len = FC_N(quote)(at + 1);
    if (FC_UNLIKELY(len - 1 >= FC_KEYS_SHORT)) return -1;
    uint16_t slot = keys->slots[fc_keys_hash_wide(keys, at + 1, len) & keys->mask];
    if (FC_UNLIKELY(slot == 0)) return -1;
    const fc_key *key = &keys->keys[slot - 1];
    if (FC_UNLIKELY(key->token_len != len + 3)) return -1;
    if (FC_UNLIKELY(!FC_N(equal)(at, left, key->token, len + 3))) return -1;
    *cursor = at + len + 3;
    return slot - 1;
}

/* Any key of the grammar; *cursor goes behind its colon. */
__attribute__((noinline)) static FC_TARGET int32_t FC_N(lane_other_key)(const fc_keys *keys,
                                                                        const char **cursor,
                                                                        const char *end) {
    fc_json_string name;
    const char *at = *cursor;
    if (at == end || *at != '"') return LANE_STRANGE;
    if (!(at = FC_N(string)(at + 1, end, &name))) return LANE_STRANGE;
    at = FC_N(space)(at, end);
    if (at == end || *at != ':') return LANE_STRANGE;
    *cursor = at + 1;
    int32_t number = fc_keys_find(keys, &name, UINT32_MAX);
    return number < 0 ? LANE_UNKNOWN : number;
}

/* Whether the `gap` bytes at `at` are white space; perhaps false for long gaps. */
FC_STATIC FC_TARGET bool FC_N(lane_blank)(const char *at, size_t left, size_t gap) {
    if (FC_UNLIKELY(left < FC_WIDTH || gap >= FC_WIDTH)) return false;
    uint64_t other = FC_N(not_space)(FC_N(load)(at));
    return (other & (((uint64_t)1 << (gap << FC_LANE)) - 1)) == 0;
}

/* The key at *cursor and what stands in front of it, wherever it is; or the end of the record.
 * *cursor is then at the value, and *gap how much white space there was. */
__attribute__((noinline)) static FC_TARGET int32_t FC_N(lane_search)(const fc_keys *keys,
                                                                     const char **cursor,
                                                                     const char *end, char before,
                                                                     uint32_t expected,
                                                                     size_t *gap) {
    const char *at = FC_N(space)(*cursor, end);
    if (at == end) return LANE_STRANGE;
    if (*at == '}' && before == ',') {
        *cursor = at + 1;
        return LANE_END;
    }
    if (*at != before) return LANE_STRANGE;
    const char *name = FC_N(space)(at + 1, end);
    *gap = (size_t)(name - at) - 1;
    const fc_key *key = &keys->keys[expected];
    size_t left = (size_t)(end - name);
    int32_t number = (int32_t)expected;
    if (key->token_len && left > key->token_len &&
        FC_N(equal)(name, left, key->token, key->token_len)) {
        name += key->token_len;
    } else if ((number = FC_N(lane_find)(keys, &name, end)) < 0) {
        number = FC_N(lane_other_key)(keys, &name, end);
        if (number == LANE_STRANGE) return number;
    }
    *cursor = FC_N(space)(name, end);
    return *cursor == end ? LANE_STRANGE : number;
}

/* The next key where it most often stands: *gap bytes of white space behind the brace or comma, and
 * if `guess`, the expected one. */
FC_STATIC FC_TARGET int32_t FC_N(lane_key)(const fc_keys *keys, const char **cursor,
                                           const char *end, char before, uint32_t expected,
                                           size_t *gap, bool guess) {
    const char *at = *cursor, *name = at + 1 + *gap;
    size_t left = (size_t)(end - at), margin = *gap + 1;
    int32_t number = -1;
    if (FC_LIKELY(left > margin && *at == before) &&
        (FC_LIKELY(*gap == 0) || FC_N(lane_blank)(at + 1, left - 1, *gap))) {
        const fc_key *key = &keys->keys[expected];
        if (guess) {
            if (FC_LIKELY(key->token_len && left - margin > key->token_len &&
                          FC_N(equal)(name, left - margin, key->token, key->token_len))) {
                name += key->token_len;
                number = (int32_t)expected;
            }
        } else {
            number = FC_N(lane_find)(keys, &name, end);
        }
    }
    if (FC_UNLIKELY(number < 0)) return FC_N(lane_search)(keys, cursor, end, before, expected, gap);
    if (FC_UNLIKELY((unsigned char)*name <= ' ')) name = FC_N(space)(name, end);
    *cursor = name;
    return FC_LIKELY(name < end) ? number : LANE_STRANGE;
}

/* The scalar at `at` of a key that is not expected: the byte behind it, or NULL. */
static FC_TARGET const char *FC_N(lane_skip)(const char *at, const char *end) {
    fc_json_number number;
    fc_json_string string;
    fc_json_kind kind;
    const char *where;
    if (*at == '"') return FC_N(string)(at + 1, end, &string);
    if (*at == 'n' || *at == 't' || *at == 'f') return fc_scan_literal(at, end, &kind, &where);
    if ((unsigned char)(*at - '-') > '9' - '-') return NULL;
    const char *next = FC_N(number)(at, end, false, &number);
    return next && number.len <= FC_JSON_MAX_DIGITS ? next : NULL;
}
