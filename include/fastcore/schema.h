/* The compiled contract of a request: which values C accepts by itself, and how records become
 * columns. Plain C; what a node means to Python (classes, defaults, the original validator) is the
 * glue's, which keeps it in arrays of its own, by node number.
 *
 * The rule of the whole layer: accept only what the original would accept with the same value;
 * everything else is refused, with its byte span, and the original decides. */
#ifndef FASTCORE_SCHEMA_H
#define FASTCORE_SCHEMA_H

#include "fastcore/columns.h"
#include "fastcore/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Keys --------------------------------------------------------------------------------- */

/* One expected key; `token` is the text `"name":` where the name can stand in a document as it
 * is, and NULL where it would need an escape. */
typedef struct fc_key {
    const char *name, *token;
    uint32_t len, token_len;
} fc_key;

/* A set of texts with numbers 0 .. count - 1: expected keys, or the strings of a Literal. */
typedef struct fc_keys {
    const fc_key *keys;
    const uint16_t *slots; /* number + 1 by hash, 0 is free */
    uint32_t count, mask;
    uint64_t factor; /* of the hash: one with which few keys meet */
} fc_keys;

enum { FC_KEYS_MAX = 4096 };

/* Builds the table in `arena`. FC_EINVALID if a text occurs twice; FC_ELIMIT for too many. */
fc_status fc_keys_build(fc_arena *arena, const char *const *texts, const size_t *lens,
                        uint32_t count, fc_keys *out);
/* The number of the text, or -1. `hint` is tried first (any value may be given). */
int32_t fc_keys_find(const fc_keys *keys, const fc_json_string *string, uint32_t hint);
/* ---- Nodes -------------------------------------------------------------------------------- */

typedef enum fc_node_kind {
    FC_NODE_ORIGINAL = 0, /* always the original's */
    FC_NODE_ANY,
    FC_NODE_NONE,
    FC_NODE_BOOL,
    FC_NODE_INT,
    FC_NODE_FLOAT,
    FC_NODE_STR,
    FC_NODE_LITERAL, /* strings and integers, each given in its own type */
    FC_NODE_LIST,    /* items: node `child` */
    FC_NODE_DICT,    /* any text as key, values: node `child` */
    FC_NODE_MODEL,   /* `keys` and `fields` */
    FC_NODE_ROWS,    /* array of records -> columns; record number `child` */
    FC_NODE_ROW,     /* one record -> columns */
    FC_NODE_ARRAY,   /* nested arrays of numbers -> one block; array number `child` */
    FC_NODE_TUPLE,   /* items: node `fields[i]` each, or all `child` if `variadic` */
    FC_NODE_SET,     /* items: node `child` */
    FC_NODE_FROZENSET,
    FC_NODE_TAGGED, /* object: the tag's number among `keys` says which of `fields` */
    FC_NODE_UNION,  /* the kind of value says which of `fields`, FC_TOKEN_*; FC_NO_NODE: none */
    FC_NODE_AFTER,  /* node `child`, and then the glue's function */
    FC_NODE_DATE,   /* texts in one canonical form each (fc_read_*) */
    FC_NODE_DATETIME,
    FC_NODE_UUID,
    FC_NODE_BYTES, /* a text's UTF-8, its length in bytes */
    FC_NODE_TABLE, /* object of arrays -> columns; record number `child`, of scalars only */
    FC_NODE_ROOT,  /* node `child`, in an instance around it */
    FC_NODE_NAMED, /* array or object: `keys` and `fields` as of a MODEL */
    FC_NODE_TIME,
    FC_NODE_DURATION,
    FC_NODE_DECIMAL, /* a number, or a text of one */
    FC_NODE_PLAIN    /* whatever the glue's function makes of the value */
} fc_node_kind;

/* What a node checks besides its kind. */
enum {
    FC_CHECK_LOW = 1,       /* INT, FLOAT: value >= low (> low with FC_CHECK_LOW_OPEN) */
    FC_CHECK_HIGH = 2,      /* value <= high (< high with FC_CHECK_HIGH_OPEN) */
    FC_CHECK_LOW_OPEN = 4,  /* FLOAT only; INT bounds are closed when they come here */
    FC_CHECK_HIGH_OPEN = 8, /* FLOAT only */
    FC_CHECK_LENGTH = 16,   /* STR code points, BYTES bytes, items, pairs in [min_len, max_len] */
    FC_CHECK_TRIMMED = 32,  /* STR without blanks around it; only ASCII is seen to be so */
    FC_CHECK_LOWER = 64,    /* STR of ASCII without upper-case letters */
    FC_CHECK_UPPER = 128    /* the same without lower-case letters */
};

