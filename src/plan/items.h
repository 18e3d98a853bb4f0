/* Rows of named numbers, as FeatureHasher and DictVectorizer read them: each name in UTF-8, behind
 * it the byte FC_TOKEN_END, and its number, the bytes of a double. A row is such an fc_text. */
#ifndef FC_PLAN_ITEMS_H
#define FC_PLAN_ITEMS_H

#include <string.h>

#include "plan/csr.h"
#include "plan/terms.h"

typedef struct fc_item {
    const char *name;
    size_t size;
    double value;
} fc_item;

/* The item at byte `*at`, which then stands behind it. FC_EREFUSED if there is none. */
static inline fc_status fc_item_next(fc_text row, size_t *at, fc_item *out) {
    size_t left = (size_t)row.size - *at;
    const char *end = memchr(row.data + *at, FC_TOKEN_END, left);
    out->name = row.data + *at;
    out->size = end ? (size_t)(end - out->name) : left;
    if (left - out->size < 1 + sizeof out->value) return FC_EREFUSED;
    memcpy(&out->value, end + 1, sizeof out->value);
    *at += out->size + 1 + sizeof out->value;
    return FC_OK;
}

/* Whether a step reads one panel of one text a row. */
static inline bool fc_items_shape(const fc_shape *shape) {
    return shape->input_count == 1 && shape->types[0] == FC_PLAN_TEXT && shape->widths[0] == 1;
}

/* Sorts the values from `first` on by column; those of one column stay in order. Uses rooms 0, 1.
 */
fc_status fc_csr_sort(fc_csr *csr, size_t first);

#endif
