/* Rows of floats, as long as all is as it mostly is. A template: included once for each level,
 * behind usual_template.h. */

/* The numbers of the row whose bracket is at `at`, and how many they are. The byte behind the row,
 * or NULL. */
FC_STATIC FC_TARGET const char *FC_N(row)(piece *p, const char *at, const char *end,
                                          int64_t *columns) {
    double values[FC_JSON_RUN];
    size_t n = 0;
    int64_t count = 0;
    at = FC_N(space)(at + 1, end);
    for (;;) {
        const char *next = FC_LIKELY(end - at > 32) ? FC_N(usual)(at, &values[n]) : NULL;
        if (FC_UNLIKELY(!next) && !(next = FC_N(any_double)(at, end, &values[n]))) return NULL;
        count++;
        if (FC_UNLIKELY(++n == FC_JSON_RUN)) {
            if (!take(p, values, n)) return NULL;
            n = 0;
        }
        if (FC_UNLIKELY(next == end || *next != ',')) {
            next = FC_N(space)(next, end);
            at = next;
            if (next == end || *next != ',') break;
        }
        at = FC_N(space)(next + 1, end);
    }
    if (at == end || *at != ']' || !take(p, values, n)) return NULL;
    *columns = count;
    return at + 1;
}

static FC_TARGET void FC_N(rows)(piece *p) {
    const char *at = p->at, *const end = p->end;
    for (;;) {
        int64_t columns;
        if (!(at = FC_N(row)(p, at, end, &columns))) return;
        if (p->columns < 0) p->columns = columns;
        if (columns != p->columns) return;
        if (!p->rows++) {
            double share = (double)(p->until - p->at) / (double)(at - p->at);
            p->guess = (size_t)((double)p->array.count * share * 1.02) + 64;
        }
        if (at == p->stop) break;
        at = FC_N(space)(at, end);
        if (at == end) return;
        if (*at == ']' && !p->stop) {
            at++;
            break;
        }
        if (*at != ',') return;
        at = FC_N(space)(at + 1, end);
        if (at == end || *at != '[' || (p->stop && at > p->stop)) return;
    }
    p->next = at;
}

#undef FC_TARGET
#undef FC_N
#undef FC_WIDTH
#undef FC_LANE
