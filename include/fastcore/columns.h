/* Columns: struct of arrays in the Arrow memory layout, the one form in which the parts meet.
 *
 * A *layout* says what the columns are (names, kinds, dictionaries). It is built once, never
 * changes, and is shared by all sets made from it. A *set* holds the rows. Making a set for few
 * rows is one allocation: header, column array and the cells of `capacity` rows in one block.
 *
 * How a filler works:
 *
 *     fc_columns *set;
 *     fc_columns_new(alloc, layout, 16, &set);            room for 16 rows, of which 0 are there
 *     for each row:
 *         fc_columns_reserve(set, set->rows + 1);         before `columns[i].values` is taken
 *         for each column c = &set->columns[i], at row r = set->rows:
 *             ((double *)c->values)[r] = x;               fixed width: a direct store of the kind's
 *             fc_column_put_valid(c, r);                  C type, and the bit
 *             fc_column_put_text(set, c, r, text, len);   STRING
 *             fc_column_put_valid(c, r);
 *             fc_column_put_null(c, r);                   or a null, of any kind
 *         set->rows++;                                    only now the row exists
 *
 * Every cell of a row is written before the row is committed; a row may be written again before
 * that (an abandoned row leaves nothing behind). A column of lists has `items` values a row: row r
 * is values[r * items .. (r + 1) * items), and one bit. fc_columns_reserve may move `values` and
 * `valid` of every column. When filling has ended the set never changes again and may be read from
 * any thread. */
#ifndef FASTCORE_COLUMNS_H
#define FASTCORE_COLUMNS_H

#include "fastcore/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fc_column_kind {
    FC_COLUMN_FLOAT64 = 0, /* double; NaN under null */
    FC_COLUMN_FLOAT32,     /* float; only from arrays handed in */
    FC_COLUMN_INT64,       /* 0 under null */
    FC_COLUMN_INT32,       /* only from arrays handed in */
    FC_COLUMN_BOOL,        /* one byte each, 0 or 1 (exported to Arrow as bits); 0 under null */
    FC_COLUMN_CODE,        /* int32 index into the dictionary, -1 under null */
    FC_COLUMN_STRING,      /* int64 offsets and UTF-8 bytes; empty under null */
    FC_COLUMN_TIME,        /* datetime64[us] as int64, NaT (INT64_MIN) under null */
    FC_COLUMN_OBJECT       /* pointers that only the glue understands and owns; NULL under null */
} fc_column_kind;
#define FC_COLUMN_KINDS ((int)FC_COLUMN_OBJECT + 1)

/* Bytes of one value (of one offset for strings). */
size_t fc_column_width(fc_column_kind kind);

enum {
    FC_COLUMN_LISTED = 1, /* a list even though items is 1: its array is 2-D */
    FC_COLUMN_DATE = 2,   /* TIME: calendar dates, written without a time of day */
    FC_COLUMN_NESTED = 4  /* the dots in the name separate the levels of nested records */
};

/* A dictionary of texts: `count` strings, text i being bytes[offsets[i] .. offsets[i + 1]). */
typedef struct fc_texts {
    int64_t count;
    const int64_t *offsets;
    const char *bytes;
} fc_texts;

/* ---- Layout ------------------------------------------------------------------------------- */

/* What a column is to be; everything is copied. */
typedef struct fc_column_spec {
    const char *name; /* UTF-8 */
    size_t name_len;
    fc_column_kind kind;
    uint32_t items; /* values per row: 1, or the length of a fixed-size list (not STRING, OBJECT) */
    bool nullable;  /* nulls may occur */
    bool utc;       /* TIME: aware, in UTC; otherwise naive */
    uint32_t flags; /* FC_COLUMN_LISTED and so on */
    const char *const *texts; /* CODE: text_count texts of text_lens bytes */
    const size_t *text_lens;
    int64_t text_count;
} fc_column_spec;

