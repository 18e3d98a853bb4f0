/* The JSON reader: one grammar (RFC 8259), many sinks.
 *
 * `fc_json_walk` reads a text once, in order, without recursion, and calls the functions of a sink
 * for what it meets. It never reads outside [data, data + len), whatever the bytes are, and keeps
 * no pointer into them. Nothing here converts a value that the sink does not ask for. */
#ifndef FASTCORE_JSON_H
#define FASTCORE_JSON_H

#include "fastcore/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fc_json_kind {
    FC_JSON_NULL = 0,
    FC_JSON_FALSE,
    FC_JSON_TRUE,
    FC_JSON_INT,       /* -?digits */
    FC_JSON_FLOAT,     /* a number with a fraction or an exponent */
    FC_JSON_NONFINITE, /* NaN, Infinity, -Infinity; only with allow_nan */
    FC_JSON_STRING,
    FC_JSON_ARRAY,
    FC_JSON_OBJECT
} fc_json_kind;

/* A number as it was scanned: (-1)^negative * mantissa * 10^exponent, exactly that unless
 * `truncated`, when behind 19 significant digits others follow that are not all 0 and only the
 * text says it all. An INT of at most 19 digits has exponent 0; a longer one has a positive one. */
typedef struct fc_json_number {
    const char *text; /* its first byte, the sign included */
    size_t len;
    uint64_t mantissa;
    int64_t exponent;
    fc_json_kind kind; /* INT, FLOAT or NONFINITE */
    bool negative;
    bool truncated;
} fc_json_number;

/* The nearest double, ties to even, of every literal: a zero keeps its sign except the integer
 * -0 (+0.0); what is too large is an infinity; NONFINITE gives its value. */
double fc_json_number_double(const fc_json_number *number);
/* True and the value if it is an INT that fits. */
bool fc_json_number_int64(const fc_json_number *number, int64_t *out);
/* Scans the number that begins at `at` (a digit or '-'; with allow_nan also N or I). Returns the
 * first byte behind it, or NULL if no number of the grammar begins there. Does not look at what
 * follows the number. */
const char *fc_json_number_scan(const char *at, const char *end, bool allow_nan,
                                fc_json_number *out);

/* A string as it was scanned: valid UTF-8, valid escapes, no lone surrogates. */
typedef struct fc_json_string {
    const char *data; /* the first byte behind the opening quote */
    size_t len;       /* raw bytes up to the closing quote */
    bool escaped;     /* has a backslash */
    bool ascii;       /* the raw bytes are ASCII (an escape may still stand for more) */
} fc_json_string;

/* Decodes to UTF-8 and returns the number of bytes, which is at most `string->len`. `out` needs
 * room for `string->len` bytes. No NUL is added. */
size_t fc_json_string_decode(const fc_json_string *string, char *out);
/* How many characters it stands for; *ceiling is the least of 0x7F, 0xFF, 0xFFFF and 0x10FFFF that
 * none of them is above. */
size_t fc_json_string_chars(const fc_json_string *string, uint32_t *ceiling);
/* Writes those `chars` characters, one in each unit of `width` bytes (1, 2 or 4, as the ceiling
 * needs), aligned to it. */
void fc_json_string_write(const fc_json_string *string, int width, void *out, size_t chars);
/* True if the decoded text is exactly these bytes. */
bool fc_json_string_equal(const fc_json_string *string, const char *text, size_t len);

typedef enum fc_json_fault {
    FC_FAULT_NONE = 0,
    FC_FAULT_END,       /* the text ends within a value */
    FC_FAULT_VALUE,     /* no value begins here */
    FC_FAULT_NUMBER,    /* not a number of the grammar */
    FC_FAULT_DIGITS,    /* more than FC_JSON_MAX_DIGITS digits in front of a dot or exponent */
    FC_FAULT_NONFINITE, /* NaN or Infinity where they are not allowed */
    FC_FAULT_STRING,    /* a control character in a string */
    FC_FAULT_ESCAPE,    /* not an escape, or half of a surrogate pair */
    FC_FAULT_UTF8,      /* not UTF-8 */
    FC_FAULT_KEY,       /* an object's key must be a string */
    FC_FAULT_COLON,     /* a colon was expected */
    FC_FAULT_COMMA,     /* a comma or the closing bracket was expected */
    FC_FAULT_DEPTH,     /* nested too deeply */
    FC_FAULT_TRAILING   /* something stands behind the value */
} fc_json_fault;
const char *fc_json_fault_text(fc_json_fault fault);

