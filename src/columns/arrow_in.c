/* Arrow's way in: what the schema's columns become, and the batches put together. */
#include <stdio.h>

#include "columns/arrow_in.h"

typedef struct batch {
    struct ArrowArray array;
    int32_t **codes; /* of each field with a dictionary of texts: of this batch's rows */
} batch;

/* The dictionary that was read last, and its texts' codes: producers tend to send one with every
 * batch. It stands in a batch that is kept. */
typedef struct last_dictionary {
    const struct ArrowArray *values;
    int32_t *codes;
} last_dictionary;

struct fc_arrow_in {
    const fc_alloc *alloc;
    fc_arena arena; /* fields, and codes */
    uint64_t seed;
    fc_arrow_fields schema;
    fc_arrow_texts *texts; /* of each field */
    last_dictionary *last; /* of each field */
    batch *batches;
    size_t batch_count, batch_room;
    int64_t rows;
};

/* ---- The schema ---------------------------------------------------------------------------- */

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
        self->schema = (fc_arrow_fields){.alloc = alloc, .arena = &self->arena};
        status = fc_arrow_read_schema(&self->schema, &own, seed, error);
    }
    if (self && status == FC_OK) {
        self->texts =
            fc_arena_zeros(&self->arena, (size_t)self->schema.count + 1, sizeof *self->texts);
        self->last =
            fc_arena_zeros(&self->arena, (size_t)self->schema.count + 1, sizeof *self->last);
        if (!self->texts || !self->last) status = FC_ENOMEM;
        for (uint32_t i = 0; self->texts && i < self->schema.count; i++)
            self->texts[i] = (fc_arrow_texts){.alloc = alloc, .seed = seed};
    }
    if (own.release) own.release(&own);
    if (status == FC_OK)
        *out = self;
    else
        fc_arrow_in_free(self);
    return status;
}

static void forget_dictionaries(fc_arrow_in *self) {
    for (uint32_t i = 0; self->last && i < self->schema.count; i++) {
        if (self->last[i].codes) self->alloc->release(self->alloc->ctx, self->last[i].codes);
        self->last[i] = (last_dictionary){NULL, NULL};
    }
}

void fc_arrow_in_free(fc_arrow_in *self) {
    if (!self) return;
    const fc_alloc *alloc = self->alloc;
    forget_dictionaries(self);
    for (size_t i = 0; i < self->batch_count; i++)
        if (self->batches[i].array.release) self->batches[i].array.release(&self->batches[i].array);
    for (uint32_t i = 0; self->texts && i < self->schema.count; i++)
        fc_arrow_texts_free(&self->texts[i]);
    if (self->batches) alloc->release(alloc->ctx, self->batches);
    if (self->schema.fields) alloc->release(alloc->ctx, self->schema.fields);
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
    return fc_arrow_check_nulls(array, name, error);
}

static fc_status check_children(const struct ArrowArray *array, int64_t expected, const char *name,
                                char *error) {
    if (array->n_children == expected) return FC_OK;
    return fc_arrow_fail(error, name,
                         array->n_children < expected ? "fewer children than the schema has"
                                                      : "more children than the schema has");
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
        FC_TRY(check_children(array, field->children[i], field->name, error));
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
        if (array->n_children != 1)
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
    else if (array->dictionary)
        return fc_arrow_fail(error, field->name, "a dictionary that the schema does not have");
    if (field->type != FC_ARROW_NULL) add_validity(view, array);
    return FC_OK;
}

/* The codes of a batch's dictionary in that of all batches. */
static fc_status read_dictionary(fc_arrow_in *self, uint32_t i, const struct ArrowArray *values,
                                 char *error) {
    const fc_arrow_field *field = &self->schema.fields[i];
    last_dictionary *last = &self->last[i];
    if (last->values && fc_arrow_same(last->values, values)) return FC_OK;
    size_t size;
    if (!fc_size_mul((size_t)values->length + 1, sizeof *last->codes, &size)) return FC_ENOMEM;
    last->values = NULL;
    int32_t *codes = self->alloc->resize(self->alloc->ctx, last->codes, size);
    if (!codes) return FC_ENOMEM;
    last->codes = codes;
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
    last->values = values;
    return FC_OK;
}

