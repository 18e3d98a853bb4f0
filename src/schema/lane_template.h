/* Flat records into columns; see schema/lane.h. A template: included once for each level, behind
 * lane_keys_template.h. */

/* Each of these reads the value at `at` into its cell and returns the byte behind it, or NULL. */

/* Any number of the grammar. */
__attribute__((noinline)) static FC_TARGET const char *
FC_N(lane_other_number)(const fc_lane_field *field, fc_column *column, int64_t row, const char *at,
                        const char *end) {
    fc_json_number number;
    int64_t bits;
    const char *next = FC_N(number)(at, end, false, &number);
    if (!next || number.len > FC_JSON_MAX_DIGITS) return NULL;
    if (field->cell == FC_CELL_FLOAT) {
        double value = fc_json_number_double(&number);
        memcpy(&bits, &value, sizeof bits);
    } else if (field->cell != FC_CELL_INT || !fc_json_number_int64(&number, &bits)) {
        return NULL;
    }
    return lane_put(field, column, row, bits) ? next : NULL;
}

/* One in the usual spelling, of which FC_LANE_ROOM bytes can be read: an integer or a double
 * without a branch on which it is. */
FC_STATIC FC_TARGET const char *FC_N(lane_number)(const fc_lane_field *field, fc_column *column,
                                                  int64_t row, const char *at, const char *end,
                                                  bool guess) {
    uint64_t mantissa;
    ptrdiff_t places;
    int64_t sign;
    const char *next = FC_N(digits)(at, guess, &mantissa, &places, &sign);
    /* -0 and -0.0 are unusual, too. */
    if (FC_UNLIKELY(!next || mantissa - (uint64_t)sign >= (uint64_t)1 << 53 ||
                    places > field->most_places || (*next != ',' && (*next | 0x20) == 'e')))
        return FC_N(lane_other_number)(field, column, row, at, end);
    int64_t whole = ((int64_t)mantissa ^ -sign) + sign, bits;
    double value = (double)whole / fc_exact_power[places];
    memcpy(&bits, &value, sizeof bits);
    bits = (int64_t)(((uint64_t)bits & field->real) | ((uint64_t)whole & ~field->real));
    return FC_LIKELY(lane_put(field, column, row, bits)) ? next : NULL;
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

__attribute__((noinline)) static FC_TARGET const char *FC_N(lane_other)(const fc_lane_field *field,
                                                                        fc_column *column,
                                                                        int64_t row, const char *at,
                                                                        const char *end) {
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

/* null, true or false. */
FC_STATIC FC_TARGET const char *FC_N(lane_literal)(const fc_lane_field *field, fc_column *column,
                                                   int64_t row, const char *at, const char *end) {
    if (FC_LIKELY(end - at > 4 && field->cell == FC_CELL_BOOL)) {
        /* No branch on which it is. */
        bool yes = memcmp(at, "true", 4) == 0, no = memcmp(at, "fals", 4) == 0;
        if (FC_LIKELY(yes | (no & (at[4] == 'e')))) {
            ((uint8_t *)column->values)[row] = yes;
            fc_column_put_valid(column, row);
            return at + 4 + !yes;
        }
    }
    return FC_N(lane_other)(field, column, row, at, end);
}

/* The value of the field at `at` into its cell: the byte behind it, or NULL. */
FC_STATIC FC_TARGET const char *FC_N(lane_value)(fc_filling *f, const fc_record *record,
                                                 const fc_lane_field *field, fc_columns *set,
                                                 int64_t row, const char *at, const char *end,
                                                 bool guess, fc_status *status) {
    fc_column *column = &set->columns[field->column];
    if (FC_LIKELY((unsigned char)(*at - '-') <= '9' - '-')) {
        at = FC_LIKELY(end - at >= FC_LANE_ROOM)
                 ? FC_N(lane_number)(field, column, row, at, end, guess)
                 : FC_N(lane_other_number)(field, column, row, at, end);
    } else if (*at == '"') {
        const fc_record_field *target = &record->fields[field - record->lane];
        at = FC_N(lane_string)(f, field, target, column, at, end, status);
        if (FC_UNLIKELY(*status)) return NULL;
    } else {
        return FC_N(lane_literal)(field, column, row, at, end);
    }
    if (FC_UNLIKELY(column->valid != NULL)) fc_column_put_valid(column, row);
    return at;
}

/* Nearly always the fields come in their order, and then there is nothing to remember. Reads as
 * many of them as do, *fields. Returns what key follows; the cursor is then behind it, or NULL. */
__attribute__((noinline)) static FC_TARGET int32_t
FC_N(lane_straight)(fc_filling *f, const fc_record *record, const char **cursor, const char *end,
                    uint32_t *fields, size_t *blanks, fc_status *status) {
    const fc_lane_field *field = record->lane, *const stop = field + record->keys.count;
    fc_columns *const set = f->set;
    const int64_t row = set->rows;
    const char *at = *cursor;
    char before = '{';
    size_t gap = 0;
    for (; FC_LIKELY(field < stop); field++) {
        const char *name = at + 1 + gap;
        const size_t len = field->token_len;
        if (FC_UNLIKELY(len > FC_LANE_TOKEN || end - name < FC_LANE_ROOM || *at != before))
            goto other;
        if (FC_UNLIKELY(!FC_N(equal)(name, FC_LANE_TOKEN, field->token, len))) goto other;
        if (FC_UNLIKELY(gap && !FC_N(lane_blank)(at + 1, (size_t)(end - at) - 1, gap))) goto other;
        at = name + len;
        if (FC_UNLIKELY((unsigned char)*at <= ' ')) {
            at = FC_N(space)(at, end);
            if (at == end) break;
        }
    value:
        before = ',';
        at = FC_N(lane_value)(f, record, field, set, row, at, end, true, status);
        if (FC_UNLIKELY(!at)) break;
        continue;
    other:;
        const char *from = at;
        size_t room = gap;
        uint32_t expected = (uint32_t)(field - record->lane);
        int32_t number = FC_N(lane_search)(&record->keys, &from, end, before, expected, &room);
        at = from;
        gap = room;
        if ((uint32_t)number == expected) goto value;
        *fields = expected;
        *cursor = at;
        *blanks = gap;
        return number;
    }
    *fields = (uint32_t)(field - record->lane);
    *cursor = at;
    *blanks = gap;
    if (field < stop || !at) return LANE_STRANGE;
    return FC_N(lane_search)(&record->keys, cursor, end, before, record->keys.count, blanks);
}

/* Fields whose order is another in each record: found first and then read in the order of the
 * schema, in which what comes next is guessed rightly. What it returns is as of fc_lane_read. */
__attribute__((noinline)) static FC_TARGET fc_status FC_N(lane_shuffled)(
    fc_filling *f, const fc_record *record, const char *at, const char *end, const char **out) {
    fc_lane_places places;
    const uint32_t given = FC_N(lane_sort)(&record->keys, at, end, &places);
    fc_columns *const set = f->set;
    const int64_t row = set->rows;
    fc_status status = FC_OK;
    if (FC_UNLIKELY(!given || !FC_N(lane_between)(at, places.names[0], '{', end))) return FC_OK;
    lane_judge(&f->order, &places, given, record->keys.count);
    places.names[given] = NULL;
    const char *last = end; /* until the value of the last key has been read */
    for (uint32_t i = 0; i < record->keys.count; i++) {
        if (FC_UNLIKELY(!(places.seen[i / 64] >> (i % 64) & 1))) continue;
        const char *value = FC_N(space)(places.values[i], end);
        if (FC_UNLIKELY(value == end)) return FC_OK;
        value = FC_N(lane_value)(f, record, &record->lane[i], set, row, value, end, true, &status);
        if (FC_UNLIKELY(!value)) return status;
        const char *next = places.names[places.places[i] + 1];
        if (FC_UNLIKELY(!next))
            last = value;
        else if (FC_UNLIKELY(!FC_N(lane_between)(value, next, ',', end)))
            return FC_OK;
    }
    last = FC_N(space)(last, end);
    if (FC_UNLIKELY(last == end || *last != '}')) return FC_OK;
    if (FC_UNLIKELY(given != record->keys.count)) {
        fc_fill_frame seen = {record, 0, given, {0}};
        memcpy(seen.seen, places.seen, sizeof seen.seen);
        bool ok;
        FC_TRY(fc_fill_complete(f, &seen, &ok));
        if (!ok) return FC_OK;
    }
    *out = last + 1;
    return FC_OK;
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
    bool found = !f->order.learned; /* a key, of which nothing is known but its number */
    bool any = f->order.surprises >= SURPRISES;
    const char *start = at;
    if (FC_LIKELY(found && !any)) {
        number = FC_N(lane_straight)(f, record, &at, end, &expected, &gap, &status);
        if (FC_UNLIKELY(!at)) return status;
        any = expected == 0 && number > 0 && count > LANE_FEW;
    }
    if (FC_UNLIKELY(any)) {
        FC_TRY(FC_N(lane_shuffled)(f, record, start, end, out));
        if (FC_LIKELY(*out != NULL)) return FC_OK;
        f->aware = f->naive = 0; /* of what was read in vain */
        found = false;
        expected = lane_expect(&f->order, count, count);
        at = start;
        gap = 0;
    } else if (found) {
        seen.seen_count = expected;
        if (expected) last = expected - 1, before = ',';
    }
    if (seen.seen_count != count || number != LANE_END) lane_mark(&seen);
    for (;;) {
        if (!found) {
            expected = lane_expect(&f->order, last, count);
            number = FC_N(lane_key)(keys, &at, end, before, expected, &gap);
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
        at = FC_N(lane_value)(f, record, &record->lane[last], f->set, f->set->rows, at, end, true,
                              &status);
        if (FC_UNLIKELY(!at)) return status;
    }
    if (FC_UNLIKELY(seen.seen_count != count)) {
        bool ok;
        FC_TRY(fc_fill_complete(f, &seen, &ok));
        if (!ok) return FC_OK;
    }
    *out = at;
    return FC_OK;
}
