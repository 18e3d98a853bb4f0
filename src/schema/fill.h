/* The filling sink, started by a document reader or by the tape. */
#ifndef FC_SCHEMA_FILL_H
#define FC_SCHEMA_FILL_H

#include "fastcore/schema.h"

typedef struct fc_fill_frame {
    const fc_record *record;
    uint32_t next; /* the field expected next */
    uint32_t seen_count;
    uint64_t seen[FC_RECORD_MAX_FIELDS / 64];
} fc_fill_frame;

/* A fill under way; lives on the stack of whoever walks. */
typedef struct fc_filling {
    const fc_schema *schema;
    const fc_frame *frame;
    fc_fill *out;
    fc_columns *set;
    const fc_record_field *field; /* whose value comes next; NULL: ignore it */
    fc_fill_frame frames[FC_RECORD_MAX_DEPTH];
    uint32_t level;  /* records open; 0 between the records of an array */
    uint32_t open;   /* brackets open inside the value, its own included */
    uint32_t resume; /* skipping: until so many are open again */
    bool many;       /* ROWS: an array of records */
    bool bad;        /* the record under way is refused */
    const char *record_start;
    /* Where the walk goes on when the value has ended; NULL when it was the document. */
    const fc_json_sink *back_sink;
    void *back_self;
    fc_status (*finished)(void *back_self);
} fc_filling;

/* Makes the set and points the walker to the filling sink; the next event must be the value's
 * `begin`, which the caller passes on by fc_filling_begin. */
fc_status fc_filling_start(fc_filling *filling, const fc_schema *schema, uint32_t node,
                           const fc_alloc *alloc, fc_fill *out);
extern const fc_json_sink fc_fill_sink;

#endif
