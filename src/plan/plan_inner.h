/* The inside of a plan, for the files that build and run it. */
#ifndef FC_PLAN_INNER_H
#define FC_PLAN_INNER_H

#include "plan/csr.h"

enum {
    FC_PLAN_BLOCK = 256,        /* most rows in a block */
    FC_PLAN_SCRATCH = 96 * 1024 /* bytes that the panels of a block should not pass */
};

typedef struct fc_panel {
    fc_plan_type type;
    uint32_t width;
    const uint32_t *sources; /* of input panels; NULL for what steps make */
    /* Counting (watch.h): whether any column is counted here, and which; whether one has a range,
     * with tiles of all ends; whether the step that fills the panel up says what is missing. */
    bool watched, ranged, marked;
    uint8_t *counted;
    fc_tile low, high;
} fc_panel;

typedef struct fc_step {
    const fc_family *family;
    void *state;
    const uint32_t *inputs;
    uint32_t input_count;
    uint32_t made;   /* the panel */
    bool dead;       /* done by the step that reads it */
    bool marks;      /* says what was missing in its input, in ... */
    size_t marks_at; /* ... these bytes of a frame's marks */
    bool searches;   /* looks a watched panel up among categories */
} fc_step;

struct fc_plan {
    const fc_alloc *alloc;
    fc_arena arena;
    const fc_loops *loops; /* of the specification, while it is built */
    fc_panel *panels;      /* input_count input panels, then one for each step */
    fc_step *steps;
    fc_piece_spec *pieces;
    uint32_t source_count, input_count, panel_count, step_count, piece_count, max_inputs;
    size_t width, row_bound, block;
    bool ragged; /* a piece of the output is a CSR panel */
    bool sparse; /* any panel is one */
    /* Of one row: the bytes of its panels, where each of them lies, and the column of the output in
     * which it can be computed at once, or SIZE_MAX. */
    size_t row_bytes, *row_places, *row_columns;
    fc_counts *counts;                       /* NULL: nothing is counted */
    const fc_watch *watches;                 /* of each source */
    uint32_t *number_sources, *code_sources; /* those that are counted */
    size_t number_count, code_count, marks_bytes;
};

/* Converts rows [first, first + rows) of the sources of an input panel into `out`. */
void fc_plan_load(const fc_panel *panel, const fc_source *sources, size_t first, size_t rows,
                  void *out);
/* The panel's rows inside the sources themselves, if they lie there just as a panel would. */
const void *fc_plan_in_place(const fc_panel *panel, const fc_source *sources, size_t first);
/* Whether memory of that kind holds just what a panel of that type does. */
bool fc_source_matches(fc_source_kind kind, fc_plan_type type);

/* The bytes of a panel of so many rows in scratch memory, a multiple of 64. */
size_t fc_panel_bytes(const fc_panel *panel, size_t rows);
/* Lays out the scratch memory of one row; once, when the plan is whole. */
fc_status fc_plan_lay_row(fc_plan *plan);
/* Makes one step of element-wise ones that follow each other; once, when all are built. */
fc_status fc_plan_fuse(fc_plan *plan);

#endif
