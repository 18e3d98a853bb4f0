/* The grammar. One loop, no recursion, nothing allocated: what is open is remembered as one bit
 * (object or array) and one count for each level.
 *
 * The cursor and the state of the innermost container live in locals; only a begin or an end
 * touches the stack. A sink may replace itself, so it is looked up anew for each event. */
#include <string.h>

#include "json/scan.h"

/* One level more than may hold something: an empty container. */
enum { LEVELS = FC_JSON_MAX_DEPTH + 2 };

typedef struct level {
    size_t count; /* elements or pairs so far, of a container that is open around another */
    bool object;
} level;

typedef struct cursor {
    const char *at, *end;
    fc_json_fault fault;
} cursor;

/* Notes the fault and where it is; returns the status to leave with. */
static fc_status fail(cursor *c, fc_json_fault fault, const char *at) {
    c->fault = fault;
    c->at = at;
    return FC_ESYNTAX;
}

/* A fault at `at`, unless the text has simply ended there. */
static fc_status fail_at(cursor *c, fc_json_fault fault, const char *at) {
    return fail(c, at == c->end ? FC_FAULT_END : fault, at);
}

static fc_status read_string(cursor *c, fc_json_string *string) {
    const char *at = c->at + 1;
    const char *next = fc_scan_string(at, c->end, string);
    if (FC_LIKELY(next != NULL)) {
        c->at = next;
        return FC_OK;
    }
    const char *where = at;
    fc_json_fault fault = fc_scan_string_fault(at, c->end, &where);
    return fail(c, fault, where);
}

/* Digits in front of the dot, if they are too many (the original counts only those). */
static bool too_many_digits(const fc_json_number *number) {
    if (FC_LIKELY(number->len <= FC_JSON_MAX_DIGITS)) return false;
    const char *at = number->text + number->negative;
    size_t n = 0, len = number->len - number->negative;
    while (n < len && (unsigned)(unsigned char)at[n] - '0' < 10) n++;
    return n > FC_JSON_MAX_DIGITS;
}

static fc_status read_number(cursor *c, bool allow_nan, fc_json_number *number) {
    const char *next = fc_json_number_scan(c->at, c->end, allow_nan, number);
    if (FC_UNLIKELY(next == NULL)) {
        const char *where = c->at;
        fc_json_fault fault = fc_scan_number_fault(c->at, c->end, allow_nan, &where);
        return fail(c, fault, where);
    }
    if (FC_UNLIKELY(too_many_digits(number))) return fail(c, FC_FAULT_DIGITS, c->at);
    c->at = next;
    return FC_OK;
}

static fc_status read_literal(cursor *c, fc_json_kind *kind) {
    static const char *const words[] = {"null", "false", "true"};
    *kind = *c->at == 'n' ? FC_JSON_NULL : *c->at == 'f' ? FC_JSON_FALSE : FC_JSON_TRUE;
    const char *word = words[*kind];
    size_t len = strlen(word);
    if (FC_LIKELY((size_t)(c->end - c->at) >= len && memcmp(c->at, word, len) == 0)) {
        c->at += len;
        return FC_OK;
    }
    const char *at = c->at;
    while (at < c->end && *at == word[at - c->at]) at++;
    return fail_at(c, FC_FAULT_VALUE, at);
}

/* The key at the cursor and its colon. */
static fc_status read_key(cursor *c, fc_json_walker *w) {
    if (c->at == c->end || *c->at != '"') return fail_at(c, FC_FAULT_KEY, c->at);
    if (w->sink->predict) {
        const char *next = w->sink->predict(w, c->at, c->end);
        if (next) {
            c->at = next;
            return FC_OK;
        }
    }
    fc_json_string key;
    FC_TRY(read_string(c, &key));
    c->at = fc_scan_space(c->at, c->end);
    if (c->at == c->end || *c->at != ':') return fail_at(c, FC_FAULT_COLON, c->at);
    c->at++;
    return w->sink->key(w, &key);
}

/* A value that is no container. */
static fc_status read_scalar(cursor *c, fc_json_walker *w, bool allow_nan) {
    switch (*c->at) {
    case '"': {
        fc_json_string string;
        FC_TRY(read_string(c, &string));
        return w->sink->string(w, &string);
    }
    case 'n':
    case 'f':
    case 't': {
        const char *at = c->at;
        fc_json_kind kind;
        FC_TRY(read_literal(c, &kind));
        return w->sink->literal(w, kind, at);
    }
    default: {
        fc_json_number number;
        FC_TRY(read_number(c, allow_nan, &number));
        return w->sink->number(w, &number);
    }
    }
}