typedef struct fc_column_info {
    const char *name; /* UTF-8 with a NUL behind it */
    size_t name_len;
    size_t row_bytes; /* bytes of `values` per row */
    fc_texts texts;   /* CODE: the dictionary */
    fc_column_kind kind;
    uint32_t items, flags;
    bool nullable, utc;
} fc_column_info;

/* Neighbouring columns that are alike: the loops over the cells of one row take a run at a time,
 * so that they branch by run and not by cell. */
typedef struct fc_column_run {
    fc_column_kind kind;
    bool nullable;
    uint32_t items;
    uint32_t first, count; /* columns */
} fc_column_run;

struct fc_column;

/* Immutable but for its spare; shared through a count of references that any thread may change. */
typedef struct fc_layout {
    const fc_alloc *alloc;
    fc_arena arena; /* everything below */
    int64_t refs;   /* only through fc_layout_ref and fc_layout_free */
    const fc_column_info *columns;
    uint32_t count;
    bool has_objects; /* some column is of kind OBJECT */
    bool has_texts;   /* some column is of kind STRING */
    bool all_numeric; /* a matrix takes every column */
    const fc_column_run *runs;
    uint32_t run_count;
    /* The column array of a set of one row, with offsets into its cells in place of pointers;
     * requests of one record make such a set each. */
    const struct fc_column *one_row;
    size_t one_row_bytes, one_row_bits; /* all cells; where the bitmaps begin */
    struct fc_columns *spare;           /* a set of one row that nobody has; only in columns.c */
    uint32_t *slots;                    /* the names' hash table; column + 1, 0 is free */
    uint32_t slot_mask;                 /* its size, a power of two, minus 1 */
    uint64_t matrix_cols;               /* width of the matrix of all columns */
} fc_layout;

/* One reference to a new layout. FC_EINVALID for two columns of one name, items that the kind does
 * not allow, or a dictionary of more than INT32_MAX texts. On failure nothing is left behind. */
fc_status fc_layout_new(const fc_alloc *alloc, const fc_column_spec *specs, uint32_t count,
                        fc_layout **out);
/* One more reference; returns its argument. */
fc_layout *fc_layout_ref(fc_layout *layout);
/* Gives one reference back; NULL is allowed. */
void fc_layout_free(fc_layout *layout);
/* The column of this name, or -1. */
int64_t fc_layout_find(const fc_layout *layout, const char *name, size_t len);

/* ---- Sets of rows ------------------------------------------------------------------------- */

typedef struct fc_column {
    void *values;   /* capacity * items values; capacity + 1 offsets for STRING. The set's own are
                     * aligned to 64 bytes, or to 8 where the whole column is smaller than that;
                     * those of an owner (below) only to the width of a value */
    uint8_t *valid; /* Arrow validity bitmap, LSB first, or NULL: no nulls (not nullable) */
    char *bytes;    /* STRING: the texts, or NULL as long as all are empty */
    size_t bytes_size;
    const fc_column_info *info;
    fc_column_kind kind; /* as in `info` */
    uint32_t items;
} fc_column;

typedef struct fc_columns {
    const fc_alloc *alloc;
    fc_layout *layout; /* a reference */
    fc_column *columns;
    uint32_t count;
    bool reusable; /* all is in one block as it was made: it can become the layout's spare */
    int64_t rows, capacity;
    int64_t refs; /* only through fc_columns_ref and fc_columns_free */
    void *slab;   /* the cells once they have outgrown the set's own block */
    /* What cells that are not the set's own point into; dropped with the set, by any thread. */
    void *owner;
    void (*drop)(void *owner);
} fc_columns;

/* A set of no rows with room for `capacity` (>= 0) of them, and one reference to it. It takes its
 * own reference to the layout. A set of one row may be one that was freed, kept with its layout. On
 * failure nothing is left behind. */
fc_status fc_columns_new(const fc_alloc *alloc, fc_layout *layout, int64_t capacity,
                         fc_columns **out);
