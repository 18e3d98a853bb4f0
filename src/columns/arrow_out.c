/* The Arrow C data interface out of a set.
 *
 * All structures of one export live in one box, which counts those not yet released: the root,
 * its children and theirs. So a consumer may move a child out, release the root, and keep the
 * child; the last release, on whichever thread, frees the box and gives the set back. */
#include "fastcore/arrow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct box {
    const fc_alloc *alloc;
    fc_arena arena;
    int64_t live; /* structures that still have to be released */
    fc_columns *set;
    fc_layout *layout;
} box;

static box *box_new(const fc_alloc *alloc) {
    box *b = alloc->get(alloc->ctx, sizeof *b);
    if (!b) return NULL;
    memset(b, 0, sizeof *b);
    b->alloc = alloc;
    fc_arena_init(&b->arena, alloc);
    return b;
}

static void box_free(box *b) {
    fc_columns_free(b->set);
    fc_layout_free(b->layout);
    fc_arena_free(&b->arena);
    b->alloc->release(b->alloc->ctx, b);
}

static void box_let_go(box *b) {
    if (__atomic_sub_fetch(&b->live, 1, __ATOMIC_ACQ_REL) == 0) box_free(b);
}

int64_t fc_arrow_obstacle(const fc_layout *layout) {
    for (uint32_t i = 0; i < layout->count; i++)
        if (layout->columns[i].kind == FC_COLUMN_OBJECT) return i;
    return -1;
}

/* ---- Types ---------------------------------------------------------------------------------- */

static void schema_release(struct ArrowSchema *schema) {
    /* The depth is that of our own types: struct, list, item, dictionary. */
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
    if (schema->dictionary && schema->dictionary->release)
        schema->dictionary->release(schema->dictionary);
    box *b = schema->private_data;
    schema->release = NULL;
    box_let_go(b);
}

static void schema_init(box *b, struct ArrowSchema *schema, const char *format, const char *name,
                        int64_t flags) {
    *schema = (struct ArrowSchema){.format = format,
                                   .name = name,
                                   .flags = flags,
                                   .release = schema_release,
                                   .private_data = b};
    b->live++;
}

/* Room for `count` children, not initialised. */
static fc_status schema_children(box *b, struct ArrowSchema *schema, size_t count) {
    struct ArrowSchema *children = fc_arena_zeros(&b->arena, count + 1, sizeof *children);
    struct ArrowSchema **pointers = fc_arena_zeros(&b->arena, count + 1, sizeof *pointers);
    if (!children || !pointers) return FC_ENOMEM;
    for (size_t i = 0; i < count; i++) pointers[i] = &children[i];
    schema->children = pointers;
    schema->n_children = (int64_t)count;
    return FC_OK;
}

static const char *value_format(const fc_column_info *info) {
    switch (info->kind) {
    case FC_COLUMN_FLOAT64: return "g";
    case FC_COLUMN_FLOAT32: return "f";
    case FC_COLUMN_INT64: return "l";
    case FC_COLUMN_CODE:
    case FC_COLUMN_INT32: return "i";
    case FC_COLUMN_BOOL: return "b";
    case FC_COLUMN_STRING: return "U";
    case FC_COLUMN_TIME: return info->utc ? "tsu:UTC" : "tsu:";
    case FC_COLUMN_OBJECT: break;
    }
    return "n";
}

static fc_status value_schema(box *b, const fc_column_info *info, struct ArrowSchema *out,
                              const char *name, int64_t flags) {
    schema_init(b, out, value_format(info), name, flags);
    if (info->kind != FC_COLUMN_CODE) return FC_OK;
    struct ArrowSchema *texts = fc_arena_zeros(&b->arena, 1, sizeof *texts);
    if (!texts) return FC_ENOMEM;
    schema_init(b, texts, "U", "", 0);
    out->dictionary = texts;
    return FC_OK;
}

static fc_status column_schema(box *b, const fc_column_info *info, struct ArrowSchema *out) {
    int64_t flags = info->nullable ? ARROW_FLAG_NULLABLE : 0;
    if (!(info->flags & FC_COLUMN_LISTED)) return value_schema(b, info, out, info->name, flags);
    enum { FORMAT_SIZE = 3 + 10 + 1 };
    char *format = fc_arena_get(&b->arena, FORMAT_SIZE, 1);
    if (!format) return FC_ENOMEM;
    snprintf(format, FORMAT_SIZE, "+w:%u", (unsigned)info->items);
    schema_init(b, out, format, info->name, flags);
    FC_TRY(schema_children(b, out, 1));
    return value_schema(b, info, out->children[0], "item", ARROW_FLAG_NULLABLE);
}