static fc_status walk(cursor *c, fc_json_walker *w, const fc_json_limits *limits) {
    level stack[LEVELS];
    level top = {0, false}; /* the innermost open container */
    for (;;) {
        /* A value begins here. */
        c->at = fc_scan_space(c->at, c->end);
        if (c->at == c->end) return fail(c, FC_FAULT_END, c->at);
        if (*c->at == '{' || *c->at == '[') {
            bool object = *c->at == '{';
            stack[w->depth++] = top;
            top = (level){0, object};
            FC_TRY(w->sink->begin(w, object ? FC_JSON_OBJECT : FC_JSON_ARRAY, c->at));
            c->at = fc_scan_space(c->at + 1, c->end);
            bool closed = c->at < c->end && *c->at == (object ? '}' : ']');
            if (!closed) {
                if (w->depth > limits->max_depth) return fail_at(c, FC_FAULT_DEPTH, c->at);
                if (object) FC_TRY(read_key(c, w));
                continue;
            }
        } else {
            FC_TRY(read_scalar(c, w, limits->allow_nan));
            top.count++;
            if (!w->depth) return FC_OK;
            c->at = fc_scan_space(c->at, c->end);
        }
        /* An element or pair has ended (or an empty container closes at once). */
        while (c->at < c->end && *c->at == (top.object ? '}' : ']')) {
            c->at++;
            FC_TRY(w->sink->end(w, top.object ? FC_JSON_OBJECT : FC_JSON_ARRAY, c->at, top.count));
            top = stack[--w->depth];
            top.count++;
            if (!w->depth) return FC_OK;
            c->at = fc_scan_space(c->at, c->end);
        }
        if (c->at == c->end || *c->at != ',') return fail_at(c, FC_FAULT_COMMA, c->at);
        c->at++;
        if (top.object) {
            c->at = fc_scan_space(c->at, c->end);
            FC_TRY(read_key(c, w));
        }
    }
}

fc_status fc_json_walk(const char *data, size_t len, const fc_json_limits *limits,
                       const fc_json_sink *sink, void *self, fc_json_error *error) {
    if (limits->max_depth > FC_JSON_MAX_DEPTH || (!data && len)) return FC_EINVALID;
    if (!data) data = ""; /* arithmetic on NULL is undefined, even by 0 */
    cursor c = {data, data + len, FC_FAULT_NONE};
    fc_json_walker w = {sink, self, data, data + len, 0};
    fc_status status = walk(&c, &w, limits);
    if (status == FC_OK) {
        c.at = fc_scan_space(c.at, c.end);
        if (c.at != c.end) status = fail(&c, FC_FAULT_TRAILING, c.at);
    }
    if (error) *error = (fc_json_error){c.fault, (size_t)(c.at - data)};
    return status;
}

const char *fc_json_fault_text(fc_json_fault fault) {
    switch (fault) {
    case FC_FAULT_NONE: return "no fault";
    case FC_FAULT_END: return "the text ends within a value";
    case FC_FAULT_VALUE: return "expected a value";
    case FC_FAULT_NUMBER: return "invalid number";
    case FC_FAULT_DIGITS: return "number with too many digits";
    case FC_FAULT_NONFINITE: return "NaN and Infinity are not allowed";
    case FC_FAULT_STRING: return "control character in a string";
    case FC_FAULT_ESCAPE: return "invalid escape in a string";
    case FC_FAULT_UTF8: return "invalid UTF-8 in a string";
    case FC_FAULT_KEY: return "expected a string as key";
    case FC_FAULT_COLON: return "expected a colon";
    case FC_FAULT_COMMA: return "expected a comma or the closing bracket";
    case FC_FAULT_DEPTH: return "nested too deeply";
    case FC_FAULT_TRAILING: return "unexpected text behind the value";
    }
    return "unknown fault";
}

static fc_status none_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)w, (void)kind, (void)at;
    return FC_OK;
}
static fc_status none_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)w, (void)kind, (void)end, (void)count;
    return FC_OK;
}
static fc_status none_string(fc_json_walker *w, const fc_json_string *string) {
    (void)w, (void)string;
    return FC_OK;
}
static fc_status none_number(fc_json_walker *w, const fc_json_number *number) {
    (void)w, (void)number;
    return FC_OK;
}

const fc_json_sink fc_json_sink_none = {none_begin,  none_end,   none_string, none_number,
                                        none_string, none_begin, NULL};
