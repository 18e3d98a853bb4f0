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

#ifdef __cplusplus
}
#endif
#endif
