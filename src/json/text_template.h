/* The characters of a string, each in one unit of `width` bytes. A template: included once for each
 * level, behind the vector_LEVEL.h whose names it uses. */

/* FC_WIDTH bytes to as many units. */
FC_STATIC FC_TARGET void FC_N(widen)(const char *at, void *out, size_t n, const int width) {
    const unsigned char *from = (const unsigned char *)at;
    if (width == 1) {
        memcpy((uint8_t *)out + n, from, FC_WIDTH);
    } else if (width == 2) {
        for (size_t i = 0; i < FC_WIDTH; i++) ((uint16_t *)out)[n + i] = from[i];
    } else {
        for (size_t i = 0; i < FC_WIDTH; i++) ((uint32_t *)out)[n + i] = from[i];
    }
}

FC_STATIC FC_TARGET void FC_N(write)(const fc_json_string *string, const int width, void *out,
                                     size_t chars) {
    const char *at = string->data, *end = at + string->len;
    size_t n = 0;
    while (at < end) {
        size_t left = (size_t)(end - at), plain;
        FC_N(block) v = left >= FC_WIDTH ? FC_N(load)(at) : FC_N(load_part)(at, left);
        /* A quote or control character stands in no string, but behind a backslash and a part. */
        uint64_t special = FC_N(stops)(v) | FC_N(high)(v);
        plain = special ? (size_t)__builtin_ctzll(special) >> FC_LANE : FC_WIDTH;
        if (FC_LIKELY(left >= FC_WIDTH && chars - n >= FC_WIDTH)) {
            FC_N(widen)(at, out, n, width); /* what is too much is written over */
        } else {
            if (plain > left) plain = left;
            for (size_t i = 0; i < plain; i++) put_unit(out, n + i, width, (unsigned char)at[i]);
        }
        at += plain;
        n += plain;
        while (at < end && (*at == '\\' || (unsigned char)*at >= 0x80))
            put_unit(out, n++, width, next_point(&at));
    }
}

static FC_TARGET void FC_N(write_text)(const fc_json_string *string, int width, void *out,
                                       size_t chars) {
    if (width == 1)
        FC_N(write)(string, 1, out, chars);
    else if (width == 2)
        FC_N(write)(string, 2, out, chars);
    else
        FC_N(write)(string, 4, out, chars);
}

#undef FC_TARGET
#undef FC_N
#undef FC_WIDTH
#undef FC_LANE
