/* Flat records into columns; see schema/lane.h. A template: included once for each level, behind
 * lane_keys_template.h. */

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

FC_STATIC FC_TARGET const char *FC_N(lane_string)(fc_filling *f, const fc_lane_field *field,
                                                  const fc_record_field *target, fc_column *column,
                                                  const char *at, const char *end,
                                                  fc_status *status) {
    fc_columns *set = f->set;
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
    if (field->cell == FC_CELL_TIME) return fc_fill_time(f, target, &string) ? next : NULL;
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

FC_STATIC FC_TARGET const char *FC_N(lane_value)(fc_filling *f, const fc_record *record,
                                                 uint32_t number, const char *at, const char *end,
                                                 fc_status *status) {
    const fc_lane_field *field = &record->lane[number];
    fc_column *column = &f->set->columns[field->column];
    const int64_t row = f->set->rows;
    if (FC_LIKELY((unsigned char)(*at - '-') <= '9' - '-'))
        at = FC_N(lane_number)(field, column, row, at, end);
    else if (*at == '"')
        at = FC_N(lane_string)(f, field, &record->fields[number], column, at, end, status);
    else
        return FC_N(lane_literal)(field, column, row, at, end);
    if (FC_UNLIKELY(column->valid != NULL)) fc_column_put_valid(column, row);
    return at;
}

static FC_TARGET fc_status FC_N(lane_read)(fc_filling *f, const fc_record *record, const char *at,
                                           const char *end, const char **out) {
    const fc_keys *keys = &record->keys;
    const uint32_t count = keys->count;
    fc_fill_frame seen = {record, 0, 0, {0}};
    uint32_t last = count; /* the field before; at first, none */
    char before = '{';
    size_t gap = 0;
    fc_status status = FC_OK;
    *out = NULL;
    int32_t number = LANE_STRANGE;
    uint32_t expected = lane_expect(&f->order, count, count);
    bool guess = f->order.surprises < SURPRISES, straight = guess && !f->order.learned;
    /* Nearly always the fields come in their order, and then there is nothing to remember. */
    while (straight) {
        number = FC_N(lane_key)(keys, &at, end, before, expected, &gap, true);
        if (FC_UNLIKELY((uint32_t)number != expected)) break;
        before = ',';
        last = expected++;
        if (FC_UNLIKELY(!(at = FC_N(lane_value)(f, record, last, at, end, &status)) || status))
            return status;
    }
    seen.seen_count = straight ? expected : 0;
    bool found = straight; /* a key, of which nothing is known but its number */
    if (seen.seen_count != count || number != LANE_END) lane_mark(&seen);
    for (;;) {
        if (!found) {
            expected = lane_expect(&f->order, last, count);
            number = FC_N(lane_key)(keys, &at, end, before, expected, &gap, guess);
        }
        found = false;
        before = ',';
        if (FC_UNLIKELY(number < 0)) {
            if (number == LANE_END) break;
            if (number == LANE_STRANGE || record->forbid_extra) return FC_OK;
            if (!(at = FC_N(lane_skip)(at, end))) return FC_OK;
            continue;
        }
        lane_learn(&f->order, count, last, (uint32_t)number, expected);
        last = (uint32_t)number;
        uint64_t bit = (uint64_t)1 << (last % 64);
        if (FC_UNLIKELY(seen.seen[last / 64] & bit)) return FC_OK;
        seen.seen[last / 64] |= bit;
        seen.seen_count++;
        if (FC_UNLIKELY(!(at = FC_N(lane_value)(f, record, last, at, end, &status)) || status))
            return status;
    }
    if (FC_UNLIKELY(seen.seen_count != count)) {
        bool ok;
        FC_TRY(fc_fill_complete(f, &seen, &ok));
        if (!ok) return FC_OK;
    }
    *out = at;
    return FC_OK;
}
