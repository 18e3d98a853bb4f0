/* The sink of arrays, started by a document reader or by the tape. */
#ifndef FC_SCHEMA_FILL_ARRAY_H
#define FC_SCHEMA_FILL_ARRAY_H

#include "fastcore/schema.h"

/* An array under way; lives on the stack of whoever walks. */
typedef struct fc_array_filling {
    const fc_shape *shape;
    fc_fill *out;
    const fc_json_sink *own;
    uint32_t ndim; /* 0: not known yet */
    size_t guess;  /* how many items there may be, judged by the first inner array; 0: no idea */
    uint32_t open; /* brackets open inside the value, its own included */
    /* Where the walk goes on when the value has ended; NULL when it was the document. */
    const fc_json_sink *back_sink;
    void *back_self;
    fc_status (*finished)(void *back_self);
} fc_array_filling;

/* The walk then goes on with the sink `own`, whose first event must be the value's `begin`. */
void fc_array_filling_start(fc_array_filling *filling, const fc_shape *shape, const fc_alloc *alloc,
                            fc_fill *out);
/* Where the next `count` items go, of `width` bytes each; they are then counted. `guess` is how
 * many there may be in all, or 0. NULL: no memory. */
void *fc_array_next(fc_array *array, const fc_alloc *alloc, uint32_t width, size_t guess,
                    size_t count);
/* Stores doubles as floats of `width` bytes; false if one is not finite in that type. */
bool fc_array_store(void *to, uint32_t width, const double *values, size_t count);
/* Whether sizes of one name agree, those of levels that no array was on being 0. */
bool fc_array_sizes_agree(const fc_shape *shape, uint32_t ndim, int64_t *sizes);

/* A large array of rows of floats, its rows shared out over `threads`. FC_OK with *next behind it,
 * and then it is in `out`; or with *next NULL: not all is as it mostly is, and nothing was taken.
 */
fc_status fc_array_split(const fc_shape *shape, const char *at, const char *end, int threads,
                         const fc_alloc *alloc, fc_fill *out, const char **next);

/* fc_fill_document of an ARRAY node. */
fc_status fc_fill_array(const fc_schema *schema, uint32_t node, const char *data, size_t len,
                        const fc_alloc *alloc, fc_fill *fill, fc_json_error *error);

#endif
