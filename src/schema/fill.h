/* The filling sink, started by a document reader or by the tape. */
#ifndef FC_SCHEMA_FILL_H
#define FC_SCHEMA_FILL_H

#include "fastcore/schema.h"

/* In which order the fields of objects of one kind come, as the straight way (schema/lane.h) learns
 * it: the one that follows each, the one behind the last being the first; where that is not simply
 * the next. */
typedef struct fc_lane_order {
    bool learned;
    uint32_t surprises; /* how often it was not as expected lately */
    uint16_t follow[FC_RECORD_MAX_FIELDS + 1];
} fc_lane_order;

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
    uint32_t level;              /* records open; 0 between the records of an array */
    uint32_t open;               /* brackets open inside the value, its own included */
    uint32_t resume;             /* skipping: until so many are open again */
    bool many;                   /* ROWS: an array of records */
    bool bad;                    /* the record under way is refused */
    uint64_t aware, naive;       /* of the record under way, as in fc_fill */
    const fc_record_field *list; /* the cell whose list is under way, and its next item */
    uint32_t item;
    const fc_record_field *object; /* the OBJECT cell whose value is being skipped, or NULL */
    const char *object_start;
    size_t row_spans; /* spans before those of the record under way */
    fc_lane_order order;
    uint32_t lane_hits, lane_misses;
    const char *record_start;
    const fc_json_sink *own; /* that of ROWS and ROW, or that of TABLE */
    /* TABLE: the array under way, its next row, and how many rows an array must have. */
    const fc_record_field *column;
    int64_t row, rows;
    bool measured; /* some array has said how many */
    /* Where the walk goes on when the value has ended; NULL when it was the document. */
    const fc_json_sink *back_sink;
    void *back_self;
    fc_status (*finished)(void *back_self);
} fc_filling;

/* Makes the set. The walk then goes on with the sink `own`, whose first event must be the value's
 * `begin`. */
fc_status fc_filling_start(fc_filling *filling, const fc_schema *schema, uint32_t node,
                           const fc_alloc *alloc, fc_fill *out);
extern const fc_json_sink fc_fill_table_sink;

/* The walk goes on with a list for the cell of `field`, whose array has begun; then with `own`. */
void fc_fill_list(fc_filling *f, fc_json_walker *w, const fc_record_field *field);
/* Writes a time into its cell; false if it is not in one of the forms that are read here. */
bool fc_fill_time(fc_filling *f, const fc_record_field *field, const fc_json_string *string);

/* Notes the value of an OBJECT cell of the record under way. */
fc_status fc_fill_note(fc_filling *f, const fc_record_field *field, const char *start,
                       const char *end, const char *data);
/* At the end of a record: what was noted for it counts, or (if it is bad) does not. */
void fc_fill_settle(fc_filling *f, const char *end, const char *data);

/* What the sinks share. A scalar goes into the row set->rows of the column of `field`. */
fc_status fc_fill_number(fc_json_walker *w, const fc_json_number *number);
fc_status fc_fill_string(fc_json_walker *w, const fc_json_string *string);
fc_status fc_fill_literal(fc_json_walker *w, fc_json_kind kind, const char *at);
fc_status fc_fill_key(fc_json_walker *w, const fc_json_string *key);
const char *fc_fill_predict(fc_json_walker *w, const char *at, const char *end);
/* Gives the fields that were not named their defaults; *ok is false if one has none. */
fc_status fc_fill_complete(fc_filling *f, const fc_fill_frame *frame, bool *ok);
fc_status fc_fill_put_string(fc_columns *set, fc_column *column, const fc_json_string *string);
void fc_fill_push(fc_filling *f, const fc_record *record);
/* Goes on without looking until so many brackets are open again. */
void fc_fill_skip(fc_filling *f, fc_json_walker *w, uint32_t open);
fc_status fc_fill_refuse(fc_filling *f, fc_json_walker *w);
/* The whole value has ended: gives the walk back. */
fc_status fc_fill_finish(fc_filling *f, fc_json_walker *w, const char *end);

#endif
