/* Plans: a feature pipeline as a straight line of steps over small row-major panels.
 *
 * A plan reads `sources` (one per input column), loads them into input panels, runs its steps in
 * order, each from earlier panels to a new one, and puts the panels that are output pieces side by
 * side. One executor serves a row and a million rows: work goes block by block, and every step sees
 * `rows x width` values, row by row without gaps. So results do not depend on the size of a batch.
 *
 * A plan is sound, not complete: where a step meets a value that it isn't certain of (an infinity,
 * an unknown category that must be an error) the run ends with FC_EREFUSED and the caller asks the
 * original. What was written to the output by then is unspecified.
 *
 * Parameters travel as a described blob (named arrays of double or int64), so that a new family
 * needs no new structure here. Plans never change after they are built: threads share them. */
#ifndef FASTCORE_PLAN_H
#define FASTCORE_PLAN_H

#include "fastcore/base.h"
#include "fastcore/loops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The type of a panel's values. I32 panels carry category codes or column numbers, -1 for none;
 * TEXT panels fc_text; CSR panels (see plan/csr.h) the stored values of a sparse matrix. */
typedef enum fc_plan_type {
    FC_PLAN_F64 = 0,
    FC_PLAN_F32,
    FC_PLAN_I32,
    FC_PLAN_TEXT,
    FC_PLAN_CSR
} fc_plan_type;

/* Bytes of one value; 0 for CSR, which has no fixed number of them. */
size_t fc_plan_type_size(fc_plan_type type);

/* A text that lies in the caller's memory: UTF-8, which is not trusted. Missing texts have one of
 * the sizes below. */
typedef struct fc_text {
    const char *data;
    int64_t size;
} fc_text;
enum { FC_TEXT_NONE = -1, FC_TEXT_NAN = -2 };

/* What the memory of an input column holds; of the output, those that are numbers. */
typedef enum fc_source_kind {
    FC_SOURCE_F64 = 0,
    FC_SOURCE_F32,
    FC_SOURCE_I64,
    FC_SOURCE_I32,
    FC_SOURCE_I16,
    FC_SOURCE_I8,
    FC_SOURCE_U64,
    FC_SOURCE_U32,
    FC_SOURCE_U16,
    FC_SOURCE_U8,     /* also bool */
    FC_SOURCE_VIEWS,  /* fc_text */
    FC_SOURCE_TEXT32, /* Arrow's texts: int32 offsets, of which row r has those at r and r + 1 */
    FC_SOURCE_TEXT64, /* the same with int64 offsets */
    FC_SOURCE_WORDS,  /* int32 codes of a dictionary of fc_text */
    FC_SOURCE_CODES,  /* int32 numbers of an int32 table of codes, for I32 panels */
    FC_SOURCE_SPARSE  /* a whole matrix: data is an fc_sparse_rows */
} fc_source_kind;

size_t fc_source_kind_size(fc_source_kind kind);

struct fc_lookup;

/* One input column: `stride` bytes lie between rows (any sign); values are aligned. With a
 * validity bitmap (Arrow: LSB first, bit `valid_offset` is row 0) null cells read as NaN in float
 * panels, -1 in I32 panels, and `null` in TEXT panels; so do codes outside a dictionary. Codes are
 * a category's number, -1 (no category), -2 (missing), -3 - c (missing, taken as category c), or
 * FC_CODE_REFUSED (missing, and only the original may judge it). */
enum { FC_CODE_REFUSED = INT32_MIN };
typedef struct fc_source {
    fc_source_kind kind;
    const void *data;
    ptrdiff_t stride;
    const uint8_t *valid;
    int64_t valid_offset;
    /* Of texts: the bytes that offsets count in (TEXT32, TEXT64), or the dictionary (WORDS, CODES);
     * how many bytes or entries there are; and what null is, a size or, in I32 panels, a code. */
    const void *heap;
    int64_t heap_size;
    int64_t null;
    const struct fc_lookup *lookup; /* of TEXT32 and TEXT64 in an I32 panel: the texts' codes */
} fc_source;

/* A cell of a row: a number for float panels, a code for I32 panels, or a text. */
typedef union fc_cell {
    double number;
    int32_t code;
    fc_text text;
} fc_cell;

/* A sparse matrix in the caller's memory (CSR), which is not trusted: row r has the values at
 * heads[r] and on, their columns rising. Runs on what does not hold together are refused. */
typedef struct fc_sparse_rows {
    fc_source_kind kind; /* of the values: numbers */
    const void *values;
    const int32_t *columns;
    const int32_t *heads; /* one more than there are rows */
    size_t stored;        /* values in all */
} fc_sparse_rows;

/* A named array of parameters: kind 'd' double, 'q' int64, 'b' bytes. */
typedef struct fc_blob_item {
    const char *name;
    char kind;
    const void *data;
    size_t count;
} fc_blob_item;

typedef struct fc_blob {
    const fc_blob_item *items;
    size_t count;
} fc_blob;

/* An input panel: `width` sources, converted to `type`; a CSR panel has one, of `columns` columns.
 */
typedef struct fc_panel_spec {
    fc_plan_type type;
    const uint32_t *sources;
    uint32_t width;
    uint32_t columns;
} fc_panel_spec;