/* A batch keeps the codes of its rows, and not of its dictionary, which may be much longer. */
static fc_status read_codes(fc_arrow_in *self, uint32_t i, const fc_arrow_view *view, int32_t **out,
                            char *error) {
    const fc_arrow_field *field = &self->schema.fields[i];
    const struct ArrowArray *values = view->array->dictionary;
    FC_TRY(read_dictionary(self, i, values, error));
    int32_t *codes = fc_arena_zeros(&self->arena, (size_t)view->rows + 1, sizeof *codes);
    if (!codes) return FC_ENOMEM;
    for (int64_t row = 0; row < view->rows; row++) {
        int64_t index;
        codes[row] = -1;
        if (!fc_arrow_valid(view, row)) continue;
        FC_TRY(fc_arrow_index(field, view, row, &index, error));
        codes[row] = self->last[i].codes[index];
    }
    *out = codes;
    return FC_OK;
}

static fc_status check_batch(fc_arrow_in *self, batch *part, char *error) {
    fc_arrow_view view;
    const char *name = self->schema.count ? self->schema.fields[0].name : "";
    FC_TRY(check_struct(&part->array, name, error));
    FC_TRY(check_children(&part->array, self->schema.children, name, error));
    part->codes = fc_arena_zeros(&self->arena, (size_t)self->schema.count + 1, sizeof *part->codes);
    if (!part->codes) return FC_ENOMEM;
    bool backed = false;
    for (uint32_t i = 0; i < self->schema.count; i++) {
        const fc_arrow_field *field = &self->schema.fields[i];
        backed |= field->type != FC_ARROW_NULL;
        FC_TRY(view_field(field, &part->array, &view, error));
        if (field->kind == FC_COLUMN_CODE)
            FC_TRY(read_codes(self, i, &view, &part->codes[i], error));
    }
    if (__builtin_add_overflow(self->rows, part->array.length, &self->rows)) return FC_ELIMIT;
    if (!backed &&
        self->rows > FC_ARROW_MAX_NULLS) /* a word of its producer's, gigabytes of ours */
        return fc_arrow_fail(error, name, "more than 16777216 rows of nothing but nulls");
    return FC_OK;
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
    forget_dictionaries(self); /* they may stand in this batch */
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
    fc_column_spec *specs = fc_arena_zeros(arena, (size_t)self->schema.count + 1, sizeof *specs);
    if (!specs) return FC_ENOMEM;
    for (uint32_t i = 0; i < self->schema.count; i++) {
        const fc_arrow_field *field = &self->schema.fields[i];
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
    return fc_layout_new(self->alloc, specs, self->schema.count, out);
}

/* Whether a null can come out of this batch: of a bitmap, of a dictionary, or as a time's NaT. */
static bool may_be_null(const fc_arrow_field *field, const fc_arrow_view *view,
                        const int32_t *codes) {
    if (field->type == FC_ARROW_NULL) return true;
    if (codes) {
        for (int64_t row = 0; row < view->rows; row++)
            if (codes[row] < 0) return true;
        return false;
    }
    for (int64_t row = 0; view->valid_count && row < view->rows; row++)
        if (!fc_arrow_valid(view, row)) return true;
    if (field->kind == FC_COLUMN_TIME) return fc_arrow_has_nat(field, view);
    if (!field->dictionary) return false;
    const struct ArrowArray *values = view->array->dictionary;
    return values->null_count && values->n_buffers && values->buffers[0];
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
    for (uint32_t i = 0; i < self->schema.count; i++) {
        const fc_arrow_field *field = &self->schema.fields[i];
        int64_t to = 0;
        for (size_t b = 0; b < self->batch_count; b++) {
            const batch *part = &self->batches[b];
            FC_TRY(view_field(field, &part->array, &view, error));
            if (self->batch_count == 1 && adopt(field, &view, &set->columns[i]))
                *adopted = true, set->reusable = false;
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
    bool *nullable = fc_arena_zeros(&self->arena, (size_t)self->schema.count + 1, sizeof *nullable);
    if (!nullable) return FC_ENOMEM;
    fc_arrow_view view;
    for (uint32_t i = 0; i < self->schema.count; i++)
        for (size_t b = 0; b < self->batch_count && !nullable[i]; b++) {
            const batch *part = &self->batches[b];
            FC_TRY(view_field(&self->schema.fields[i], &part->array, &view, error));
            nullable[i] = may_be_null(&self->schema.fields[i], &view, part->codes[i]);
        }
    fc_layout *layout;
    fc_status status = make_layout(self, nullable, &layout);
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
