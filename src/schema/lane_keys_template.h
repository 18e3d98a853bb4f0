/* Keys where one object after the other has them. A template: included once for each level, behind
 * the vector_LEVEL.h and token_template.h whose names it uses. */

/* The number of the key of `len` bytes that begins at `name`, a quote, if it is short and found at
 * once. Otherwise -1. */
FC_STATIC FC_TARGET int32_t FC_N(lane_find)(const fc_keys *keys, const char *name, size_t len,
                                            const char *end) {
    if (FC_UNLIKELY(len - 1 >= FC_KEYS_SHORT || end - name < FC_LANE_ROOM)) return -1;
    uint16_t slot = keys->slots[fc_keys_hash_wide(keys, name + 1, len) & keys->mask];
    if (FC_UNLIKELY(slot == 0)) return -1;
    const fc_key *key = &keys->keys[slot - 1];
    if (FC_UNLIKELY(key->token_len != len + 3)) return -1;
    if (FC_UNLIKELY(!FC_N(equal)(name, FC_LANE_TOKEN, key->token, len + 3))) return -1;
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
    } else {
        uint64_t quotes = left >= 64 ? FC_N(quotes)(name) & ~(uint64_t)1 : 0;
        size_t len = quotes ? (size_t)__builtin_ctzll(quotes) - 1 : 0;
        number = FC_N(lane_find)(keys, name, len, end);
        if (number >= 0)
            name += len + 3;
        else if ((number = FC_N(lane_other_key)(keys, &name, end)) == LANE_STRANGE)
            return number;
    }
    *cursor = FC_N(space)(name, end);
    return *cursor == end ? LANE_STRANGE : number;
}

/* The next key where it most often stands: *gap bytes of white space behind the brace or comma, and
 * the expected one. */
FC_STATIC FC_TARGET int32_t FC_N(lane_key)(const fc_keys *keys, const char **cursor,
                                           const char *end, char before, uint32_t expected,
                                           size_t *gap) {
    const char *at = *cursor, *name = at + 1 + *gap;
    const fc_key *key = &keys->keys[expected];
    size_t left = (size_t)(end - at), len = key->token_len;
    if (FC_LIKELY(left > *gap + FC_LANE_ROOM && *at == before && len - 1 < FC_LANE_ROOM &&
                  FC_N(equal)(name, FC_LANE_ROOM, key->token, len) &&
                  (FC_LIKELY(*gap == 0) || FC_N(lane_blank)(at + 1, left - 1, *gap)))) {
        *cursor = FC_N(space)(name + len, end);
        return FC_LIKELY(*cursor != end) ? (int32_t)expected : LANE_STRANGE;
    }
    size_t blanks = *gap;
    int32_t number = FC_N(lane_search)(keys, &at, end, before, expected, &blanks);
    *cursor = at;
    *gap = blanks;
    return number;
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

/* Finds the values of the object at `at` without reading them: a key ends where a colon stands
 * behind a quote. Up to the first key that is not known or was there before, each known one's
 * number, in the order of the document, in `numbers`; where it begins and its value begins. Returns
 * how many. All this is a guess, which whoever reads the values has to check. */
__attribute__((noinline)) static FC_TARGET uint32_t FC_N(lane_sort)(const fc_keys *keys,
                                                                    const char *at, const char *end,
                                                                    fc_lane_places *out) {
    const size_t most = FC_LANE_SORT_BYTES,
                 left = (size_t)(end - at) < most ? (size_t)(end - at) : most;
    char head[128] = {0}, tail[128]; /* the first bytes with zeros in front; the last ones */
    uint32_t ends[FC_RECORD_MAX_FIELDS + 64], count = 0;
    memcpy(head + 64, at, left < 64 ? left : 64);
    for (size_t done = 0; done < left && count < keys->count; done += 64) {
        const char *text = at + done;
        if (FC_UNLIKELY(left - done < 65)) {
            memset(tail, 0, sizeof tail);
            memcpy(tail, text, left - done);
            text = tail;
        }
        uint64_t mask = FC_N(key_ends)(text);
        uint32_t stop = count + (uint32_t)__builtin_popcountll(mask);
        /* How many there are is hard to guess, so four are written at any rate. */
        for (; count < stop; count += 4) {
            for (uint32_t i = 0; i < 4; i++, mask &= mask - 1)
                ends[count + i] = (uint32_t)(done + (size_t)__builtin_ctzll(mask | 1ull << 63));
        }
        count = stop;
    }
    if (count > keys->count) count = keys->count;
    memset(out->seen, 0, sizeof out->seen);
    for (uint32_t i = 0; i < count; i++) {
        const char *stop = at + ends[i];
        uint64_t quotes = FC_N(quotes)(ends[i] < 64 ? head + ends[i] : stop - 64);
        if (FC_UNLIKELY(!quotes)) return i;
        size_t len = (size_t)__builtin_clzll(quotes);
        int32_t number = FC_N(lane_find)(keys, stop - len - 1, len, end);
        if (FC_UNLIKELY(number < 0)) {
            fc_json_string name = {stop - len, len, false, false};
            number = fc_keys_find(keys, &name, UINT32_MAX);
            if (number < 0 || !keys->keys[number].token) return i; /* not written as it is */
        }
        uint64_t bit = (uint64_t)1 << (number % 64);
        if (FC_UNLIKELY(out->seen[number / 64] & bit)) return i;
        out->seen[number / 64] |= bit;
        out->numbers[i] = (uint16_t)number;
        out->names[i] = stop - len - 1;
        out->values[number] = stop + 2;
        out->places[number] = (uint16_t)i;
    }
    return count;
}

/* Whether nothing but `sign` and white space is between `at` and `next`. */
FC_STATIC FC_TARGET bool FC_N(lane_between)(const char *at, const char *next, char sign,
                                            const char *end) {
    if (FC_LIKELY(at < end && *at == sign && at + 1 == next)) return true;
    at = FC_N(space)(at, end);
    return at < end && *at == sign && FC_N(space)(at + 1, end) == next;
}
