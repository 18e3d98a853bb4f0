/* Columns: struct of arrays in the Arrow memory layout, the one form in which the parts meet.
 *
 * A column set owns its buffers. While it is being filled it grows by whole rows: the sink writes
 * cell by cell into row `rows` and then commits the row. After `fc_columns_freeze` it never changes
 * again and may be read from any thread. */
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
    FC_COLUMN_BOOL,        /* one byte each (exported to Arrow as bits); 0 under null */
    FC_COLUMN_CODE,        /* int32 index into the dictionary, -1 under null */
    FC_COLUMN_STRING,      /* int64 offsets and UTF-8 bytes; empty under null */
    FC_COLUMN_TIME,        /* datetime64[us] as int64, NaT (INT64_MIN) under null */
    FC_COLUMN_OBJECT       /* pointers that only the glue understands and owns */
} fc_column_kind;

/* Bytes of one value (of one offset for strings). */
size_t fc_column_width(fc_column_kind kind);

/* A dictionary of texts: `count` strings, text i being bytes[offsets[i] .. offsets[i + 1]). */
typedef struct fc_texts {
    int64_t count;
    int64_t *offsets;
    char *bytes;
} fc_texts;

typedef struct fc_column {
    char *name; /* UTF-8 with a NUL behind it; owned by the set's arena */
    size_t name_len;
    fc_column_kind kind;
    uint32_t items; /* values per row: 1, or the length of a fixed-size list */
    bool nullable;  /* nulls may occur: `valid` exists */
    bool utc;       /* TIME: aware, in UTC; otherwise naive */
    fc_texts texts; /* CODE: the dictionary */
    void *values;   /* rows * items values; rows + 1 offsets for STRING; 64-byte aligned */
    uint8_t *valid; /* Arrow validity bitmap, LSB first, or NULL: no nulls */
    char *bytes;    /* STRING */
    size_t bytes_used, bytes_size;
} fc_column;

typedef struct fc_columns {
    const fc_alloc *alloc;
    fc_arena arena; /* names, dictionaries, the column array */
    fc_column *columns;
    uint32_t count;
    int64_t rows, capacity;
} fc_columns;

/* What a column will be; the texts of a dictionary are copied. */
typedef struct fc_column_spec {
    const char *name;
    size_t name_len;
    fc_column_kind kind;
    uint32_t items;
    bool nullable, utc;
    const char *const *texts; /* CODE: text_count texts of text_lens bytes */
    const size_t *text_lens;
    int64_t text_count;
} fc_column_spec;

/* An empty set, to be filled. On failure nothing is left behind. */
fc_status fc_columns_new(const fc_alloc *alloc, const fc_column_spec *specs, uint32_t count,
                         fc_columns **out);
void fc_columns_free(fc_columns *columns);

/* Room for at least `rows` rows in all; grows by doubling at least. New cells are *not* set: the
 * filler writes every cell of a row (fc_column_put_null where there is none). */
fc_status fc_columns_reserve(fc_columns *columns, int64_t rows);

/* Writes a null into cell `row` (row < capacity), whose column must be nullable. */
void fc_column_put_null(fc_column *column, int64_t row);
/* Marks cell `row` valid (needed for nullable columns only). */
static inline void fc_column_put_valid(fc_column *column, int64_t row) {
    if (column->valid) column->valid[row >> 3] |= (uint8_t)(1u << (row & 7));
}
/* Appends the text of cell `row`; rows of a string column are written in rising order. */
fc_status fc_column_put_text(fc_columns *set, fc_column *column, int64_t row, const char *text,
                             size_t len);

/* Gathers the numeric columns `which[0..count)` into a row-major (or column-major) matrix of
 * double or float, `rows` x total items. Null cells of every kind become `missing`. Codes of null
 * are `missing` too. Strides are in elements. Returns FC_EINVALID for STRING, TIME, OBJECT. */
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
