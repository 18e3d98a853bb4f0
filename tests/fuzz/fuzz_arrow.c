/* Arrow data built from the input and read in: types, children, lengths, offsets and what stands in
 * the buffers are the input's, while each buffer has just the size that a correct producer gives
 * it. Every struct is released once, whatever happens, and whatever is accepted can be read. The
 * same data behind odd addresses, which cannot be adopted but must be copied, gives the same. */
#include <math.h>
#include <stdio.h>

#include "columns_fixture.h"
#include "fastcore/arrow.h"
#include "require.h"

enum { MAX_CHILDREN = 5, MAX_TYPES = 32, MAX_BUFFERS = 8, MAX_DEEP = 4 };

typedef struct type {
    const char *format, *name;
    int count;
    struct type *children[MAX_CHILDREN];
    struct type *dictionary;
} type;

typedef struct input {
    const uint8_t *data;
    size_t size, at;
    bool odd_types, odd_arrays; /* broken structs as well */
    size_t shift;               /* of buffers, from an aligned address */
    int made, released;
    int type_count;
    type types[MAX_TYPES];
} input;

static unsigned next(input *in) { return in->at < in->size ? in->data[in->at++] : 0; }

/* Behind private_data: what was allocated, whatever the struct says later. */
typedef struct holding {
    input *in;
    int children;
    struct ArrowSchema *schemas[MAX_CHILDREN + 2];
    struct ArrowArray *arrays[MAX_CHILDREN + 2];
    int buffers;
    char *blocks[MAX_BUFFERS + 1];
    const void *pointers[MAX_BUFFERS + 1];
    struct ArrowSchema *child_schemas[MAX_CHILDREN + 1];
    struct ArrowArray *child_arrays[MAX_CHILDREN + 1];
} holding;

static holding *hold(input *in) {
    holding *self = calloc(1, sizeof *self);
    REQUIRE(self);
    self->in = in;
    in->made++;
    return self;
}

static void release_schema(struct ArrowSchema *schema) {
    holding *self = schema->private_data;
    for (int i = 0; i < self->children; i++) {
        if (self->schemas[i]->release) self->schemas[i]->release(self->schemas[i]);
        free(self->schemas[i]);
    }
    self->in->released++;
    free(self);
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
    holding *self = array->private_data;
    for (int i = 0; i < self->children; i++) {
        if (self->arrays[i]->release) self->arrays[i]->release(self->arrays[i]);
        free(self->arrays[i]);
    }
    for (int i = 0; i < self->buffers; i++) free(self->blocks[i]);
    self->in->released++;
    free(self);
    array->release = NULL;
}

/* ---- Types --------------------------------------------------------------------------------- */

static const char *const formats[] = {
    "g",    "f",    "l",    "i",    "u",       "tsu:", "b",   "c",   "C",    "s",   "S",
    "I",    "L",    "e",    "U",    "vu",      "n",    "tdD", "tdm", "+s",   "+s",  "+w:1",
    "+w:3", "tss:", "tsm:", "tsn:", "tsu:UTC", "z",    "+l",  "",    "+w:0", "tsx:"};
static const char *const names[] = {"a", "b",   "c", "d", "e", "f", "long",     "g",
                                    "h", "a.b", "",  "i", "j", "k", "\xff\xfe", NULL};
enum { FORMATS = sizeof formats / sizeof *formats, NAMES = sizeof names / sizeof *names };

static type *make_type(input *in, int deep) {
    if (in->type_count == MAX_TYPES) return NULL;
    type *self = &in->types[in->type_count++];
    unsigned format = next(in), kind = format >> 5;
    *self = (type){.format = formats[format % FORMATS], .name = names[next(in) % NAMES]};
    int children = self->format[0] != '+'   ? 0
                   : self->format[1] == 's' ? (int)(next(in) % (MAX_CHILDREN + 1))
                                            : 1;
    if (deep == MAX_DEEP) children = 0;
    for (int i = 0; i < children; i++) {
        type *child = make_type(in, deep + 1);
        if (child) self->children[self->count++] = child;
    }
    if (kind == 7 && deep < MAX_DEEP) self->dictionary = make_type(in, deep + 1);
    return self;
}

static void break_schema(input *in, struct ArrowSchema *schema) {
    switch (next(in)) {
    case 1: schema->n_children++; break;
    case 2: schema->n_children = -1; break;
    case 3: schema->children = NULL; break;
    case 4: schema->format = NULL; break;
    case 5: schema->dictionary = NULL; break;
    case 6: schema->n_children = 0; break;
    case 7: schema->format = "+w:99999999999999999999"; break;
    case 8:
        if (schema->n_children > 0 && schema->children) schema->children[0] = NULL;
        break;
    case 9:
        if (schema->n_children > 0 && schema->children && schema->children[0])
            schema->children[0]->release(schema->children[0]);
        break;
    default: break;
    }
}