fc_status fc_arrow_schema(const fc_alloc *alloc, fc_layout *layout, struct ArrowSchema *out) {
    if (fc_arrow_obstacle(layout) >= 0) return FC_EINVALID;
    box *b = box_new(alloc);
    if (!b) return FC_ENOMEM;
    b->layout = fc_layout_ref(layout);
    struct ArrowSchema root;
    schema_init(b, &root, "+s", "", 0);
    fc_status status = schema_children(b, &root, layout->count);
    for (uint32_t i = 0; status == FC_OK && i < layout->count; i++)
        status = column_schema(b, &layout->columns[i], root.children[i]);
    if (status != FC_OK) {
        box_free(b); /* nobody has seen any of the structures */
        return status;
    }
    *out = root;
    return FC_OK;
}

/* ---- Values --------------------------------------------------------------------------------- */

static void array_release(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release) array->children[i]->release(array->children[i]);
    if (array->dictionary && array->dictionary->release)
        array->dictionary->release(array->dictionary);
    box *b = array->private_data;
    array->release = NULL;
    box_let_go(b);
}

/* An array with room for `buffers` of them, all NULL. */
static fc_status array_init(box *b, struct ArrowArray *array, int64_t length, size_t buffers) {
    const void **slots = fc_arena_zeros(&b->arena, buffers, sizeof *slots);
    if (!slots) return FC_ENOMEM;
    *array = (struct ArrowArray){.length = length,
                                 .n_buffers = (int64_t)buffers,
                                 .buffers = slots,
                                 .release = array_release,
                                 .private_data = b};
    b->live++;
    return FC_OK;
}

static fc_status array_children(box *b, struct ArrowArray *array, size_t count) {
    struct ArrowArray *children = fc_arena_zeros(&b->arena, count + 1, sizeof *children);
    struct ArrowArray **pointers = fc_arena_zeros(&b->arena, count + 1, sizeof *pointers);
    if (!children || !pointers) return FC_ENOMEM;
    for (size_t i = 0; i < count; i++) pointers[i] = &children[i];
    array->children = pointers;
    array->n_children = (int64_t)count;
    return FC_OK;
}

static void set_validity(struct ArrowArray *array, const fc_column *column, int64_t rows) {
    array->null_count = fc_column_null_count(column, rows);
    if (array->null_count) array->buffers[0] = column->valid;
}

/* Text without bytes still wants an address. */
static const char no_bytes[8];

static fc_status texts_array(box *b, const fc_texts *texts, struct ArrowArray **out) {
    struct ArrowArray *array = fc_arena_zeros(&b->arena, 1, sizeof *array);
    if (!array) return FC_ENOMEM;
    FC_TRY(array_init(b, array, texts->count, 3));
    array->buffers[1] = texts->offsets;
    array->buffers[2] = texts->bytes;
    *out = array;
    return FC_OK;
}

/* One byte a bool to one bit. */
static fc_status pack_bits(box *b, const uint8_t *bools, size_t count, const void **out) {
    size_t whole = count / 8;
    uint8_t *bits = fc_arena_get(&b->arena, whole + 8, 64);
    if (!bits) return FC_ENOMEM;
    for (size_t i = 0; i < whole; i++) {
        unsigned byte = 0;
        for (unsigned k = 0; k < 8; k++) byte |= (unsigned)(bools[i * 8 + k] != 0) << k;
        bits[i] = (uint8_t)byte;
    }
    memset(bits + whole, 0, 8);
    for (size_t i = whole * 8; i < count; i++)
        bits[i / 8] |= (uint8_t)((unsigned)(bools[i] != 0) << (i % 8));
    *out = bits;
    return FC_OK;
}

