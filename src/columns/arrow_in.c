/* Arrow's way in: what the schema's columns become, and the batches put together. */
#include <stdio.h>
#include <stdlib.h>

#include "columns/arrow_in.h"

typedef struct batch {
    struct ArrowArray array;
    int32_t **codes; /* of each field with a dictionary of texts: of this batch's indices */
} batch;

struct fc_arrow_in {
    const fc_alloc *alloc;
    fc_arena arena; /* fields, and codes */
    uint64_t seed;
    fc_arrow_field *fields;
    uint32_t count, room;
    fc_arrow_texts *texts; /* of each field */
    batch *batches;
    size_t batch_count, batch_room;
    int64_t rows;
};

/* ---- The schema ---------------------------------------------------------------------------- */

static bool read_plain(const char *format, fc_arrow_type *type) {
    static const char letters[] = "nbcCsSiIlLefguU"; /* in the order of fc_arrow_type */
    const char *at = format[0] ? strchr(letters, format[0]) : NULL;
    if (!strcmp(format, "vu")) *type = FC_ARROW_VIEW;
    if (!strcmp(format, "vu")) return true;
    if (!at || format[1]) return false;
    *type = (fc_arrow_type)(at - letters);
    return true;
}

static bool read_time(const char *format, fc_arrow_field *field) {
    field->multiply = field->divide = 1;
    field->type = FC_ARROW_I64;
    if (!strcmp(format, "tdD")) {
        field->type = FC_ARROW_I32;
        field->multiply = 86400000000;
        field->flags |= FC_COLUMN_DATE;
    } else if (!strcmp(format, "tdm")) {
        field->multiply = 1000;
        field->flags |= FC_COLUMN_DATE;
    } else if (!strncmp(format, "ts", 2) && format[2] && format[3] == ':') {
        switch (format[2]) {
        case 's': field->multiply = 1000000; break;
        case 'm': field->multiply = 1000; break;
        case 'u': break;
        case 'n': field->divide = 1000; break;
        default: return false;
        }
        field->utc = format[4] != 0;
    } else {
        return false;
    }
    field->kind = FC_COLUMN_TIME;
    return true;
}

static fc_column_kind kind_of(fc_arrow_type type) {
    switch (type) {
    case FC_ARROW_BOOL: return FC_COLUMN_BOOL;
    case FC_ARROW_I8:
    case FC_ARROW_U8:
    case FC_ARROW_I16:
    case FC_ARROW_U16:
    case FC_ARROW_I32: return FC_COLUMN_INT32;
    case FC_ARROW_U32:
    case FC_ARROW_I64:
    case FC_ARROW_U64: return FC_COLUMN_INT64;
    case FC_ARROW_F16:
    case FC_ARROW_F32: return FC_COLUMN_FLOAT32;
    case FC_ARROW_NULL: /* nothing but missing values: NaN */
    case FC_ARROW_F64: return FC_COLUMN_FLOAT64;
    default: return FC_COLUMN_STRING;
    }
}

static fc_status refuse(char *error, const fc_arrow_field *field, const char *format) {
    snprintf(error, FC_ARROW_ERROR,
             "column '%.150s': no column can hold the Arrow type '%.100s'; cast it or leave it out",
             field->name, format);
    return FC_EREFUSED;
}

static bool is_list(const char *format, uint32_t *items) {
    if (strncmp(format, "+w:", 3) != 0) return false;
    char *end;
    long n = strtol(format + 3, &end, 10);
    *items = (uint32_t)n;
    return end != format + 3 && !*end && n > 0 && n <= 1 << 20;
}

/* What a field that is no struct becomes. */
static fc_status read_type(const struct ArrowSchema *schema, fc_arrow_field *field, char *error) {
    const char *format = schema->format;
    field->items = 1;
    if (schema->dictionary) {
        const struct ArrowSchema *values = schema->dictionary;
        if (!values->format || !read_plain(format, &field->type) || field->type < FC_ARROW_I8 ||
            field->type > FC_ARROW_U64)
            return fc_arrow_fail(error, field->name, "a dictionary that is none");
        field->dictionary = true;
        if (values->dictionary || !read_plain(values->format, &field->value) ||
            field->value == FC_ARROW_NULL)
            return refuse(error, field, values->format);
        field->kind = fc_arrow_is_text(field->value) ? FC_COLUMN_CODE : kind_of(field->value);
        return FC_OK;
    }
    if (is_list(format, &field->items)) {
        bool one = schema->n_children == 1 && schema->children;
        const struct ArrowSchema *child = one ? schema->children[0] : NULL;
        if (!child || !child->format)
            return fc_arrow_fail(error, field->name, "a list without the type of its items");
        field->listed = true;
        field->flags |= FC_COLUMN_LISTED;
        if (child->dictionary || !read_plain(child->format, &field->type) ||
            field->type == FC_ARROW_NULL || fc_arrow_is_text(field->type))
            return refuse(error, field, child->format);
        field->kind = kind_of(field->type);
        return FC_OK;
    }
    if (read_plain(format, &field->type)) {
        field->kind = kind_of(field->type);
        return FC_OK;
    }
    return read_time(format, field) ? FC_OK : refuse(error, field, format);
}

