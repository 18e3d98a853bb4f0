/* The loop of schema/lane.h. A template: included once for each level, behind the vector_LEVEL.h
 * and token_template.h whose names it uses. */

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

/* Each of these reads the value at `at` into its cell and returns the byte behind it, or NULL. */

/* Any number of the grammar. */
__attribute__((noinline)) static FC_TARGET const char *
FC_N(lane_other_number)(const fc_lane_field *field, fc_column *column, int64_t row, const char *at,
                        const char *end) {
    fc_json_number number;
    const char *next = FC_N(number)(at, end, false, &number);
    if (!next || number.len > FC_JSON_MAX_DIGITS) return NULL;
    if (field->cell == FC_CELL_FLOAT)
        return lane_put_float(field, column, row, fc_json_number_double(&number)) ? next : NULL;
    int64_t value;
    if (field->cell != FC_CELL_INT || !fc_json_number_int64(&number, &value)) return NULL;
    return lane_put_int(field, column, row, value) ? next : NULL;
}

FC_STATIC FC_TARGET const char *FC_N(lane_number)(const fc_lane_field *field, fc_column *column,
                                                  int64_t row, const char *at, const char *end) {
    uint64_t mantissa;
    int places, sign;
    const char *next = FC_N(digits)(at, end, &mantissa, &places, &sign);
    if (FC_UNLIKELY(!next || next == end || (*next | 0x20) == 'e' || mantissa > (uint64_t)1 << 53 ||
                    places > FC_EXACT_POWER_MAX))
        return FC_N(lane_other_number)(field, column, row, at, end);
    if (field->cell == FC_CELL_FLOAT) {
        double value = fc_number_quick(mantissa, -places, sign & ((mantissa != 0) | (places != 0)));
        return FC_LIKELY(lane_put_float(field, column, row, value)) ? next : NULL;
    }
    if (FC_UNLIKELY(field->cell != FC_CELL_INT || places)) return NULL;
    int64_t value = (int64_t)mantissa;
    return FC_LIKELY(lane_put_int(field, column, row, sign ? -value : value)) ? next : NULL;
}

FC_STATIC FC_TARGET const char *FC_N(lane_string)(const fc_lane_field *field, fc_columns *set,
                                                  fc_column *column, const char *at,
                                                  const char *end, fc_status *status) {
    if (FC_LIKELY(field->words != NULL && end - at > 8)) {
        uint32_t count = field->node->keys.count;
        uint32_t code = FC_N(pick)(fc_load64(at + 1), field->words, field->masks, count);
        if (FC_LIKELY(code < count)) {
            ((int32_t *)column->values)[set->rows] = (int32_t)code;
            return at + field->lens[code] + 2;
        }
    }
    fc_json_string string;
    const char *next = FC_N(string)(at + 1, end, &string);
    if (FC_UNLIKELY(!next)) return NULL;
    if (field->cell == FC_CELL_CODE) {
        int32_t code = fc_literal_text(field->node, &string, 0);
        if (FC_UNLIKELY(code < 0)) return NULL;
        ((int32_t *)column->values)[set->rows] = code;
        return next;
    }
    if (field->cell != FC_CELL_TEXT || !fc_check_text(field->node, &string)) return NULL;
    *status = fc_fill_put_string(set, column, &string);
    return next;
}

FC_STATIC FC_TARGET const char *FC_N(lane_literal)(const fc_lane_field *field, fc_column *column,
                                                   int64_t row, const char *at, const char *end) {
    fc_json_kind kind;
    const char *where, *next;
    if (*at != 'n' && *at != 't' && *at != 'f') return NULL;
    if (!(next = fc_scan_literal(at, end, &kind, &where))) return NULL;
    if (kind == FC_JSON_NULL) {
        if (!field->nullable) return NULL;
        fc_column_put_null(column, row);
        return next;
    }
    if (field->cell != FC_CELL_BOOL) return NULL;
    ((uint8_t *)column->values)[row] = kind == FC_JSON_TRUE;
    fc_column_put_valid(column, row);
    return next;
}

/* The scalar at `at` of a key that is not expected. */
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

static FC_TARGET fc_status FC_N(lane_read)(fc_filling *f, const fc_record *record, const char *at,
                                           const char *end, const char **out) {
    fc_columns *set = f->set;
    const int64_t row = set->rows;
    const fc_lane_field *fields = record->lane;
    fc_fill_frame seen = {record, 0, 0, {0}};
    uint32_t last = record->keys.count; /* the field before; at first, none */
    char before = '{';
    size_t gap = 0;
    bool straight = true; /* so far these are the first fields, in their order: no need to mark */
    *out = NULL;
    for (;;) {
        uint32_t expected = f->learned                   ? f->follow[last]
                            : last == record->keys.count ? 0
                                                         : last + 1;
        int32_t number = FC_N(lane_key)(&record->keys, &at, end, before, expected, &gap,
                                        f->surprises < SURPRISES);
        before = ',';
        if (FC_UNLIKELY(number < 0)) {
            if (number == LANE_END) break;
            if (number == LANE_STRANGE || record->forbid_extra) return FC_OK;
            if (!(at = FC_N(lane_skip)(at, end))) return FC_OK;
            continue;
        }
        lane_learn(f, record, last, (uint32_t)number, expected);
        if (FC_UNLIKELY(straight && (uint32_t)number != seen.seen_count)) {
            straight = false;
            lane_mark(&seen);
        }
        last = (uint32_t)number;
        if (FC_UNLIKELY(!straight)) {
            uint64_t bit = (uint64_t)1 << (last % 64);
            if (FC_UNLIKELY(seen.seen[last / 64] & bit)) return FC_OK;
            seen.seen[last / 64] |= bit;
        }
        seen.seen_count++;
        const fc_lane_field *field = &fields[last];
        fc_column *column = &set->columns[field->column];
        fc_status status = FC_OK;
        if (FC_LIKELY((unsigned char)(*at - '-') <= '9' - '-')) {
            at = FC_N(lane_number)(field, column, row, at, end);
            fc_column_put_valid(column, row);
        } else if (*at == '"') {
            at = FC_N(lane_string)(field, set, column, at, end, &status);
            fc_column_put_valid(column, row);
        } else {
            at = FC_N(lane_literal)(field, column, row, at, end);
        }
        if (FC_UNLIKELY(!at || status != FC_OK)) return status;
    }
    if (FC_UNLIKELY(seen.seen_count != record->keys.count)) {
        bool ok;
        if (straight) lane_mark(&seen);
        FC_TRY(fc_fill_complete(f, &seen, &ok));
        if (!ok) return FC_OK;
    }
    *out = at;
    return FC_OK;
}

#undef FC_TARGET
#undef FC_N
#undef FC_WIDTH
#undef FC_LANE