/* The `length` values of a column, without its nulls. */
static fc_status value_array(box *b, const fc_column *column, int64_t length,
                             struct ArrowArray *out) {
    FC_TRY(array_init(b, out, length, column->kind == FC_COLUMN_STRING ? 3 : 2));
    out->buffers[1] = column->values;
    switch (column->kind) {
    case FC_COLUMN_STRING: out->buffers[2] = column->bytes ? column->bytes : no_bytes; return FC_OK;
    case FC_COLUMN_BOOL: return pack_bits(b, column->values, (size_t)length, &out->buffers[1]);
    case FC_COLUMN_CODE: return texts_array(b, &column->info->texts, &out->dictionary);
    default: return FC_OK;
    }
}

static fc_status column_array(box *b, const fc_column *column, int64_t rows,
                              struct ArrowArray *out) {
    if (!(column->info->flags & FC_COLUMN_LISTED)) {
        FC_TRY(value_array(b, column, rows, out));
    } else {
        FC_TRY(array_init(b, out, rows, 1));
        FC_TRY(array_children(b, out, 1));
        /* The set has memory for that many values, so the product fits. */
        FC_TRY(value_array(b, column, rows * column->items, out->children[0]));
        /* The codes of a null list are -1, which is in no dictionary: they are nulls themselves. */
        if (column->kind == FC_COLUMN_CODE && fc_column_null_count(column, rows)) {
            size_t count = (size_t)rows * column->items;
            uint8_t *bits = fc_arena_zeros(&b->arena, count / 8 + 8, 1);
            if (!bits) return FC_ENOMEM;
            for (size_t i = 0; i < count; i++)
                if (fc_column_is_valid(column, (int64_t)(i / column->items)))
                    bits[i / 8] |= (uint8_t)(1u << (i % 8));
            out->children[0]->buffers[0] = bits;
            out->children[0]->null_count = -1;
        }
    }
    set_validity(out, column, rows);
    return FC_OK;
}

fc_status fc_arrow_array(const fc_alloc *alloc, fc_columns *set, struct ArrowArray *out) {
    if (fc_arrow_obstacle(set->layout) >= 0) return FC_EINVALID;
    box *b = box_new(alloc);
    if (!b) return FC_ENOMEM;
    b->set = fc_columns_ref(set);
    struct ArrowArray root;
    fc_status status = array_init(b, &root, set->rows, 1);
    if (status == FC_OK) status = array_children(b, &root, set->count);
    for (uint32_t i = 0; status == FC_OK && i < set->count; i++)
        status = column_array(b, &set->columns[i], set->rows, root.children[i]);
    if (status != FC_OK) {
        box_free(b);
        return status;
    }
    *out = root;
    return FC_OK;
}

/* ---- Stream --------------------------------------------------------------------------------- */

typedef struct stream {
    const fc_alloc *alloc;
    fc_columns *set;
    bool done;
    fc_status failed;
} stream;

static int stream_result(stream *s, fc_status status) {
    s->failed = status;
    return status == FC_OK ? 0 : status == FC_ENOMEM ? ENOMEM : EINVAL;
}

static int stream_schema(struct ArrowArrayStream *self, struct ArrowSchema *out) {
    stream *s = self->private_data;
    return stream_result(s, fc_arrow_schema(s->alloc, s->set->layout, out));
}

static int stream_next(struct ArrowArrayStream *self, struct ArrowArray *out) {
    stream *s = self->private_data;
    if (s->done) {
        memset(out, 0, sizeof *out); /* released: the end */
        return 0;
    }
    int result = stream_result(s, fc_arrow_array(s->alloc, s->set, out));
    s->done = result == 0;
    return result;
}

static const char *stream_error(struct ArrowArrayStream *self) {
    const stream *s = self->private_data;
    return s->failed == FC_OK ? NULL : fc_status_text(s->failed);
}

static void stream_release(struct ArrowArrayStream *self) {
    stream *s = self->private_data;
    fc_columns_free(s->set);
    s->alloc->release(s->alloc->ctx, s);
    self->release = NULL;
}

fc_status fc_arrow_stream(const fc_alloc *alloc, fc_columns *set, struct ArrowArrayStream *out) {
    if (fc_arrow_obstacle(set->layout) >= 0) return FC_EINVALID;
    stream *s = alloc->get(alloc->ctx, sizeof *s);
    if (!s) return FC_ENOMEM;
    *s = (stream){.alloc = alloc, .set = fc_columns_ref(set)};
    *out = (struct ArrowArrayStream){stream_schema, stream_next, stream_error, stream_release, s};
    return FC_OK;
}