static fc_status add_field(fc_arrow_in *self, const fc_arrow_field *field, char *error) {
    if (self->count == FC_ARROW_MAX_COLUMNS)
        return fc_arrow_fail(error, field->name, "more columns than there can be");
    if (self->count == self->room) {
        uint32_t room = self->room * 2 + 16;
        fc_arrow_field *fields =
            self->alloc->resize(self->alloc->ctx, self->fields, room * sizeof *fields);
        if (!fields) return FC_ENOMEM;
        self->fields = fields, self->room = room;
    }
    self->fields[self->count++] = *field;
    return FC_OK;
}

/* One level of the walk through nested structs, without recursion. */
typedef struct level {
    const struct ArrowSchema *schema;
    int64_t next;
    size_t name_len; /* of the dotted name up to here */
} level;

enum { MAX_NAME = 4096 };

static fc_status append_name(char *name, size_t *len, const char *part, char *error) {
    size_t more = strlen(part);
    if (*len + more + 2 > MAX_NAME) return fc_arrow_fail(error, name, "a name that is too long");
    if (*len) name[(*len)++] = '.';
    memcpy(name + *len, part, more + 1);
    *len += more;
    if (fc_utf8_valid(part, more)) return FC_OK;
    return fc_arrow_fail(error, "?", "a name that is no UTF-8");
}

static fc_status read_leaf(fc_arrow_in *self, const struct ArrowSchema *schema, const level *levels,
                           int depth, const char *name, size_t len, char *error) {
    fc_arrow_field field = {.depth = (uint32_t)depth, .name_len = len};
    field.name = fc_arena_text(&self->arena, name, len);
    uint32_t *path = fc_arena_zeros(&self->arena, (size_t)depth, sizeof *path);
    if (!field.name || !path) return FC_ENOMEM;
    for (int i = 0; i < depth; i++) path[i] = (uint32_t)(levels[i].next - 1);
    field.path = path;
    if (depth > 1) field.flags = FC_COLUMN_NESTED;
    FC_TRY(read_type(schema, &field, error));
    return add_field(self, &field, error);
}

static fc_status read_schema(fc_arrow_in *self, const struct ArrowSchema *top, char *error) {
    level levels[FC_ARROW_MAX_DEPTH];
    char name[MAX_NAME];
    int depth = 1;
    /* Of all nodes, not only of columns: structs that share children are walked once for each way.
     */
    uint32_t left = FC_ARROW_MAX_COLUMNS;
    if (!top->format || strcmp(top->format, "+s") != 0) {
        snprintf(error, FC_ARROW_ERROR,
                 "expected rows (an Arrow struct type), got the Arrow type '%.100s'",
                 top->format ? top->format : "");
        return FC_EREFUSED;
    }
    levels[0] = (level){top, 0, 0};
    while (depth) {
        level *here = &levels[depth - 1];
        if (here->schema->n_children < 0)
            return fc_arrow_fail(error, "?", "a negative number of children");
        if (here->next >= here->schema->n_children) {
            depth--;
            continue;
        }
        const struct ArrowSchema *child =
            here->schema->children ? here->schema->children[here->next] : NULL;
        here->next++;
        if (!left--) return fc_arrow_fail(error, "?", "more columns than there can be");
        if (!child || !child->format || !child->release)
            return fc_arrow_fail(error, "?", "a field of the schema is missing");
        size_t len = here->name_len;
        FC_TRY(append_name(name, &len, child->name ? child->name : "", error));
        if (strcmp(child->format, "+s") != 0) {
            FC_TRY(read_leaf(self, child, levels, depth, name, len, error));
        } else if (depth == FC_ARROW_MAX_DEPTH) {
            return fc_arrow_fail(error, name, "structs nested too deeply");
        } else {
            levels[depth++] = (level){child, 0, len};
        }
    }
    return FC_OK;
}

