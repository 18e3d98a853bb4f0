/* What dense and sparse runs share: the frame in which a block runs, and the parts of a run. */
#ifndef FC_PLAN_RUN_H
#define FC_PLAN_RUN_H

#include "plan/watch.h"

enum { FC_FRAME_SMALL = 12 * 1024 };

/* What running needs besides the plan, of one thread: pointers to the panels of its block. */
typedef struct fc_frame {
    const fc_plan *plan;
    const fc_source *sources;
    void *memory;       /* NULL: `small` has room */
    char **own;         /* the panel's place in scratch memory */
    const void **panel; /* where the panel's values are in this block */
    const void **inputs;
    const fc_totals *totals;    /* what was counted goes there in the end */
    char *marks;                /* of steps that say what was missing */
    uint64_t *counted;          /* by source and kind; NULL if nothing is */
    bool streamed;              /* `target` is better stored past the caches */
    char small[FC_FRAME_SMALL]; /* the panels of a row or two, without the heap */
} fc_frame;

/* A frame for blocks out of `rows` rows of the totals' plan; to be closed if FC_OK. */
fc_status fc_frame_open(fc_frame *frame, const fc_totals *totals, const fc_source *sources,
                        size_t rows);
/* `status`: of all that was run in it. */
void fc_frame_close(fc_frame *frame, fc_status status);
/* Loads and runs one block. `target`, if not NULL, takes the place of panel `direct`'s memory. */
fc_status fc_frame_run(fc_frame *frame, size_t first, size_t rows, uint32_t direct, void *target);

/* Copies rows of a panel into the output, converting: FC_OK, or FC_EREFUSED for a value that an
 * integer does not hold. */
fc_status fc_store_dense(const void *panel, fc_plan_type from, size_t width, size_t rows,
                         fc_source_kind kind, char *out, ptrdiff_t stride);
/* Zeros, and a 1 at each of `count` columns a row. */
void fc_store_onehot(const int32_t *columns, size_t count, size_t width, size_t rows,
                     fc_source_kind kind, char *out, ptrdiff_t stride);
/* Either of these, or a sparse panel's values among zeros, as the piece says. */
fc_status fc_store_piece(const fc_piece_spec *piece, const fc_panel *panel, const void *values,
                         size_t rows, fc_source_kind kind, char *out, ptrdiff_t stride);
/* Stores one value at index `at`, as fc_store_dense does. */
fc_status fc_store_cell(double value, fc_source_kind kind, void *out, size_t at);

/* A part of a run: rows [first, first + rows), whole blocks but for the last of all. */
typedef fc_status (*fc_part)(void *run, size_t first, size_t rows);

/* fc_plan_run within another run, which counts. */
fc_status fc_plan_run_counted(const fc_totals *totals, const fc_source *sources, size_t rows,
                              fc_source_kind kind, void *out, ptrdiff_t row_stride, int threads);
/* How many rows a part has, if so many threads may be used; all of them on one thread. */
size_t fc_plan_part_rows(const fc_plan *plan, size_t rows, int threads);
/* Runs all parts, of `part_rows` each, at once where that is possible. The status is that of the
 * first part in row order that failed, however many threads there are. */
fc_status fc_plan_run_parts(size_t rows, size_t part_rows, int threads, fc_part part, void *run);

#endif
