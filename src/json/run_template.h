/* Runs of numbers: the elements of an array as doubles, many for each call of the sink. A template:
 * included once for each level, between usual_template.h and walk_template.h.
 *
 * A call for each number (the call itself, the number written to memory and read again, registers
 * saved) costs as much as reading it; and most of what `number` and the conversion ask about a
 * number is settled for all that are written in the usual way. */

/* Takes numbers from the cursor on, where the first element of an array begins. Leaves the cursor
 * behind the last one taken, and *count says how many there were. */
FC_STATIC FC_TARGET fc_status FC_N(run)(cursor *c, fc_json_walker *w, size_t *count) {
    double values[FC_JSON_RUN];
    size_t n = 0;
    const char *at = c->at, *const end = c->end;
    fc_status (*const take)(fc_json_walker *, const double *, size_t) = w->sink->doubles;
    for (;;) {
        const char *next = FC_LIKELY(end - at > 32) ? FC_N(usual)(at, &values[n]) : NULL;
        if (FC_UNLIKELY(!next) && !(next = FC_N(any_double)(at, end, &values[n]))) break;
        c->at = next;
        if (FC_UNLIKELY(++n == FC_JSON_RUN)) {
            *count += n;
            n = 0;
            FC_TRY(take(w, values, FC_JSON_RUN));
            if (w->sink->doubles != take) break;
        }
        if (FC_UNLIKELY(next == end || *next != ',')) {
            next = FC_N(space)(next, end);
            if (next == end || *next != ',') break;
        }
        at = FC_N(space)(next + 1, end);
    }
    *count += n;
    return n ? take(w, values, n) : FC_OK;
}