fc_status fc_arrow_in_new(const fc_alloc *alloc, struct ArrowSchema *schema, uint64_t seed,
                          char *error, fc_arrow_in **out) {
    struct ArrowSchema own = *schema;
    schema->release = NULL;
    error[0] = 0;
    fc_status status = FC_EINVALID;
    fc_arrow_in *self = NULL;
    if (!own.release)
        snprintf(error, FC_ARROW_ERROR, "the Arrow schema was released");
    else if (!(self = alloc->get(alloc->ctx, sizeof *self)))
        status = FC_ENOMEM;
    if (self) {
        *self = (fc_arrow_in){.alloc = alloc, .seed = seed};
        fc_arena_init(&self->arena, alloc);
        status = read_schema(self, &own, error);
    }
    if (self && status == FC_OK) {
        self->texts = fc_arena_zeros(&self->arena, (size_t)self->count + 1, sizeof *self->texts);
        if (!self->texts) status = FC_ENOMEM;
        for (uint32_t i = 0; self->texts && i < self->count; i++)
            self->texts[i] = (fc_arrow_texts){.alloc = alloc, .seed = seed};
    }
    if (own.release) own.release(&own);
    if (status == FC_OK)
        *out = self;
    else
        fc_arrow_in_free(self);
    return status;
}

void fc_arrow_in_free(fc_arrow_in *self) {
    if (!self) return;
    const fc_alloc *alloc = self->alloc;
    for (size_t i = 0; i < self->batch_count; i++)
        if (self->batches[i].array.release) self->batches[i].array.release(&self->batches[i].array);
    for (uint32_t i = 0; self->texts && i < self->count; i++) fc_arrow_texts_free(&self->texts[i]);
    if (self->batches) alloc->release(alloc->ctx, self->batches);
    if (self->fields) alloc->release(alloc->ctx, self->fields);
    fc_arena_free(&self->arena);
    alloc->release(alloc->ctx, self);
}

/* ---- Batches ------------------------------------------------------------------------------- */

/* One struct on the way down; *base is its first element. */
static fc_status check_struct(const struct ArrowArray *array, const char *name, char *error) {
    if (!array) return fc_arrow_fail(error, name, "an array is missing");
    if (!array->release) return fc_arrow_fail(error, name, "its array was released");
    if (array->length < 0 || array->offset < 0 || array->length > INT64_MAX / 32 ||
        array->offset > INT64_MAX / 32)
        return fc_arrow_fail(error, name, "a negative or absurd length or offset");
    if (array->n_buffers != 1 || !array->buffers)
        return fc_arrow_fail(error, name, "another number of buffers than a struct has");
    if (array->n_children < 0 || (array->n_children && !array->children))
        return fc_arrow_fail(error, name, "its children are missing");
    return FC_OK;
}

static void add_validity(fc_arrow_view *view, const struct ArrowArray *array) {
    if (!array->null_count || !array->n_buffers || !array->buffers[0]) return;
    view->valid[view->valid_count].bits = array->buffers[0];
    view->valid[view->valid_count++].base = view->base;
}

/* The field's array in a batch, checked but for what each cell says. */
static fc_status view_field(const fc_arrow_field *field, const struct ArrowArray *top,
                            fc_arrow_view *view, char *error) {
    const struct ArrowArray *array = top;
    view->rows = top->length;
    view->base = top->offset;
    view->valid_count = 0;
    for (uint32_t i = 0; i < field->depth; i++) {
        FC_TRY(check_struct(array, field->name, error));
        add_validity(view, array);
        if (field->path[i] >= (uint64_t)array->n_children)
            return fc_arrow_fail(error, field->name, "fewer children than the schema has");
        array = array->children[field->path[i]];
        if (!array) return fc_arrow_fail(error, field->name, "an array is missing");
        /* The parent's elements base .. base + rows are the child's, behind its own offset. */
        if (array->length < 0 || array->length < view->base + view->rows)
            return fc_arrow_fail(error, field->name, "fewer elements than the rows above it");
        if (array->offset < 0 || array->offset > INT64_MAX / 32)
            return fc_arrow_fail(error, field->name, "a negative or absurd offset");
        view->base += array->offset;
    }
    view->array = array;
    if (field->listed) {
        const struct ArrowArray *items;
        FC_TRY(check_struct(array, field->name, error));
        if (array->n_children != 1 || !array->children)
            return fc_arrow_fail(error, field->name, "a list without its items");
        items = array->children[0];
        FC_TRY(fc_arrow_check(items, field->type, field->name, error));
        int64_t end = view->base + view->rows;
        if (end > INT64_MAX / 32 / field->items || items->length < end * field->items)
            return fc_arrow_fail(error, field->name, "fewer items than its lists have");
    } else {
        FC_TRY(fc_arrow_check(array, field->type, field->name, error));
    }
    if (field->dictionary)
        FC_TRY(fc_arrow_check(array->dictionary, field->value, field->name, error));
    if (field->type != FC_ARROW_NULL) add_validity(view, array);
    return FC_OK;
}