static struct ArrowSchema make_schema(input *in, const type *of) {
    holding *self = hold(in);
    struct ArrowSchema found = {.format = of->format,
                                .name = of->name,
                                .n_children = of->count,
                                .children = self->child_schemas,
                                .release = release_schema,
                                .private_data = self};
    for (int i = 0; i < of->count + (of->dictionary != NULL); i++) {
        struct ArrowSchema *child = malloc(sizeof *child);
        REQUIRE(child);
        *child = make_schema(in, i < of->count ? of->children[i] : of->dictionary);
        self->schemas[self->children++] = child;
        if (i < of->count)
            self->child_schemas[i] = child;
        else
            found.dictionary = child;
    }
    if (in->odd_types) break_schema(in, &found);
    return found;
}

/* ---- Arrays -------------------------------------------------------------------------------- */

static char *add_buffer(holding *self, int64_t size) {
    char *block = malloc((size_t)size + self->in->shift);
    REQUIRE(block && self->buffers < MAX_BUFFERS);
    self->blocks[self->buffers] = block;
    self->pointers[self->buffers++] = block + self->in->shift;
    return block + self->in->shift;
}

static void fill_bytes(input *in, char *to, int64_t size, unsigned mask) {
    for (int64_t i = 0; i < size; i++) to[i] = (char)(next(in) & mask);
}

static void add_validity(holding *self, struct ArrowArray *array, int64_t end) {
    unsigned how = next(self->in) % 8;
    array->null_count = how < 3 ? 0 : how < 6 ? -1 : 1;
    if (how == 0 || how == 3 || how == 6) {
        self->pointers[self->buffers++] = NULL;
        return;
    }
    fill_bytes(self->in, add_buffer(self, (end + 7) / 8), (end + 7) / 8, 255);
}

static void add_values(holding *self, int64_t end, int64_t width) {
    input *in = self->in;
    char *to = add_buffer(self, end * width);
    unsigned how = next(in) % 4;
    for (int64_t i = 0; i < end; i++) {
        int64_t value = how == 2 ? INT64_MIN : (int64_t)(next(in) % 4);
        if (how < 3)
            memcpy(to + i * width, &value, (size_t)width);
        else
            fill_bytes(in, to + i * width, width, 255);
    }
}

static void add_texts(holding *self, int64_t end, int64_t width) {
    input *in = self->in;
    char *to = add_buffer(self, end ? (end + 1) * width : 0);
    bool any = next(in) & 1;
    int64_t at = next(in) % 4, size = 0;
    for (int64_t i = 0; end && i <= end; i++) {
        memcpy(to + i * width, &at, (size_t)width);
        if (at > size) size = at;
        at = any ? (int8_t)next(in) : at + next(in) % 4;
    }
    fill_bytes(in, add_buffer(self, size), size, next(in) & 1 ? 255 : 127);
}

static void add_views(holding *self, int64_t end) {
    input *in = self->in;
    char *to = add_buffer(self, end * 16);
    unsigned count = next(in) % 4;
    for (int64_t i = 0; i < end; i++) {
        int32_t view[4];
        fill_bytes(in, (char *)view, 16, 127);
        view[0] = next(in) % 32;
        if (view[0] > 12) view[2] = (int8_t)next(in) % 4, view[3] = (int8_t)next(in);
        memcpy(to + i * 16, view, 16);
    }
    int64_t sizes[4];
    for (unsigned k = 0; k < count; k++) {
        sizes[k] = next(in);
        fill_bytes(in, add_buffer(self, sizes[k]), sizes[k], 127);
    }
    memcpy(add_buffer(self, count * 8), sizes, count * 8);
}