enum { FC_JSON_MAX_DEPTH = 200, FC_JSON_MAX_DIGITS = 4300, FC_JSON_RUN = 128 };

typedef struct fc_json_limits {
    /* At most FC_JSON_MAX_DEPTH. Containers at this depth (the outermost has depth 1) may hold
     * something; one level deeper they must be empty; deeper still is a fault. */
    uint32_t max_depth;
    bool allow_nan;
} fc_json_limits;

typedef struct fc_json_walker fc_json_walker;

/* What a sink does with each thing met. Every function but the last three must be given; one that
 * returns anything but FC_OK ends the walk with that status. */
typedef struct fc_json_sink {
    /* `at` is the opening bracket; kind is ARRAY or OBJECT. `depth` already counts it. */
    fc_status (*begin)(fc_json_walker *w, fc_json_kind kind, const char *at);
    /* `end` is the first byte behind the closing bracket; `count` the elements or pairs. `depth`
     * still counts it. */
    fc_status (*end)(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count);
    fc_status (*key)(fc_json_walker *w, const fc_json_string *key);
    fc_status (*number)(fc_json_walker *w, const fc_json_number *number);
    fc_status (*string)(fc_json_walker *w, const fc_json_string *string);
    /* null, false, true; `at` is the first letter. */
    fc_status (*literal)(fc_json_walker *w, fc_json_kind kind, const char *at);
    /* Optional. Called where a key begins, at its opening quote, before it is scanned. A sink that
     * recognises the bytes `"name":` returns the first byte behind the colon, and `key` is not
     * called; otherwise it returns NULL. It must not look at or behind `end`, and must only
     * recognise keys whose bytes are plain (no escape, valid UTF-8). */
    const char *(*predict)(fc_json_walker *w, const char *at, const char *end);
    /* Optional, and asked only where an array begins. Then a run of numbers from its first element
     * on comes here, converted as by fc_json_number_double and at most FC_JSON_RUN at a time, and
     * `number` is not called for them. What is no such number, and all elements behind it, come as
     * elsewhere. */
    fc_status (*doubles)(fc_json_walker *w, const double *values, size_t count);
    /* Optional. Called where a container begins that may hold something, at its bracket. A sink
     * that reads the whole of it by itself, with the scanners of json/scan.h, sets *next behind it,
     * and hears nothing else of it; otherwise it sets *next to NULL. */
    fc_status (*record)(fc_json_walker *w, const char *at, const char **next);
} fc_json_sink;

/* The walk as a sink sees it. A sink's function may replace `sink` and `self`: the next thing met
 * then goes to the new ones (how one sink hands a subtree to another). */
struct fc_json_walker {
    const fc_json_sink *sink;
    void *self;
    /* Read only for sinks. */
    const char *data, *limit; /* the text is [data, limit) */
    uint32_t depth;           /* open containers */
};

typedef struct fc_json_error {
    fc_json_fault fault;
    size_t at; /* offset of the byte that cannot stand there */
} fc_json_error;

/* Walks one JSON text: white space, one value, white space. Returns FC_OK, FC_ESYNTAX (and *error
 * says what and where), what the sink returned (*error: no fault, and how far the walk got), or
 * FC_EINVALID for limits that are too large. `error` may be NULL. Any number of walks may
 * run at once. */
fc_status fc_json_walk(const char *data, size_t len, const fc_json_limits *limits,
                       const fc_json_sink *sink, void *self, fc_json_error *error);

/* What a sink does with values, or with keys, that it only passes over. */
fc_status fc_json_pass_string(fc_json_walker *w, const fc_json_string *string);
fc_status fc_json_pass_number(fc_json_walker *w, const fc_json_number *number);
fc_status fc_json_pass_literal(fc_json_walker *w, fc_json_kind kind, const char *at);

/* A sink that does nothing: walking with it checks the grammar. */
extern const fc_json_sink fc_json_sink_none;

#ifdef __cplusplus
}
#endif
#endif
