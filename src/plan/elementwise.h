/* Element-wise families: each says what it does to a value as a short list of operations, and one
 * kernel runs lists.
 *
 * Steps that follow each other become one list (fuse.c): sixty-four values or so stay in registers
 * from the first operation to the last, so that a chain reads and writes memory once, whatever its
 * length, and dividing goes on while memory is fetched. A family that adds a rule of its own adds a
 * row to the kinds below and a case to elementwise_template.h; nothing else knows what the rows
 * mean.
 *
 * Each operation is one IEEE operation in the values' type, or for the `WIDE` ones, which float32
 * values have, in double with its result rounded to float32. */
#ifndef FC_PLAN_LANES_H
#define FC_PLAN_LANES_H

#include "plan/family.h"

typedef enum fc_lane_kind {
    FC_LANE_END = 0,
    FC_LANE_NO_INF,    /* refuses an infinity */
    FC_LANE_FINITE,    /* refuses NaN too */
    FC_LANE_FILL,      /* NaN becomes c */
    FC_LANE_FILL_MARK, /* the same, and says where it was; see fc_lanes_mark */
    FC_LANE_REPLACE,   /* what equals `second` becomes c */
    FC_LANE_ADD,       /* x + c ... */
    FC_LANE_SUB,
    FC_LANE_MUL,
    FC_LANE_DIV,
    FC_LANE_AT_LEAST, /* c where x <= c; NaN stays, as with np.clip */
    FC_LANE_AT_MOST,
    FC_LANE_ABOVE, /* 1 where x > c, else 0 */
    FC_LANE_WIDE_ADD,
    FC_LANE_WIDE_SUB,
    FC_LANE_WIDE_MUL,
    FC_LANE_WIDE_DIV,
    FC_LANE_QUICK_DIV /* internal: see elementwise.c */
} fc_lane_kind;

/* One operation. Its constants are those of a row of the panel, repeated; they have the values'
 * type, or double for wide operations. */
typedef struct fc_lane_op {
    fc_lane_kind kind;
    const void *c;
    const void *second; /* REPLACE: what is replaced; QUICK_DIV: 1/c in two parts, `low` the rest */
    const void *low;
} fc_lane_op;

/* A list is the whole state of an element-wise step. */
struct fc_marks;

typedef struct fc_lanes {
    fc_plan_type type;
    uint32_t width;
    size_t period;     /* constants repeat after so many; a multiple of width */
    fc_lane_op *ops;   /* `count` of them and END */
    fc_lane_op *quick; /* the same with quick divisions; NULL where there are none */
    size_t count;
    bool marks; /* has a FILL_MARK */
} fc_lanes;

/* No list is longer: longer chains are several. */
enum { FC_LANES_MAX = 64 };

/* An empty list for a step of that shape; FC_EINVALID unless it has one input of the output's type
 * and width, and values are floats. */
fc_status fc_lanes_new(fc_arena *arena, const fc_shape *shape, fc_lanes **out);
/* Adds an operation with `width` constants (copied, and rounded to the type unless wide; for NO_INF
 * and FINITE NULL). FC_EINVALID if the list is full. */
fc_status fc_lanes_add(fc_arena *arena, fc_lanes *lanes, fc_lane_kind kind, const double *c);
/* The same with one constant for all columns; REPLACE takes `c` and what is replaced. */
fc_status fc_lanes_add_same(fc_arena *arena, fc_lanes *lanes, fc_lane_kind kind, double c);
fc_status fc_lanes_replace(fc_arena *arena, fc_lanes *lanes, const double *c, double what);
/* Adds an operation with the parameter `name` of a row's width, if the blob has one; FC_EINVALID if
 * it has another size. `single`: see fc_lanes_wide. */
fc_status fc_lanes_add_named(fc_arena *arena, fc_lanes *lanes, const fc_blob *blob,
                             const char *name, fc_lane_kind kind, bool single);
/* WIDE_MUL for MUL and so on, where values are float32 and the constants were not (`single`). */
fc_lane_kind fc_lanes_wide(const fc_lanes *lanes, fc_lane_kind kind, bool single);
/* A list that does `first`, then `second`; NULL in *out where they do not fit together. */
fc_status fc_lanes_chain(fc_arena *arena, const fc_lanes *first, const fc_lanes *second,
                         fc_lanes **out);

/* Looks for what may be done quicker with the same bits; once, when the list is whole. */
fc_status fc_lanes_finish(fc_arena *arena, fc_lanes *lanes);

/* The `run` of element-wise families; `state` is the list. */
fc_status fc_lanes_run(const void *state, const void *const *inputs, void *out, size_t rows);
/* The same; `past`: storing past the caches, for large output that nobody reads soon; `missing`, if
 * the list says what is (and not NULL): takes a mark for each value that was NaN. */
fc_status fc_lanes_run_as(const fc_lanes *lanes, const void *x, void *out, size_t rows, bool past,
                          struct fc_marks *missing);
/* From now on the list says what is missing in its input, if it fills it up; else, or if rows are
 * longer than FC_MARKS_WIDTH, false. */
bool fc_lanes_mark(fc_lanes *lanes);

/* ---- Between elementwise.c and the kernels
 * -------------------------------------------------------- */

enum { FC_LANE_VECTORS = 8, FC_LANE_MOST = 128 };  /* in a group; values of the largest group */
enum { FC_LANE_PLACES = 4, FC_LANE_AHEAD = 1024 }; /* written in turn; bytes */
enum { FC_LANES_REFUSED = 1, FC_LANES_UNSURE = 2 };

/* A stretch of `groups` groups, whose first value has the constants from `phase` on. */
typedef struct fc_stretch {
    const void *x;
    void *y;
    size_t groups, phase, period;
    bool stream;    /* y is aligned to 64 bytes */
    uint8_t *marks; /* of FILL_MARK: a bit for each value */
} fc_stretch;

typedef struct fc_lane_kernel {
    unsigned (*run)(const fc_lane_op *ops, const fc_stretch *stretch);
    size_t group; /* values in a group */
    bool quick;   /* knows QUICK_DIV */
} fc_lane_kernel;

const fc_lane_kernel *fc_lanes_kernel(fc_plan_type type);

#endif