/* The kinds of values that a UNION tells apart. */
enum {
    FC_TOKEN_NULL = 0,
    FC_TOKEN_BOOL,
    FC_TOKEN_INT,
    FC_TOKEN_FLOAT,
    FC_TOKEN_STRING,
    FC_TOKEN_ARRAY,
    FC_TOKEN_OBJECT,
    FC_TOKENS
};
#define FC_NO_NODE UINT32_MAX

typedef struct fc_node {
    uint8_t kind;
    uint8_t checks;
    bool nullable;  /* null is accepted as well */
    bool impure;    /* a trial run leaves it to the original */
    bool variadic;  /* TUPLE: any number of items */
    bool searched;  /* MODEL: the values of its fields are found by the glue, not by `keys` */
    bool lane;      /* MODEL: its objects are tried as one (fc_tape_node) */
    bool skips;     /* MODEL: keys that are no field's are passed over */
    bool leads;     /* columns, or models with `lane`, can be below it: see tape.c */
    uint32_t child; /* UUID: the version, or 0 for any */
    union {
        struct {
            int64_t low, high;
        } i;
        struct {
            double low, high;
        } f;
        struct {
            uint64_t min, max;
        } len;
        struct {
            uint64_t all,
                places; /* DECIMAL: how many digits at the most, how many behind the point */
        } digits;
    } bound;
    fc_keys keys;           /* MODEL: keys in the order of the fields; LITERAL: its strings */
    const uint32_t *fields; /* MODEL: node of each field; TUPLE, TAGGED, UNION: of each choice */
    uint32_t field_count;   /* TUPLE */
    const int64_t *ints;    /* LITERAL: its integers, which follow the strings in number */
    uint32_t int_count;
} fc_node;

static inline bool fc_check_int(const fc_node *node, int64_t value) {
    return (!(node->checks & FC_CHECK_LOW) || value >= node->bound.i.low) &&
           (!(node->checks & FC_CHECK_HIGH) || value <= node->bound.i.high);
}

/* False for anything not finite. */
static inline bool fc_check_float(const fc_node *node, double value) {
    if (!(value - value == 0)) return false;
    if (node->checks & FC_CHECK_LOW) {
        if (!(node->checks & FC_CHECK_LOW_OPEN ? value > node->bound.f.low
                                               : value >= node->bound.f.low))
            return false;
    }
    if (node->checks & FC_CHECK_HIGH) {
        if (!(node->checks & FC_CHECK_HIGH_OPEN ? value < node->bound.f.high
                                                : value <= node->bound.f.high))
            return false;
    }
    return true;
}

static inline bool fc_check_length(const fc_node *node, uint64_t length) {
    return !(node->checks & FC_CHECK_LENGTH) ||
           (length >= node->bound.len.min && length <= node->bound.len.max);
}

/* The same of a scanned string, in code points. */
bool fc_check_text(const fc_node *node, const fc_json_string *string);
/* The number of the literal that equals the string or integer, or -1. */
int32_t fc_literal_text(const fc_node *node, const fc_json_string *string, uint32_t hint);
int32_t fc_literal_int(const fc_node *node, int64_t value);

/* ---- Times -------------------------------------------------------------------------------- */

typedef struct fc_time_parts {
    int year, month, day, hour, minute, second, micro;
    bool aware;
    int offset; /* seconds east of UTC */
} fc_time_parts;

/* YYYY-MM-DD, a day that there is. */
bool fc_read_date(const char *text, size_t len, fc_time_parts *out);
/* The same, T or t or a blank, HH:MM:SS, up to six digits of a second, Z, z or +-HH:MM. */
bool fc_read_datetime(const char *text, size_t len, fc_time_parts *out);
/* The same without the day. */
bool fc_read_time(const char *text, size_t len, fc_time_parts *out);

typedef struct fc_duration {
    int64_t days, seconds, micros; /* of one sign */
} fc_duration;

/* [-]P with years of 365 days, days, T, hours, minutes and seconds, each once and in this order; up
 * to six digits of a second. */
bool fc_read_duration(const char *text, size_t len, fc_duration *out);
/* [-]digits[.digits]; the digits in front of the point, leading zeros not counted, and behind it.
 */
bool fc_read_decimal(const char *text, size_t len, size_t *whole, size_t *fraction);
/* 8-4-4-4-12 hexadecimal digits, in either case, written as 32 of them with a 0 behind. */
bool fc_read_uuid(const char *text, size_t len, char out[33]);

/* ---- Records ------------------------------------------------------------------------------ */

