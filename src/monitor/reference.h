/* What a reference knows of a feature. */
#ifndef FASTCORE_MONITOR_REFERENCE_H
#define FASTCORE_MONITOR_REFERENCE_H

#include <string.h>

#include "drift/gaps.h"
#include "fastcore/drift.h"
#include "fastcore/monitor.h"

/* Words of a feature of numbers, from its place on. */
enum {
    FC_AT_MISSING = 0,
    FC_AT_POS_INF,
    FC_AT_NEG_INF,
    FC_AT_SUM,     /* double: of (x - shift) over the finite values */
    FC_AT_SQUARES, /* double: of (x - shift)^2 */
    FC_AT_MIN,     /* double: +inf if there is no finite value */
    FC_AT_MAX,
    FC_AT_NUMBER_CELLS,
    FC_AT_TEXT_CELLS = 1
};
/* Words of an unknown text: its count, then one byte of length and the bytes. */
enum { FC_HEAVY_WORDS = 1 + (1 + FC_HEAVY_BYTES) / 8 };

/* For coarse counts: the edges of the bins, and those of the sample's range. */
typedef struct fc_coarse {
    fc_bins_f64 inner_f64;
    fc_bins_f32 inner_f32;
    double outer_f64[2]; /* the first point, and the least number above the last */
    float outer_f32[2];
} fc_coarse;

struct fc_feature {
    const char *name;
    size_t name_len;
    fc_feature_place place;
    fc_points points;
    double shift;
    const fc_coarse *coarse; /* NULL: too many edges, or no points */
    /* The cell at which each bin begins. */
    const uint32_t *bin_cells;
    size_t bin_count;
    /* The cell that takes what lies from each edge to the next, the outer ones included. */
    const uint32_t *edge_cells;
    size_t edge_count;
    fc_texts texts;
    /* The categories by hash: slot is category + 1, 0 is free; a power of two in size. */
    const uint32_t *slots;
    uint32_t slot_mask;
    uint64_t seed;
};

/* The cell of a text; the last one for an unknown text. */
uint32_t fc_feature_cell(const fc_feature *feature, const char *text, size_t len);

struct fc_mapping {
    int64_t refs;
    fc_reference *reference; /* a reference of its own */
    fc_layout *layout;       /* likewise */
    uint32_t *columns;       /* of each feature */
    bool unsure;             /* some column fits only if all its cells are missing */
    const uint32_t **codes;  /* of each feature: the cell of each code of its column, or NULL */
    fc_arena arena;
};

static inline double fc_word_double(uint64_t word) {
    double value;
    memcpy(&value, &word, sizeof value);
    return value;
}
static inline uint64_t fc_double_word(double value) {
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    return word;
}

/* Whether a column has no kind of its own that says what it holds: Python objects, and the floats
 * that pandas makes of a column in which everything is missing. */
static inline bool fc_column_unsure(fc_feature_kind kind, const fc_column_info *info) {
    return info->kind == FC_COLUMN_OBJECT ||
           (info->kind == FC_COLUMN_FLOAT64 && kind != FC_FEATURE_NUMBER);
}

/* Parts of fc_block_count that pending rows need as well (monitor/counts.c). */
void fc_block_numbers(const fc_feature *feature, const double *values, size_t n, uint64_t *block);
void fc_block_unknown(const fc_feature *feature, const char *text, size_t len, uint64_t *block);
/* The cells [first, first + n) of a column of numbers, times or bools as doubles, NaN under null.
 */
void fc_column_doubles(const fc_column *column, int64_t first, size_t n, double *out);

#endif
