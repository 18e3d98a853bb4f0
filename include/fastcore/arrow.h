/* Columns for other libraries: the Arrow C data interface and its stream.
 *
 * What is handed out points into the set and keeps it alive by a reference of its own. Every
 * structure may be released from any thread, and children may be moved out and released later. */
#ifndef FASTCORE_ARROW_H
#define FASTCORE_ARROW_H

#include "fastcore/columns.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The three structures are part of the interface's specification, which asks for these guards. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* The first column that Arrow cannot express (of kind OBJECT), or -1. */
int64_t fc_arrow_obstacle(const fc_layout *layout);

/* A struct type with one child a column: codes are dictionary<int32, large_utf8>, strings
 * large_utf8, lists fixed_size_list, times timestamp[us] (UTC where aware). FC_EINVALID where
 * fc_arrow_obstacle finds one; on failure *out is untouched. Memory comes from `alloc`, also in
 * the functions below, and *out must not be moved by anything but a plain copy. */
fc_status fc_arrow_schema(const fc_alloc *alloc, fc_layout *layout, struct ArrowSchema *out);
/* The rows as a struct array of that type. Only bools are copied (to bits). */
fc_status fc_arrow_array(const fc_alloc *alloc, fc_columns *set, struct ArrowArray *out);
/* A stream of one such array. */
fc_status fc_arrow_stream(const fc_alloc *alloc, fc_columns *set, struct ArrowArrayStream *out);

/* ---- In ------------------------------------------------------------------------------------ */

/* Rows from another library: a schema, any number of batches, then the set. Everything that a
 * producer says is checked but what the interface cannot tell: how long its buffers are (only views
 * say so). Struct columns become columns with dotted names; dictionaries of texts become codes,
 * other dictionaries are read out; texts must be UTF-8; INT64_MIN is no time, in any unit.
 *
 * Values of one batch are not copied where the layouts agree (float64, float32, int64, int32 and
 * microseconds without nulls, at addresses that are multiples of their width): the set then keeps
 * the batch, and releases it from whichever thread lets go of it last. */
typedef struct fc_arrow_in fc_arrow_in;

/* MAX_NULLS: rows of a set of which no column takes any memory of its producer. */
enum {
    FC_ARROW_MAX_NULLS = 1 << 24,
    FC_ARROW_MAX_DEPTH = 64,
    FC_ARROW_MAX_COLUMNS = 100000,
    FC_ARROW_ERROR = 400
};

/* Takes over the schema, also when it fails. FC_EINVALID: it is broken, has two columns of one name
 * or, within structs, names that are empty or have dots; FC_EREFUSED: no column can hold such a
 * type; both say what in `error` (FC_ARROW_ERROR bytes). `seed` is that of hashes. */
fc_status fc_arrow_in_new(const fc_alloc *alloc, struct ArrowSchema *schema, uint64_t seed,
                          char *error, fc_arrow_in **out);
/* Takes over a batch, also when it fails. */
fc_status fc_arrow_in_push(fc_arrow_in *in, struct ArrowArray *batch, char *error);
/* All rows of all batches as a set; `in` can only be freed afterwards. */
fc_status fc_arrow_in_finish(fc_arrow_in *in, char *error, fc_columns **out);
void fc_arrow_in_free(fc_arrow_in *in); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