static void break_array(input *in, struct ArrowArray *array) {
    bool child = array->n_children > 0 && array->children && array->children[0];
    switch (next(in)) {
    case 1: array->length = -1; break;
    case 2: array->length = INT64_MAX; break;
    case 3: /* only what has no buffers can be that long */
        if (!array->n_buffers || (array->n_buffers == 1 && !array->buffers[0]))
            array->length = INT64_MAX / 32;
        break;
    case 4: array->length -= array->length > 0; break;
    case 5: array->offset = -1; break;
    case 6: array->offset = INT64_MAX; break;
    case 7: array->n_buffers++; break;
    case 8: array->n_buffers--; break;
    case 9: array->n_buffers = INT64_MIN; break;
    case 10: array->buffers = NULL; break;
    case 11: array->n_children++; break;
    case 12: array->n_children = -1; break;
    case 13: array->n_children = 0; break;
    case 14: array->children = NULL; break;
    case 15: array->dictionary = NULL; break;
    case 16: array->null_count = INT64_MIN; break;
    case 17: array->null_count = INT64_MAX; break;
    case 18:
        if (array->n_buffers > 1) array->buffers[1] = NULL;
        break;
    case 19:
        if (array->n_buffers > 2) array->buffers[array->n_buffers - 1] = NULL;
        break;
    case 20:
        if (child) array->children[0] = NULL;
        break;
    case 21:
        if (child && array->children[0]->release) array->children[0]->release(array->children[0]);
        break;
    case 22:
        if (array->dictionary && array->dictionary->release)
            array->dictionary->release(array->dictionary);
        break;
    default: break;
    }
}

static int64_t width_of(const char *format) {
    switch (format[0]) {
    case 'c':
    case 'C': return 1;
    case 's':
    case 'S':
    case 'e': return 2;
    case 'i':
    case 'I':
    case 'f': return 4;
    case 't': return strcmp(format, "tdD") ? 8 : 4;
    default: return 8;
    }
}

static void add_buffers(holding *self, const char *format, struct ArrowArray *array) {
    int64_t end = array->offset + array->length;
    if (format[0] == 'n') return;
    add_validity(self, array, end);
    if (format[0] == 'u')
        add_texts(self, end, 4);
    else if (format[0] == 'U')
        add_texts(self, end, 8);
    else if (format[0] == 'v')
        add_views(self, end);
    else if (format[0] == 'b')
        fill_bytes(self->in, add_buffer(self, (end + 7) / 8), (end + 7) / 8, 255);
    else if (format[0] != '+')
        add_values(self, end, width_of(format));
}

static struct ArrowArray make_array(input *in, const type *of, int64_t rows) {
    holding *self = hold(in);
    unsigned more = next(in);
    struct ArrowArray found = {.length = rows + more % 3,
                               .offset = more >> 6 ? more >> 4 & 7 : 0,
                               .n_children = of->count,
                               .children = self->child_arrays,
                               .buffers = self->pointers,
                               .release = release_array,
                               .private_data = self};
    add_buffers(self, of->format, &found);
    found.n_buffers = self->buffers;
    int64_t end = found.offset + found.length;
    if (!strncmp(of->format, "+w:", 3)) end *= of->format[3] - '0';
    for (int i = 0; i < of->count + (of->dictionary != NULL); i++) {
        struct ArrowArray *child = malloc(sizeof *child);
        REQUIRE(child);
        *child = i < of->count ? make_array(in, of->children[i], end)
                               : make_array(in, of->dictionary, next(in) % 6);
        self->arrays[self->children++] = child;
        if (i < of->count)
            self->child_arrays[i] = child;
        else
            found.dictionary = child;
    }
    if (in->odd_arrays) break_array(in, &found);
    return found;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* Of all bits of the first `size` bytes; the sanitizer looks at each. */
static uint64_t sum(const void *bytes, size_t size) {
    uint64_t total = 0;
    for (size_t i = 0; i < size; i++) total = total * 31 + ((const uint8_t *)bytes)[i];
    return total;
}

static void read_cells(const fc_columns *set) {
    volatile uint64_t seen = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        const fc_column *column = &set->columns[i];
        for (int64_t row = 0; row < set->rows; row++) {
            bool valid = fc_column_is_valid(column, row);
            seen += sum((char *)column->values + (size_t)row * column->info->row_bytes,
                        column->info->row_bytes);
            if (column->kind == FC_COLUMN_STRING) {
                const int64_t *at = (const int64_t *)column->values + row;
                REQUIRE(at[0] >= 0 && at[0] <= at[1] && (valid || at[0] == at[1]));
                size_t len = (size_t)(at[1] - at[0]);
                REQUIRE(!len || fc_utf8_valid(column->bytes + at[0], len));
            } else if (column->kind == FC_COLUMN_CODE) {
                int32_t code = ((const int32_t *)column->values)[row];
                REQUIRE(valid ? code >= 0 && code < column->info->texts.count : code == -1);
            } else if (column->kind == FC_COLUMN_TIME) {
                REQUIRE(valid == (((const int64_t *)column->values)[row] != INT64_MIN));
            } else if (column->kind == FC_COLUMN_BOOL) {
                REQUIRE(((const uint8_t *)column->values)[row] <= 1);
            }
        }
    }
}