typedef enum fc_cell_kind {
    FC_CELL_FLOAT = 0, /* FLOAT node -> FLOAT64 column */
    FC_CELL_INT,       /* INT node, or LITERAL of integers -> INT64 column */
    FC_CELL_BOOL,      /* BOOL node -> BOOL column */
    FC_CELL_CODE,      /* LITERAL of strings -> CODE column, numbers being codes */
    FC_CELL_TEXT,      /* STR node -> STRING column */
    FC_CELL_RECORD,    /* MODEL node -> the fields of a nested record */
    FC_CELL_TIME,      /* DATE or DATETIME node -> TIME column */
    FC_CELL_LIST,      /* LIST or TUPLE of numbers, as many as the FLOAT64 or INT64 column has */
    FC_CELL_OBJECT     /* any node -> OBJECT column, which the glue fills from `spans` */
} fc_cell_kind;

/* Times whose type does not say whether they are aware: the first one tells. A number for each such
 * column of a frame; FC_ZONES: the layout says. */
enum { FC_ZONES = 64 };

typedef struct fc_record_field {
    uint8_t cell;
    bool required;   /* otherwise `defaults` has the cell; of a RECORD: all its cells are null */
    uint32_t node;   /* what it must satisfy */
    uint32_t target; /* the column, or the nested record */
    bool nullable;   /* RECORD: null makes all its cells null */
    uint8_t zone;    /* TIME: as of FC_ZONES */
} fc_record_field;

enum { FC_RECORD_MAX_FIELDS = 256, FC_RECORD_MAX_DEPTH = 8 };

typedef struct fc_record {
    fc_keys keys;
    const fc_record_field *fields;
    uint32_t first, count; /* its columns, those of nested records included */
    bool forbid_extra;
    const struct fc_lane_field *lane; /* of fc_lane_build; or NULL: read event by event */
} fc_record;

/* Prepares the quick way through a record whose keys and fields are set; all their nodes lie in
 * `nodes`. FC_ENOMEM, and the record is as before. */
fc_status fc_lane_build(fc_arena *arena, const fc_node *nodes, fc_record *record);
/* Sets `lane` and `leads` of all nodes, when everything else of them is set. */
void fc_lane_mark(fc_node *nodes, uint32_t count);

/* What ROWS and ROW nodes make: a layout and the record's tree (record 0 is the top). */
typedef struct fc_frame {
    fc_layout *layout;
    const fc_columns *defaults; /* one row with the defaults, or NULL where none is needed */
    const fc_record *records;
    uint32_t record_count;
} fc_frame;

/* ---- Arrays ------------------------------------------------------------------------------- */

typedef enum fc_item_kind {
    FC_ITEM_FLOAT = 0, /* 2, 4 or 8 bytes; finite */
    FC_ITEM_INT,       /* 1, 2, 4 or 8 */
    FC_ITEM_UINT,
    FC_ITEM_BOOL /* a byte, 0 or 1 */
} fc_item_kind;

enum { FC_SHAPE_MAX_DIMS = 8 };

/* What ARRAY nodes make: nested arrays of numbers (or bools), each level of one size. */
typedef struct fc_shape {
    fc_item_kind item;
    uint32_t width;                   /* bytes of an item */
    uint32_t ndim;                    /* 0: any number of them, which the first item tells */
    int64_t sizes[FC_SHAPE_MAX_DIMS]; /* a size, or -1: any */
    int8_t same[FC_SHAPE_MAX_DIMS];   /* the earlier dimension of the same name, or -1 */
    int32_t dtype;                    /* the glue's */
} fc_shape;

/* An array that was read: `count` items, which is the product of the sizes, in C order. */
typedef struct fc_array {
    void *data; /* of the fill's allocator, or NULL once taken, or if there are no items */
    size_t count, room;
    uint32_t ndim;
    int64_t sizes[FC_SHAPE_MAX_DIMS];
} fc_array;

/* The IEEE half nearest to a double, ties to even, as its bits; what is too large is infinite. */
uint16_t fc_half(double value);

typedef struct fc_schema {
    const fc_node *nodes;
    uint32_t node_count, root;
    const fc_frame *frames;
    const fc_shape *shapes;
    fc_json_limits limits;
    int64_t max_rows; /* or -1 */
} fc_schema;

/* ---- Filling columns ---------------------------------------------------------------------- */

/* A record that C did not accept: its row number, its number in the document (the same, or that of
 * its line) and its bytes. */
typedef struct fc_refusal {
    int64_t row, place;
    size_t start, end;
} fc_refusal;

/* The value of an OBJECT cell: its column and node, its bytes, and its record. */
typedef struct fc_span {
    uint32_t column, node;
    size_t start, end;
    fc_refusal record; /* what it would be if the record is refused after all */
} fc_span;

/* One ROWS, ROW or TABLE value read into columns, or one ARRAY value. Rows of refused records hold
 * nulls or zeros. */