/* One more reference to a set that is not filled any more; returns its argument. Any thread. */
fc_columns *fc_columns_ref(fc_columns *columns);
/* Gives one reference back, from any thread; NULL is allowed. Whatever OBJECT cells point to is
 * the glue's business. */
void fc_columns_free(fc_columns *columns);

/* Gives a set that nobody else has another layout, of which it takes a reference, with columns of
 * the same kinds and items. */
void fc_columns_relabel(fc_columns *columns, fc_layout *layout);

/* The slow half of fc_columns_reserve. */
fc_status fc_columns_grow(fc_columns *columns, int64_t rows);
/* Room for at least `rows` rows in all; grows by doubling at least. The new cells are *not* set,
 * but OBJECT cells are NULL and validity bits 0. FC_ENOMEM also for sizes beyond memory. */
static inline fc_status fc_columns_reserve(fc_columns *columns, int64_t rows) {
    return FC_LIKELY(rows <= columns->capacity) ? FC_OK : fc_columns_grow(columns, rows);
}

/* Writes a null into cell `row` (row < capacity): the kind's value under null and a 0 bit. In a
 * column that is not nullable the value stands for itself. An OBJECT cell is left as it is. */
void fc_column_put_null(fc_column *column, int64_t row);
/* Marks cell `row` valid; needed for nullable columns, harmless for others. */
static inline void fc_column_put_valid(fc_column *column, int64_t row) {
    if (column->valid) column->valid[row >> 3] |= (uint8_t)(1u << (row & 7));
}
/* The text of cell `row`; the rows of a column are written in rising order. Does not touch the
 * validity bit. FC_ENOMEM, and then the cell is as before. */
fc_status fc_column_put_text(fc_columns *set, fc_column *column, int64_t row, const char *text,
                             size_t len);
/* Room for a text of at most `len` bytes in cell `row`, so that it can be decoded in place: write
 * it to *out and call fc_column_end_text with the length that it turned out to have. */
fc_status fc_column_begin_text(fc_columns *set, fc_column *column, int64_t row, size_t len,
                               char **out);
static inline void fc_column_end_text(fc_column *column, int64_t row, size_t len) {
    int64_t *offsets = (int64_t *)column->values;
    offsets[row + 1] = offsets[row] + (int64_t)len;
}

/* Writes cell `to_row` of a column from cell `row` of the same column of another set with the same
 * layout, null or not. Not for OBJECT: references are the glue's business. */
fc_status fc_column_copy_cell(fc_columns *to, uint32_t column, int64_t to_row,
                              const fc_columns *from, int64_t row);

static inline bool fc_column_is_valid(const fc_column *column, int64_t row) {
    return !column->valid || (column->valid[row >> 3] >> (row & 7) & 1);
}
/* How many of the first `rows` cells are null. */
int64_t fc_column_null_count(const fc_column *column, int64_t rows);

/* ---- Gather ------------------------------------------------------------------------------- */

/* True for the kinds that a matrix takes: numbers, bools and codes. */
static inline bool fc_column_is_numeric(fc_column_kind kind) { return kind <= FC_COLUMN_CODE; }

/* Gathers the columns which[0 .. count) (all columns for NULL; `count` is then ignored) into a
 * matrix of rows x (sum of their items). Null cells of every kind become `missing`; the others are
 * converted as a C cast does. Strides are in elements and may have any sign; `out` is the element
 * (0, 0) and must not overlap the columns. FC_EINVALID, and nothing is written, if a column is
 * STRING, TIME or OBJECT or does not exist. */
fc_status fc_columns_matrix_f64(const fc_columns *columns, const uint32_t *which, uint32_t count,
                                double missing, double *out, ptrdiff_t row_stride,
                                ptrdiff_t col_stride);
fc_status fc_columns_matrix_f32(const fc_columns *columns, const uint32_t *which, uint32_t count,
                                float missing, float *out, ptrdiff_t row_stride,
                                ptrdiff_t col_stride);

#ifdef __cplusplus
}
#endif
#endif
