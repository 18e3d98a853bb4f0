/* What the files of Arrow's way in share. */
#ifndef FASTCORE_COLUMNS_ARROW_IN_H
#define FASTCORE_COLUMNS_ARROW_IN_H

#include <string.h>

#include "fastcore/arrow.h"

/* How the cells of a column are stored by the producer. */
typedef enum fc_arrow_type {
    FC_ARROW_NULL,
    FC_ARROW_BOOL,
    FC_ARROW_I8,
    FC_ARROW_U8,
    FC_ARROW_I16,
    FC_ARROW_U16,
    FC_ARROW_I32,
    FC_ARROW_U32,
    FC_ARROW_I64,
    FC_ARROW_U64,
    FC_ARROW_F16,
    FC_ARROW_F32,
    FC_ARROW_F64,
    FC_ARROW_TEXT32, /* 32-bit offsets */
    FC_ARROW_TEXT64,
    FC_ARROW_VIEW
} fc_arrow_type;

/* A column: where it is in a batch, and what it becomes. */
typedef struct fc_arrow_field {
    const char *name; /* dotted where nested */
    size_t name_len;
    const uint32_t *path;    /* children from the batch down */
    const int64_t *children; /* how many there are at each level of the path */
    uint32_t depth;
    fc_arrow_type type;  /* of the values; of the indices if there is a dictionary */
    fc_arrow_type value; /* of the dictionary's values */
    bool dictionary, listed, utc;
    uint32_t flags, items;
    int64_t multiply, divide; /* TIME: to microseconds; 0: not a time */
    fc_column_kind kind;
} fc_arrow_field;

/* An array with what lies above it: cell i is element base + i. */
typedef struct fc_arrow_view {
    const struct ArrowArray *array;
    int64_t base, rows;
    struct {
        const uint8_t *bits;
        int64_t base;
    } valid[FC_ARROW_MAX_DEPTH + 2];
    int valid_count;
} fc_arrow_view;

static inline bool fc_arrow_bit(const uint8_t *bits, int64_t at) {
    return bits[at >> 3] >> (at & 7) & 1;
}
static inline bool fc_arrow_valid(const fc_arrow_view *view, int64_t row) {
    for (int i = 0; i < view->valid_count; i++)
        if (!fc_arrow_bit(view->valid[i].bits, view->valid[i].base + row)) return false;
    return true;
}

static inline bool fc_arrow_is_text(fc_arrow_type type) { return type >= FC_ARROW_TEXT32; }

/* "column 'NAME': WHAT", as FC_EINVALID. */
fc_status fc_arrow_fail(char *error, const char *name, const char *what);

/* Nulls without the bitmap that tells which are FC_EINVALID; -1 nulls are of a number unknown. */
fc_status fc_arrow_check_nulls(const struct ArrowArray *array, const char *name, char *error);
/* Whether two arrays of one type, both alive, are the same memory. */
bool fc_arrow_same(const struct ArrowArray *a, const struct ArrowArray *b);
/* Checks an array of this type and returns it with element `base` as its first of `rows`. */
fc_status fc_arrow_check(const struct ArrowArray *array, fc_arrow_type type, const char *name,
                         char *error);
/* Text `at` of an array that was checked. FC_EINVALID for offsets that fall, views that point
 * outside, or bytes that are no UTF-8. */
fc_status fc_arrow_text(const struct ArrowArray *array, fc_arrow_type type, int64_t at,
                        const char *name, char *error, const char **text, size_t *len);
/* Integer `at` as int64; false for a uint64 beyond. */
bool fc_arrow_integer(const struct ArrowArray *array, fc_arrow_type type, int64_t at, int64_t *out);
double fc_arrow_double(const struct ArrowArray *array, fc_arrow_type type, int64_t at);

/* The index of a valid cell into its dictionary; FC_EINVALID outside of it. */
fc_status fc_arrow_index(const fc_arrow_field *field, const fc_arrow_view *view, int64_t row,
                         int64_t *index, char *error);
/* Whether a time in int64 is INT64_MIN, which stands for no time, as in NumPy. */
bool fc_arrow_has_nat(const fc_arrow_field *field, const fc_arrow_view *view);

/* Dictionaries of all batches as one. */
typedef struct fc_arrow_texts {
    const fc_alloc *alloc;
    uint64_t seed;
    char *bytes;
    size_t used, room;
    int64_t *offsets; /* count + 1 */
    size_t count, offset_room;
    uint32_t *slots;
    size_t slot_count;
} fc_arrow_texts;
void fc_arrow_texts_free(fc_arrow_texts *texts);
fc_status fc_arrow_texts_add(fc_arrow_texts *texts, const char *text, size_t len, int32_t *code);

/* Writes the rows of a batch into cells [to, to + rows) of a column. `codes` are those of the
 * rows where the dictionary is one of texts. */
fc_status fc_arrow_fill(const fc_arrow_field *field, const fc_arrow_view *view,
                        const int32_t *codes, fc_columns *set, fc_column *column, int64_t to,
                        char *error);

/* The columns of a schema. */
typedef struct fc_arrow_fields {
    const fc_alloc *alloc; /* of `fields`, which whoever gave it releases, also after a failure */
    fc_arena *arena;       /* of what they point to */
    fc_arrow_field *fields;
    uint32_t count, room;
    int64_t children; /* of the rows' struct */
} fc_arrow_fields;
/* FC_EINVALID: the schema is broken, or two columns have one name; FC_EREFUSED: no column can hold
 * such a type. */
fc_status fc_arrow_read_schema(fc_arrow_fields *self, const struct ArrowSchema *top, uint64_t seed,
                               char *error);

#endif