typedef struct fc_fill {
    const fc_alloc *alloc;
    fc_columns *set; /* or NULL once taken, or of an array */
    fc_array array;
    fc_refusal *refusals;
    size_t refusal_count, refusal_size;
    fc_span *spans; /* in the order of the rows, none of refused ones */
    size_t span_count, span_size;
    uint64_t aware, naive; /* which zones have such times; in rows that are not refused */
    bool refused;          /* the value as a whole is the original's to judge */
    size_t start, end;
} fc_fill;

void fc_fill_free(fc_fill *fill);

/* Reads a whole document whose root is the ROWS, ROW, TABLE or ARRAY node `node` of the schema. The
 * offsets in `fill` count from `data`. On any status but FC_OK nothing is left in `fill`. */
fc_status fc_fill_document(const fc_schema *schema, uint32_t node, const char *data, size_t len,
                           const fc_alloc *alloc, fc_fill *fill, fc_json_error *error);

/* Lines of JSON, one record each; lines of blanks count and hold none. */
typedef struct fc_lines {
    const char *data;
    size_t len;
    uint64_t first;      /* the number of the first line */
    uint64_t most;       /* records, at least 1 */
    bool final;          /* what follows the last line feed is a line as well */
    size_t used;         /* out: bytes read */
    uint64_t line;       /* out: lines read; on FC_ESYNTAX those before the one that is no JSON */
    fc_json_error error; /* out: its offset counts from `data` */
} fc_lines;

/* The same of the records in up to `most` lines, for the ROWS node `node`; FC_EINVALID for another.
 * A fill that is `refused` has too many rows. */
fc_status fc_fill_lines(const fc_schema *schema, uint32_t node, fc_lines *lines,
                        const fc_alloc *alloc, fc_fill *fill);

/* ---- Tape --------------------------------------------------------------------------------- */

/* Kinds of nodes beside fc_json_kind: number `fill`; a field that is not given. */
enum { FC_TAPE_FILL = 16, FC_TAPE_ABSENT };

/* An OBJECT with FC_TAPE_RECORD was held against a MODEL node on the way: no keys, but one node for
 * each field of the model in order, of kind FC_TAPE_ABSENT where it is not given. */
enum { FC_TAPE_ESCAPED = 1, FC_TAPE_ASCII = 2, FC_TAPE_FITS = 4, FC_TAPE_RECORD = 8 };

/* One value (or key: a STRING in front of its value) of a document. */
typedef struct fc_tape_node {
    uint32_t start, end; /* bytes of the document, quotes and brackets included */
    uint32_t next;       /* the tape node behind this one and all below it */
    uint8_t kind, flags;
    union {
        int64_t integer; /* INT with FC_TAPE_FITS */
        double real;     /* FLOAT, NONFINITE, and INT without FC_TAPE_FITS */
        uint64_t count;  /* ARRAY elements, OBJECT pairs */
        uint64_t fill;   /* FC_TAPE_FILL: index into `fills` */
    } as;
} fc_tape_node;

enum { FC_TAPE_LOCAL = 96 };
/* Arrays in shorter texts are not worth several threads. */
enum { FC_SPLIT_BYTES = 1 << 17 };

/* A document read once. Where the schema leads through models to columns, they are filled on the
 * way; the rest is kept as nodes. Initialise with fc_tape_init, free in any case. */
typedef struct fc_tape {
    const fc_alloc *alloc;
    const fc_schema *schema;
    const char *data;
    fc_tape_node *nodes;
    uint32_t count, size;
    fc_fill **fills;
    uint32_t fill_count, fill_size;
    int threads; /* that reading may use, 1 unless it is set; `alloc` must then serve them all */
    fc_tape_node local[FC_TAPE_LOCAL]; /* small documents need no allocation */
} fc_tape;

void fc_tape_init(fc_tape *tape, const fc_schema *schema, const fc_alloc *alloc);
/* Reads the document; FC_ELIMIT if it is 4 GiB or larger. */
fc_status fc_tape_read(fc_tape *tape, const char *data, size_t len, fc_json_error *error);
/* The same of a value that is held against `node` and not against the root. */
fc_status fc_tape_read_node(fc_tape *tape, uint32_t node, const char *data, size_t len,
                            fc_json_error *error);
void fc_tape_free(fc_tape *tape);

/* The string at a STRING node, as the reader saw it. */
static inline fc_json_string fc_tape_string(const fc_tape *tape, const fc_tape_node *node) {
    fc_json_string string = {tape->data + node->start + 1, (size_t)(node->end - node->start - 2),
                             (node->flags & FC_TAPE_ESCAPED) != 0,
                             (node->flags & FC_TAPE_ASCII) != 0};
    return string;
}

#ifdef __cplusplus
}
#endif
#endif