/* A step: its family by name, the panels it reads, and the panel it makes. */
typedef struct fc_step_spec {
    const char *family;
    const uint32_t *inputs;
    uint32_t input_count;
    fc_plan_type type;
    uint32_t width;
    fc_blob blob;
} fc_step_spec;

/* A piece of the output: `width` columns. Dense and CSR pieces are the panel's values. One-hot
 * pieces are I32 panels whose values are column numbers within the piece, or -1: a 1 at each. */
typedef struct fc_piece_spec {
    uint32_t panel;
    bool onehot;
    uint32_t width;
} fc_piece_spec;

/* What plans count of each column of their input: rows, and how often a value was missing, of no
 * category that was fitted, or outside the range that was. Programs share it, and threads. */
typedef struct fc_counts fc_counts;
typedef enum fc_count_kind {
    FC_COUNT_MISSING = 0,
    FC_COUNT_UNKNOWN,
    FC_COUNT_OUTSIDE,
    FC_COUNT_KINDS
} fc_count_kind;

fc_status fc_counts_new(const fc_alloc *alloc, size_t columns, fc_counts **out);
void fc_counts_free(fc_counts *counts);
void fc_counts_reset(fc_counts *counts);
size_t fc_counts_columns(const fc_counts *counts);
uint64_t fc_counts_rows(const fc_counts *counts);
/* Of a column that there is. */
uint64_t fc_counts_get(const fc_counts *counts, size_t column, fc_count_kind kind);

/* The column that a source counts for (UINT32_MAX: none), and its fitted range (or infinities). */
typedef struct fc_watch {
    uint32_t column;
    double low, high;
} fc_watch;

/* Panels are numbered: input panels first, then one for each step. Everything is copied. */
typedef struct fc_plan_spec {
    uint32_t source_count;
    const fc_panel_spec *panels;
    uint32_t panel_count;
    const fc_step_spec *steps;
    uint32_t step_count;
    const fc_piece_spec *pieces;
    uint32_t piece_count;
    const fc_loops *loops;   /* NULL: no family that borrows them can be built */
    fc_counts *counts;       /* NULL: nothing is counted; else it outlives the plan */
    const fc_watch *watches; /* then one for each source */
} fc_plan_spec;

typedef struct fc_plan fc_plan;

/* FC_EINVALID for a specification that does not hold together (unknown family, parameters of the
 * wrong size, panels out of order); *why is then a constant text. Nothing is left behind. */
fc_status fc_plan_new(const fc_alloc *alloc, const fc_plan_spec *spec, fc_plan **out,
                      const char **why);
void fc_plan_free(fc_plan *plan);

/* Columns of the output. */
size_t fc_plan_width(const fc_plan *plan);
/* The largest number of non-zeros that one row can have; SIZE_MAX if only a run can tell (a CSR
 * panel is a piece of the output). */
size_t fc_plan_row_bound(const fc_plan *plan);

/* A dense run into values of `kind`, converted as C converts them. Into integers only what they
 * hold exactly (and below 2**53, where float64 panels are exact) is stored, else the run is
 * refused. `row_stride` is in bytes, columns lie side by side. `out` must not overlap a source. At
 * most `threads` threads are used; with any number of them the output is the same, and so is the
 * status: that of the first row in order that has one. */
fc_status fc_plan_run(const fc_plan *plan, const fc_source *sources, size_t rows,
                      fc_source_kind kind, void *out, ptrdiff_t row_stride, int threads);
/* The same for one row, of which cell i is what source i would have; with fewer detours. */
fc_status fc_plan_run_row(const fc_plan *plan, const fc_cell *cells, fc_source_kind kind,
                          void *out);
/* The same into floats where `column_stride` bytes lie between columns; both strides may have any
 * sign. */
fc_status fc_plan_run_strided(const fc_plan *plan, const fc_source *sources, size_t rows,
                              fc_plan_type type, void *out, ptrdiff_t row_stride,
                              ptrdiff_t column_stride, int threads);
/* A sparse run: `values` (of `kind`) and `indices` have room for rows * fc_plan_row_bound items,
 * `indptr` for rows + 1. Zeros of dense pieces are left out; those that a CSR panel stores stay.
 * FC_ELIMIT if an index would not fit in 32 bits. */
fc_status fc_plan_run_csr(const fc_plan *plan, const fc_source *sources, size_t rows,
                          fc_source_kind kind, void *values, int32_t *indices, int32_t *indptr,
                          int threads);

/* A sparse run without such a bound: `indptr` has room for rows + 1 numbers, and what was found is
 * kept until fc_plan_found_free; fc_plan_found_take copies it into arrays of `*used` items, on as
 * many threads. */
typedef struct fc_plan_found fc_plan_found;
fc_status fc_plan_find_csr(const fc_plan *plan, const fc_source *sources, size_t rows,
                           fc_source_kind kind, int32_t *indptr, int threads, fc_plan_found **out,
                           size_t *used);
void fc_plan_found_take(const fc_plan_found *found, void *values, int32_t *indices);
void fc_plan_found_free(fc_plan_found *found);

/* The names of the families, for tests: name `index`, or NULL behind the last. */
const char *fc_plan_family_name(size_t index);

#ifdef __cplusplus
}
#endif
#endif