/* The codes of a batch's dictionary in that of all batches. */
static fc_status read_dictionary(fc_arrow_in *self, uint32_t i, const struct ArrowArray *values,
                                 int32_t **out, char *error) {
    const fc_arrow_field *field = &self->fields[i];
    int32_t *codes = fc_arena_zeros(&self->arena, (size_t)values->length + 1, sizeof *codes);
    if (!codes) return FC_ENOMEM;
    const uint8_t *bits = values->null_count && values->n_buffers ? values->buffers[0] : NULL;
    for (int64_t k = 0; k < values->length; k++) {
        int64_t at = values->offset + k;
        const char *text;
        size_t len;
        codes[k] = -1;
        if (bits && !fc_arrow_bit(bits, at)) continue;
        FC_TRY(fc_arrow_text(values, field->value, at, field->name, error, &text, &len));
        FC_TRY(fc_arrow_texts_add(&self->texts[i], text, len, &codes[k]));
    }
    *out = codes;
    return FC_OK;
}

static fc_status check_batch(fc_arrow_in *self, batch *part, char *error) {
    fc_arrow_view view;
    FC_TRY(check_struct(&part->array, "", error));
    part->codes = fc_arena_zeros(&self->arena, (size_t)self->count + 1, sizeof *part->codes);
    if (!part->codes) return FC_ENOMEM;
    for (uint32_t i = 0; i < self->count; i++) {
        const fc_arrow_field *field = &self->fields[i];
        FC_TRY(view_field(field, &part->array, &view, error));
        if (field->kind == FC_COLUMN_CODE)
            FC_TRY(read_dictionary(self, i, view.array->dictionary, &part->codes[i], error));
    }
    return __builtin_add_overflow(self->rows, part->array.length, &self->rows) ? FC_ELIMIT : FC_OK;
}

fc_status fc_arrow_in_push(fc_arrow_in *self, struct ArrowArray *array, char *error) {
    batch part = {*array, NULL};
    array->release = NULL;
    error[0] = 0;
    if (!part.array.release) {
        snprintf(error, FC_ARROW_ERROR, "the Arrow array was released");
        return FC_EINVALID;
    }
    fc_status status = FC_ENOMEM;
    if (self->batch_count == self->batch_room) {
        size_t room = self->batch_room * 2 + 4;
        batch *batches =
            self->alloc->resize(self->alloc->ctx, self->batches, room * sizeof *batches);
        if (!batches) goto fail;
        self->batches = batches, self->batch_room = room;
    }
    status = check_batch(self, &part, error);
    if (status != FC_OK) goto fail;
    self->batches[self->batch_count++] = part;
    return FC_OK;
fail:
    part.array.release(&part.array);
    return status;
}

/* ---- The set ------------------------------------------------------------------------------- */

/* Keeps a batch alive for the cells that point into it. */
typedef struct owner {
    const fc_alloc *alloc;
    struct ArrowArray array;
} owner;

static void drop_owner(void *ctx) {
    owner *self = ctx;
    if (self->array.release) self->array.release(&self->array);
    self->alloc->release(self->alloc->ctx, self);
}

static fc_status make_layout(fc_arrow_in *self, bool *nullable, fc_layout **out) {
    fc_arena *arena = &self->arena;
    fc_column_spec *specs = fc_arena_zeros(arena, (size_t)self->count + 1, sizeof *specs);
    if (!specs) return FC_ENOMEM;
    for (uint32_t i = 0; i < self->count; i++) {
        const fc_arrow_field *field = &self->fields[i];
        const fc_arrow_texts *texts = &self->texts[i];
        const char **list = fc_arena_zeros(arena, texts->count + 1, sizeof *list);
        size_t *lens = fc_arena_zeros(arena, texts->count + 1, sizeof *lens);
        if (!list || !lens) return FC_ENOMEM;
        for (size_t k = 0; k < texts->count; k++) {
            list[k] = texts->bytes + texts->offsets[k];
            lens[k] = (size_t)(texts->offsets[k + 1] - texts->offsets[k]);
        }
        specs[i] = (fc_column_spec){.name = field->name,
                                    .name_len = field->name_len,
                                    .kind = field->kind,
                                    .items = field->items,
                                    .nullable = nullable[i],
                                    .utc = field->utc,
                                    .flags = field->flags,
                                    .texts = list,
                                    .text_lens = lens,
                                    .text_count = (int64_t)texts->count};
    }
    return fc_layout_new(self->alloc, specs, self->count, out);
}

