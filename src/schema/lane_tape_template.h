/* Objects of scalars onto the tape, each value in the slot of its field; see schema/lane.h. A
 * template: included once for each level, behind lane_keys_template.h. */

static inline void FC_N(lane_place)(fc_tape_node *slot, uint32_t start, uint32_t end, int kind,
                                    int flags) {
    slot->start = start;
    slot->end = end;
    slot->kind = (uint8_t)kind;
    slot->flags = (uint8_t)flags;
}

__attribute__((noinline)) static FC_TARGET const char *
FC_N(lane_slot_other)(fc_tape_node *slot, const char *data, const char *at, const char *end) {
    fc_json_number number;
    const char *next = FC_N(number)(at, end, false, &number);
    if (!next || number.len > FC_JSON_MAX_DIGITS) return NULL;
    int flags = fc_json_number_int64(&number, &slot->as.integer) ? FC_TAPE_FITS : 0;
    if (!flags) slot->as.real = fc_json_number_double(&number);
    FC_N(lane_place)(slot, (uint32_t)(at - data), (uint32_t)(next - data), number.kind, flags);
    return next;
}

/* The scalar at `at`: the byte behind it, or NULL. */
FC_STATIC FC_TARGET const char *FC_N(lane_slot)(fc_tape_node *slot, const char *data,
                                                const char *at, const char *end) {
    const uint32_t start = (uint32_t)(at - data);
    if (FC_LIKELY((unsigned char)(*at - '-') <= '9' - '-')) {
        uint64_t mantissa;
        ptrdiff_t places;
        int64_t sign;
        const char *next = FC_N(digits_near)(at, end, &mantissa, &places, &sign);
        if (FC_UNLIKELY(!next || next == end || (*next | 0x20) == 'e' ||
                        mantissa > (uint64_t)1 << 53 || places > FC_EXACT_POWER_MAX))
            return FC_N(lane_slot_other)(slot, data, at, end);
        if (places) {
            slot->as.real = fc_number_quick(mantissa, -(int)places, sign);
            FC_N(lane_place)(slot, start, (uint32_t)(next - data), FC_JSON_FLOAT, 0);
        } else {
            slot->as.integer = sign ? -(int64_t)mantissa : (int64_t)mantissa;
            FC_N(lane_place)(slot, start, (uint32_t)(next - data), FC_JSON_INT, FC_TAPE_FITS);
        }
        return next;
    }
    if (*at == '"') {
        fc_json_string string;
        const char *next = FC_N(string)(at + 1, end, &string);
        if (FC_UNLIKELY(!next)) return NULL;
        FC_N(lane_place)(slot, start, (uint32_t)(next - data), FC_JSON_STRING,
                         (string.escaped ? FC_TAPE_ESCAPED : 0) |
                             (string.ascii ? FC_TAPE_ASCII : 0));
        return next;
    }
    fc_json_kind kind;
    const char *where;
    if (*at != 'n' && *at != 't' && *at != 'f') return NULL;
    const char *next = fc_scan_literal(at, end, &kind, &where);
    if (FC_UNLIKELY(!next)) return NULL;
    FC_N(lane_place)(slot, start, (uint32_t)(next - data), kind, 0);
    return next;
}

/* The same in any order; see lane_shuffled. The byte behind the object, or NULL. */
__attribute__((noinline)) static FC_TARGET const char *
FC_N(lane_slots)(fc_lane_order *order, const fc_node *node, const char *data, const char *at,
                 const char *end, fc_tape_node *slots) {
    fc_lane_places places;
    const uint32_t count = node->keys.count;
    const uint32_t given = FC_N(lane_sort)(&node->keys, at, end, &places);
    if (FC_UNLIKELY(!given || !FC_N(lane_between)(at, places.names[0], '{', end))) return NULL;
    lane_judge(order, &places, given, count);
    places.names[given] = NULL;
    const char *last = end; /* until the value of the last key has been read */
    for (uint32_t i = 0; i < count; i++) {
        slots[i].kind = FC_TAPE_ABSENT;
        if (FC_UNLIKELY(!(places.seen[i / 64] >> (i % 64) & 1))) continue;
        const char *value = FC_N(space)(places.values[i], end);
        if (FC_UNLIKELY(value == end)) return NULL;
        value = FC_N(lane_slot)(&slots[i], data, value, end);
        if (FC_UNLIKELY(!value)) return NULL;
        const char *next = places.names[places.places[i] + 1];
        if (FC_UNLIKELY(!next))
            last = value;
        else if (FC_UNLIKELY(!FC_N(lane_between)(value, next, ',', end)))
            return NULL;
    }
    last = FC_N(space)(last, end);
    return FC_LIKELY(last != end && *last == '}') ? last + 1 : NULL;
}

static FC_TARGET fc_status FC_N(lane_object)(fc_lane_order *order, const fc_node *node,
                                             const char *data, const char *at, const char *end,
                                             fc_tape_node *slots, const char **out) {
    const fc_keys *keys = &node->keys;
    const uint32_t count = keys->count;
    uint32_t last = count, given = 0;
    char before = '{';
    size_t gap = 0;
    bool straight = true; /* so far these are the first fields, in their order */
    *out = NULL;
    if (FC_UNLIKELY(order->surprises >= SURPRISES) &&
        (*out = FC_N(lane_slots)(order, node, data, at, end, slots)))
        return FC_OK;
    for (;;) {
        uint32_t expected = lane_expect(order, last, count);
        int32_t number = FC_N(lane_key)(keys, &at, end, before, expected, &gap);
        before = ',';
        if (FC_UNLIKELY(number < 0)) {
            if (number == LANE_END) break;
            if (number == LANE_STRANGE || !node->skips) return FC_OK;
            if (!(at = FC_N(lane_skip)(at, end))) return FC_OK;
            continue;
        }
        lane_learn(order, count, last, (uint32_t)number, expected);
        last = (uint32_t)number;
        if (FC_UNLIKELY(straight && last != given)) {
            straight = false;
            for (uint32_t i = given; i < count; i++) slots[i].kind = FC_TAPE_ABSENT;
        }
        if (FC_UNLIKELY(!straight && slots[last].kind != FC_TAPE_ABSENT)) return FC_OK;
        given++;
        if (FC_UNLIKELY(!(at = FC_N(lane_slot)(&slots[last], data, at, end)))) return FC_OK;
    }
    for (uint32_t i = given; straight && i < count; i++) slots[i].kind = FC_TAPE_ABSENT;
    *out = at;
    return FC_OK;
}

#undef FC_TARGET
#undef FC_N
#undef FC_WIDTH
#undef FC_LANE
