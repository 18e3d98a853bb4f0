/* The grammar. A template: included once for each level, behind token_template.h, so that the
 * scanning of tokens is part of its loop and costs no call.
 *
 * The cursor and the state of the innermost container live in locals; only a begin or an end
 * touches the stack. A sink may replace itself, so it is looked up anew for each event. */

FC_STATIC FC_TARGET fc_status FC_N(read_string)(cursor *c, fc_json_string *string) {
    const char *at = c->at + 1;
    const char *next = FC_N(string)(at, c->end, string);
    if (FC_LIKELY(next != NULL)) {
        c->at = next;
        return FC_OK;
    }
    const char *where = at;
    fc_json_fault fault = fc_scan_string_fault(at, c->end, &where);
    return fail(c, fault, where);
}

FC_STATIC FC_TARGET fc_status FC_N(read_number)(cursor *c, bool allow_nan, fc_json_number *number) {
    const char *next = FC_N(number)(c->at, c->end, allow_nan, number);
    if (FC_UNLIKELY(next == NULL)) {
        const char *where = c->at;
        fc_json_fault fault = fc_scan_number_fault(c->at, c->end, allow_nan, &where);
        return fail(c, fault, where);
    }
    if (FC_UNLIKELY(too_many_digits(number))) return fail(c, FC_FAULT_DIGITS, c->at);
    c->at = next;
    return FC_OK;
}

/* The key at the cursor and its colon. */
FC_STATIC FC_TARGET fc_status FC_N(read_key)(cursor *c, fc_json_walker *w) {
    if (c->at == c->end || *c->at != '"') return fail_at(c, FC_FAULT_KEY, c->at);
    if (w->sink->predict) {
        const char *next = w->sink->predict(w, c->at, c->end);
        if (next) {
            c->at = next;
            return FC_OK;
        }
    }
    fc_json_string key;
    FC_TRY(FC_N(read_string)(c, &key));
    c->at = FC_N(space)(c->at, c->end);
    if (c->at == c->end || *c->at != ':') return fail_at(c, FC_FAULT_COLON, c->at);
    c->at++;
    return w->sink->key(w, &key);
}

/* A value that is no container, or none at all. */
FC_STATIC FC_TARGET fc_status FC_N(read_scalar)(cursor *c, fc_json_walker *w, bool allow_nan) {
    char first = *c->at;
    /* No branch between a digit and a sign: signs are hard to predict. */
    if (FC_LIKELY((unsigned char)(first - '-') <= '9' - '-') || first == 'N' || first == 'I') {
        fc_json_number number;
        FC_TRY(FC_N(read_number)(c, allow_nan, &number));
        return w->sink->number(w, &number);
    }
    if (first == '"') {
        fc_json_string string;
        FC_TRY(FC_N(read_string)(c, &string));
        return w->sink->string(w, &string);
    }
    if (first == 'n' || first == 'f' || first == 't') {
        const char *at = c->at, *where = at;
        fc_json_kind kind;
        const char *next = fc_scan_literal(at, c->end, &kind, &where);
        if (FC_UNLIKELY(!next)) return fail_at(c, FC_FAULT_VALUE, where);
        c->at = next;
        return w->sink->literal(w, kind, at);
    }
    return fail(c, FC_FAULT_VALUE, c->at);
}

FC_STATIC FC_TARGET fc_status FC_N(loop)(cursor *c, fc_json_walker *w,
                                         const fc_json_limits *limits) {
    level stack[LEVELS];
    level top = {0, false}; /* the innermost open container */
    const bool allow_nan = limits->allow_nan;
    for (;;) {
        /* A value begins here. */
        c->at = FC_N(space)(c->at, c->end);
        if (FC_UNLIKELY(c->at == c->end)) return fail(c, FC_FAULT_END, c->at);
        if ((*c->at == '{' || *c->at == '[') && w->sink->record && w->depth < limits->max_depth) {
            const char *next;
            FC_TRY(w->sink->record(w, c->at, &next));
            if (FC_LIKELY(next != NULL)) {
                c->at = next;
                top.count++;
                if (!w->depth) return FC_OK;
                goto ended;
            }
        }
        if (*c->at == '{' || *c->at == '[') {
            bool object = *c->at == '{';
            stack[w->depth++] = top;
            top = (level){0, object};
            FC_TRY(w->sink->begin(w, object ? FC_JSON_OBJECT : FC_JSON_ARRAY, c->at));
            c->at = FC_N(space)(c->at + 1, c->end);
            bool closed = c->at < c->end && *c->at == (object ? '}' : ']');
            if (!closed) {
                if (w->depth > limits->max_depth) return fail_at(c, FC_FAULT_DEPTH, c->at);
                if (object) FC_TRY(FC_N(read_key)(c, w));
                if (object || !w->sink->doubles) continue;
                FC_TRY(FC_N(run)(c, w, &top.count));
                if (!top.count) continue;
            }
        } else {
            FC_TRY(FC_N(read_scalar)(c, w, allow_nan));
            top.count++;
            if (FC_UNLIKELY(!w->depth)) return FC_OK;
        }
    ended:
        /* An element or pair has ended, or an empty container closes at once. Most often a comma
         * follows right behind. */
        if (FC_UNLIKELY(c->at == c->end || *c->at != ',')) {
            c->at = FC_N(space)(c->at, c->end);
            while (c->at < c->end && *c->at == (top.object ? '}' : ']')) {
                c->at++;
                FC_TRY(
                    w->sink->end(w, top.object ? FC_JSON_OBJECT : FC_JSON_ARRAY, c->at, top.count));
                top = stack[--w->depth];
                top.count++;
                if (!w->depth) return FC_OK;
                c->at = FC_N(space)(c->at, c->end);
            }
            if (c->at == c->end || *c->at != ',') return fail_at(c, FC_FAULT_COMMA, c->at);
        }
        c->at++;
        if (top.object) {
            c->at = FC_N(space)(c->at, c->end);
            FC_TRY(FC_N(read_key)(c, w));
        }
    }
}

static FC_TARGET fc_status FC_N(walk)(cursor *result, fc_json_walker *w,
                                      const fc_json_limits *limits) {
    /* A copy whose address no call sees: it stays in registers while sinks are called. */
    cursor c = *result;
    fc_status status = FC_N(loop)(&c, w, limits);
    *result = c;
    return status;
}

#undef FC_TARGET
#undef FC_N
#undef FC_WIDTH
#undef FC_LANE
