/* The straight way through flat records: a loop over the pairs of one object that knows which key
 * to expect and where its value goes, and calls nobody.
 *
 * It is a guess that is usually right. What it reads, it reads with the walk's own scanners
 * (token_template.h), so it takes nothing that the walk would not; at anything out of the ordinary
 * it gives the record up, and the walk reads it from its beginning. */
#ifndef FC_SCHEMA_LANE_H
#define FC_SCHEMA_LANE_H

#include "schema/fill.h"

/* Records whose cells are all scalars get a lane: one field for each of theirs. */
typedef struct fc_lane_field {
    const char *token; /* of the key, and how long it is; above FC_LANE_TOKEN: not guessed */
    uint32_t token_len;
    uint8_t cell; /* FC_CELL_* */
    bool nullable;
    bool listed;        /* INT: a LITERAL, to be looked up; no number is within its bounds */
    int8_t most_places; /* behind the dot of a number; -1: no number is accepted */
    uint32_t column;
    const fc_node *node;
    /* CODE, if all its strings are short: their bytes and the quote behind as words, which bits of
     * a word they fill, and how long they are. NULL otherwise. */
    const uint64_t *words, *masks;
    const uint8_t *lens;
    /* What a number must lie between, bounds included; those of a FLOAT as of fc_lane_rank. */
    int64_t low, high;
    uint64_t real, flip; /* FLOAT: all bits, all but the highest */
} fc_lane_field;

/* The bits of doubles (`flip` as above), or integers (0), as integers of the same order; -0.0 comes
 * before 0.0. */
static inline int64_t fc_lane_rank(int64_t bits, uint64_t flip) {
    uint64_t sign = (uint64_t)bits >> 63;
    return bits ^ (int64_t)((0 - sign) & flip);
}

/* Reads the object at `at`, an opening brace, into a slot for each field of the MODEL node; of
 * fields that are not there, the kind is FC_TAPE_ABSENT. What it returns is as of the function
 * below. */
fc_status fc_lane_object(fc_lane_order *order, const fc_node *node, const char *data,
                         const char *at, const char *end, fc_tape_node *slots, const char **next);

/* Reads the record at `at`, an opening brace, into the row set->rows. FC_OK with *next behind it,
 * and the row is then written but not counted; or with *next NULL: the record is given up. */
fc_status fc_lane_read(fc_filling *f, const fc_record *record, const char *at, const char *end,
                       const char **next);
#endif