/* Whether a null can come out of this batch: of a bitmap, or of a dictionary. */
static bool may_be_null(const fc_arrow_field *field, const fc_arrow_view *view,
                        const int32_t *codes) {
    if (field->type == FC_ARROW_NULL) return true;
    for (int64_t row = 0; view->valid_count && row < view->rows; row++)
        if (!fc_arrow_valid(view, row)) return true;
    if (!field->dictionary) return false;
    const struct ArrowArray *values = view->array->dictionary;
    for (int64_t k = 0; codes && k < values->length; k++)
        if (codes[k] < 0) return true;
    return !codes && values->null_count && values->n_buffers && values->buffers[0];
}

/* Lets a column's cells be the producer's own, where they are what ours would be. */
static bool adopt(const fc_arrow_field *field, const fc_arrow_view *view, fc_column *column) {
    static const fc_arrow_type plain[FC_COLUMN_KINDS] = {[FC_COLUMN_FLOAT64] = FC_ARROW_F64,
                                                         [FC_COLUMN_FLOAT32] = FC_ARROW_F32,
                                                         [FC_COLUMN_INT64] = FC_ARROW_I64,
                                                         [FC_COLUMN_INT32] = FC_ARROW_I32,
                                                         [FC_COLUMN_TIME] = FC_ARROW_I64};
    bool micro = field->kind != FC_COLUMN_TIME || (field->multiply == 1 && field->divide == 1);
    if (!plain[field->kind] || plain[field->kind] != field->type || field->dictionary ||
        field->listed || column->valid || !micro || !view->rows)
        return false;
    size_t width = fc_column_width(field->kind);
    const char *values = (const char *)view->array->buffers[1] + (size_t)view->base * width;
    if ((uintptr_t)values % width) return false;
    memcpy(&column->values, &(const void *){values},
           sizeof column->values); /* only read from now */
    return true;
}

static fc_status fill(fc_arrow_in *self, fc_columns *set, char *error, bool *adopted) {
    fc_arrow_view view;
    for (uint32_t i = 0; i < self->count; i++) {
        const fc_arrow_field *field = &self->fields[i];
        int64_t to = 0;
        for (size_t b = 0; b < self->batch_count; b++) {
            const batch *part = &self->batches[b];
            FC_TRY(view_field(field, &part->array, &view, error));
            if (self->batch_count == 1 && adopt(field, &view, &set->columns[i]))
                *adopted = true;
            else
                FC_TRY(
                    fc_arrow_fill(field, &view, part->codes[i], set, &set->columns[i], to, error));
            to += view.rows;
        }
    }
    return FC_OK;
}

fc_status fc_arrow_in_finish(fc_arrow_in *self, char *error, fc_columns **out) {
    error[0] = 0;
    bool *nullable = fc_arena_zeros(&self->arena, (size_t)self->count + 1, sizeof *nullable);
    if (!nullable) return FC_ENOMEM;
    fc_arrow_view view;
    for (uint32_t i = 0; i < self->count; i++)
        for (size_t b = 0; b < self->batch_count && !nullable[i]; b++) {
            const batch *part = &self->batches[b];
            FC_TRY(view_field(&self->fields[i], &part->array, &view, error));
            nullable[i] = may_be_null(&self->fields[i], &view, part->codes[i]);
        }
    fc_layout *layout;
    fc_status status = make_layout(self, nullable, &layout);
    if (status == FC_EINVALID) snprintf(error, FC_ARROW_ERROR, "two columns of one name");
    if (status != FC_OK) return status;
    owner *keep = self->alloc->get(self->alloc->ctx, sizeof *keep);
    fc_columns *set = NULL;
    status = keep ? fc_columns_new(self->alloc, layout, self->rows, &set) : FC_ENOMEM;
    fc_layout_free(layout);
    bool adopted = false;
    if (status == FC_OK) status = fill(self, set, error, &adopted);
    if (status == FC_OK && adopted) {
        *keep = (owner){self->alloc, self->batches[0].array};
        self->batches[0].array.release = NULL;
        set->owner = keep;
        set->drop = drop_owner;
        keep = NULL;
    }
    if (keep) self->alloc->release(self->alloc->ctx, keep);
    if (status != FC_OK) {
        fc_columns_free(set);
        return status;
    }
    set->rows = self->rows;
    *out = set;
    return FC_OK;
}