static bool same_float(const fc_column *a, const fc_column *b, size_t i) {
    if (a->kind == FC_COLUMN_FLOAT32) {
        float x = ((float *)a->values)[i], y = ((float *)b->values)[i];
        return x == y || (isnan(x) && isnan(y));
    }
    double x = ((double *)a->values)[i], y;
    memcpy(&y, (char *)b->values + i * sizeof y, sizeof y);
    return x == y || (isnan(x) && isnan(y));
}

static void same_cells(const fc_columns *a, const fc_columns *b) {
    REQUIRE(a->rows == b->rows && a->count == b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        const fc_column *one = &a->columns[i], *two = &b->columns[i];
        size_t rows = (size_t)a->rows, width = one->info->row_bytes;
        REQUIRE(one->kind == two->kind && one->items == two->items);
        REQUIRE(!one->valid == !two->valid);
        for (size_t row = 0; row < rows; row++)
            REQUIRE(fc_column_is_valid(one, (int64_t)row) == fc_column_is_valid(two, (int64_t)row));
        if (one->kind == FC_COLUMN_FLOAT64 || one->kind == FC_COLUMN_FLOAT32) {
            for (size_t k = 0; k < rows * one->items; k++) REQUIRE(same_float(one, two, k));
        } else {
            REQUIRE(!memcmp(one->values, two->values, rows * width));
        }
        if (one->kind == FC_COLUMN_STRING && one->bytes)
            REQUIRE(!memcmp(one->bytes, two->bytes, (size_t)((int64_t *)one->values)[rows]));
    }
}

/* Like failing_alloc, and absurd sizes fail: no input holds that much. */
enum { MAX_BLOCK = 1 << 22 };
static void *small_get(void *ctx, size_t size) {
    return size > MAX_BLOCK ? NULL : failing_get(ctx, size);
}
static void *small_resize(void *ctx, void *block, size_t size) {
    return size > MAX_BLOCK ? NULL : failing_resize(ctx, block, size);
}

/* The columns of the input, or NULL where they are refused; `in` outlives them. */
static fc_columns *read_input(input *in, const fc_alloc *alloc) {
    char error[FC_ARROW_ERROR];
    fc_arrow_in *arrow;
    fc_columns *set = NULL;
    unsigned first = next(in), batches = next(in) % 4;
    in->odd_types = first & 1, in->odd_arrays = first & 2;
    type *top = make_type(in, 0);
    if (first & 4) top->format = "+s"; /* most of all */
    struct ArrowSchema schema = make_schema(in, top);
    fc_status status = fc_arrow_in_new(alloc, &schema, first, error, &arrow);
    REQUIRE(!schema.release && in->made == in->released);
    if (status != FC_OK) {
        REQUIRE(status == FC_ENOMEM || error[0]);
        return NULL;
    }
    for (unsigned i = 0; i < batches && status == FC_OK; i++) {
        struct ArrowArray array = make_array(in, top, next(in) % 12);
        status = fc_arrow_in_push(arrow, &array, error);
        REQUIRE(!array.release);
    }
    if (status == FC_OK) status = fc_arrow_in_finish(arrow, error, &set);
    fc_arrow_in_free(arrow);
    REQUIRE(status == FC_OK || status == FC_ENOMEM || error[0]);
    REQUIRE((status == FC_OK) == (set != NULL));
    return set;
}

static void end_input(input *in, fc_columns *set) {
    if (set) read_cells(set);
    if (!set || !set->owner) REQUIRE(in->made == in->released);
    fc_columns_free(set);
    REQUIRE(in->made == in->released);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    fc_columns *sets[3];
    input ways[3]; /* as it is; behind odd addresses; with an allocation that fails */
    failing counts[3] = {{.fail_at = -1}, {.fail_at = -1}, {.fail_at = data[0]}};
    fc_alloc allocs[3];
    for (int i = 0; i < 3; i++) {
        ways[i] = (input){.data = data + 1, .size = size - 1, .shift = i == 1};
        allocs[i] = (fc_alloc){small_get, small_resize, failing_release, &counts[i]};
        sets[i] = read_input(&ways[i], &allocs[i]);
    }
    REQUIRE(!sets[0] == !sets[1]);
    if (sets[0]) same_cells(sets[0], sets[1]);
    for (int i = 0; i < 3; i++) {
        end_input(&ways[i], sets[i]);
        REQUIRE(counts[i].held == 0);
    }
    return 0;
}
