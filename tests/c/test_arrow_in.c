/* Arrow's way in without Python: what we hand out comes back equal, sliced and in several batches;
 * batches are released once; every failing allocation. */
#include "fastcore/arrow.h"

#include "columns_fixture.h"

static int released, handed; /* batches */

typedef struct wrapped {
    struct ArrowArray inner;
} wrapped;

static void release_wrapped(struct ArrowArray *array) {
    wrapped *self = array->private_data;
    released++;
    self->inner.release(&self->inner);
    free(self);
    array->release = NULL;
}

/* A batch whose release is counted: the same children under another head. */
static void count_release(struct ArrowArray *array) {
    wrapped *self = malloc(sizeof *self);
    if (!self) abort();
    self->inner = *array;
    array->private_data = self;
    array->release = release_wrapped;
}

static fc_status make(const fc_alloc *alloc, int64_t rows, fc_columns **set) {
    fc_layout *layout;
    /* Without "codes": lists of codes have no way in. */
    FC_TRY(fc_layout_new(alloc, fixture_specs, FIXTURE_COLUMNS - 1, &layout));
    fc_status status = fc_columns_new(alloc, layout, 1, set);
    fc_layout_free(layout);
    FC_TRY(status);
    status = fixture_fill(*set, rows);
    if (status != FC_OK) fc_columns_free(*set);
    return status;
}

/* Takes `batches` times the rows [skip, rows) of a set through Arrow. */
static fc_status through(const fc_alloc *alloc, fc_columns *set, int batches, int64_t skip,
                         char *error, fc_columns **out) {
    struct ArrowSchema schema;
    struct ArrowArray array;
    fc_arrow_in *in;
    FC_TRY(fc_arrow_schema(&fc_alloc_libc, set->layout, &schema));
    FC_TRY(fc_arrow_in_new(alloc, &schema, 1, error, &in));
    fc_status status = FC_OK;
    for (int i = 0; i < batches && status == FC_OK; i++) {
        if (fc_arrow_array(&fc_alloc_libc, set, &array) != FC_OK) abort();
        count_release(&array);
        handed++;
        array.offset += skip, array.length -= skip;
        status = fc_arrow_in_push(in, &array, error);
    }
    if (status == FC_OK) status = fc_arrow_in_finish(in, error, out);
    fc_arrow_in_free(in);
    return status;
}

static void check_row(const fc_columns *got, int64_t row, int64_t of) {
    for (uint32_t i = 0; i < got->count; i++) {
        const fc_column *column = &got->columns[i];
        bool null = fixture_null(i, of);
        CHECK_FOR(fc_column_is_valid(column, row) == !null, "column %u row %d", i, (int)row);
        if (null) continue;
        if (column->kind == FC_COLUMN_STRING) {
            char text[32];
            size_t len = fixture_text(of, text);
            const int64_t *at = (const int64_t *)column->values + row;
            CHECK((size_t)(at[1] - at[0]) == len &&
                  (!len || !memcmp(column->bytes + at[0], text, len)));
            continue;
        }
        for (uint32_t k = 0; k < column->items; k++) {
            int64_t want = fixture_value(i, of, k), at = row * column->items + k, value = 0;
            switch (column->kind) {
            case FC_COLUMN_FLOAT64: value = (int64_t)((double *)column->values)[at]; break;
            case FC_COLUMN_FLOAT32: value = (int64_t)((float *)column->values)[at]; break;
            case FC_COLUMN_BOOL: value = ((uint8_t *)column->values)[at]; break;
            case FC_COLUMN_CODE:
            case FC_COLUMN_INT32: value = ((int32_t *)column->values)[at]; break;
            default: value = ((int64_t *)column->values)[at]; break;
            }
            CHECK_FOR(value == want, "column %u row %d", i, (int)row);
        }
    }
}

static void test_round_trip(void) {
    char error[FC_ARROW_ERROR];
    for (int64_t rows = 0; rows < 40; rows += 13)
        for (int batches = 0; batches < 4; batches++)
            for (int64_t skip = 0; skip <= rows; skip += 6) {
                fc_columns *set, *got;
                CHECK(make(&fc_alloc_libc, rows, &set) == FC_OK);
                released = 0;
                fc_status status = through(&fc_alloc_libc, set, batches, skip, error, &got);
                CHECK_FOR(status == FC_OK, "%s", error);
                fc_columns_free(set);
                if (status != FC_OK) continue;
                CHECK(got->rows == (rows - skip) * batches);
                for (int64_t row = 0; row < got->rows; row++)
                    check_row(got, row, skip + row % (rows - skip));
                fc_columns_free(got);
                CHECK_FOR(released == batches, "%d of %d", released, batches);
            }
}

/* ---- Memory -------------------------------------------------------------------------------- */

typedef struct measure {
    size_t now, most;
} measure;

static void *measure_resize(void *ctx, void *block, size_t size) {
    measure *m = ctx;
    size_t had = block ? ((size_t *)block)[-2] : 0;
    size_t *head = realloc(block ? (size_t *)block - 2 : NULL, size + 2 * sizeof *head);
    if (!head) return NULL;
    *head = size;
    m->now += size - had;
    if (m->now > m->most) m->most = m->now;
    return head + 2;
}
static void *measure_get(void *ctx, size_t size) { return measure_resize(ctx, NULL, size); }
static void measure_release(void *ctx, void *block) {
    ((measure *)ctx)->now -= ((size_t *)block)[-2];
    free((size_t *)block - 2);
}

enum { TEXTS = 20000, PARTS = 200 };

static void release_nothing(struct ArrowArray *array) {
    released++;
    array->release = NULL;
}
static void release_no_schema(struct ArrowSchema *schema) { schema->release = NULL; }

/* Many batches of one row, each with a long dictionary, in memory of its own or in the same. */
static void test_batches_with_long_dictionaries(void) {
    int32_t *offsets = malloc((TEXTS + 1) * sizeof *offsets);
    char *bytes = malloc(TEXTS * 8);
    if (!offsets || !bytes) abort();
    for (int32_t i = 0; i <= TEXTS; i++) offsets[i] = i * 5;
    for (int i = 0, rest = 0; i < TEXTS * 5; i++, rest /= 10) {
        if (i % 5 == 0) rest = i / 5;
        bytes[i] = (char)('0' + rest % 10);
    }
    for (int same = 0; same < 2; same++) {
        struct ArrowSchema values = {.format = "u", .release = release_no_schema};
        struct ArrowSchema field = {
            .format = "i", .name = "d", .dictionary = &values, .release = release_no_schema};
        struct ArrowSchema *fields[] = {&field};
        struct ArrowSchema top = {
            .format = "+s", .n_children = 1, .children = fields, .release = release_no_schema};
        static const int32_t index = TEXTS - 3;
        /* A null count of its own makes another dictionary of each. */
        const void *texts[3] = {NULL, offsets, bytes}, *indices[] = {NULL, &index},
                   *none[] = {NULL};
        struct ArrowArray dictionary[2], child[2], *children[2];
        measure m = {0, 0};
        fc_alloc alloc = {measure_get, measure_resize, measure_release, &m};
        char error[FC_ARROW_ERROR];
        fc_arrow_in *in;
        fc_columns *set = NULL;
        released = 0;
        CHECK(fc_arrow_in_new(&alloc, &top, 1, error, &in) == FC_OK);
        for (int i = 0; i < PARTS; i++) {
            int at = i & 1;
            dictionary[at] = (struct ArrowArray){.length = TEXTS,
                                                 .n_buffers = 3,
                                                 .null_count = same ? 0 : -at,
                                                 .buffers = texts,
                                                 .release = release_nothing};
            child[at] = (struct ArrowArray){.length = 1,
                                            .n_buffers = 2,
                                            .buffers = indices,
                                            .dictionary = &dictionary[at],
                                            .release = release_nothing};
            children[at] = &child[at];
            struct ArrowArray array = {.length = 1,
                                       .n_buffers = 1,
                                       .n_children = 1,
                                       .buffers = none,
                                       .children = &children[at],
                                       .release = release_nothing};
            fc_status status = fc_arrow_in_push(in, &array, error);
            CHECK_FOR(status == FC_OK, "%s", error);
        }
        CHECK(fc_arrow_in_finish(in, error, &set) == FC_OK);
        fc_arrow_in_free(in);
        CHECK(set->rows == PARTS && released == PARTS);
        for (int i = 0; i < PARTS; i++) CHECK(((int32_t *)set->columns[0].values)[i] == TEXTS - 3);
        fc_columns_free(set);
        CHECK_FOR(m.now == 0 && m.most < 4 << 20, "%d bytes at most", (int)m.most);
    }
    free(offsets);
    free(bytes);
}

/* ---- Broken batches ------------------------------------------------------------------------ */

/* Doubles "x", texts "s" and dictionary codes "d" of three rows. Only the batch itself is for us to
 * release, so every call is counted alike. */
typedef struct by_hand {
    struct ArrowSchema schemas[5], *fields[3];
    struct ArrowArray top, x, s, d, values, *children[4];
    const void *none[1], *numbers[2], *texts[3], *indices[2];
    double doubles[3];
    int32_t offsets[4];
    int8_t codes[3];
} by_hand;

static void make_by_hand(by_hand *h) {
    static const char *const formats[] = {"+s", "g", "u", "c", "u"}, *const names[] = {"", "x", "s",
                                                                                       "d", ""};
    memset(h, 0, sizeof *h);
    for (int i = 0; i < 5; i++)
        h->schemas[i] = (struct ArrowSchema){
            .format = formats[i], .name = names[i], .release = release_no_schema};
    for (int i = 0; i < 3; i++) h->fields[i] = &h->schemas[i + 1], h->offsets[i + 1] = i + 1;
    h->schemas[0].n_children = 3, h->schemas[0].children = h->fields;
    h->schemas[3].dictionary = &h->schemas[4];
    h->numbers[1] = h->doubles, h->indices[1] = h->codes;
    h->texts[1] = h->offsets, h->texts[2] = "abc";
    struct ArrowArray array = {.length = 3, .release = release_nothing};
    h->top = h->x = h->s = h->d = h->values = array;
    h->top.n_buffers = 1, h->top.buffers = h->none;
    h->x.n_buffers = 2, h->x.buffers = h->numbers;
    h->s.n_buffers = h->values.n_buffers = 3, h->s.buffers = h->values.buffers = h->texts;
    h->d.n_buffers = 2, h->d.buffers = h->indices, h->d.dictionary = &h->values;
    h->children[0] = &h->x, h->children[1] = &h->s, h->children[2] = &h->d;
    h->children[3] = &h->x;
    h->top.n_children = 3, h->top.children = h->children;
}

static void break_nothing(by_hand *h) { (void)h; }
static void no_bitmap(by_hand *h) { h->x.null_count = 1; }
static void no_bitmap_of_rows(by_hand *h) { h->top.null_count = 2; }
static void no_bitmap_of_values(by_hand *h) { h->values.null_count = 1; }
static void more_children(by_hand *h) { h->top.n_children = 4; }
static void fewer_children(by_hand *h) { h->top.n_children = 2; }
static void no_child(by_hand *h) { h->children[1] = NULL; }
static void short_child(by_hand *h) { h->d.length = 2; }
static void negative_offset(by_hand *h) { h->s.offset = -1; }
static void no_values(by_hand *h) { h->numbers[1] = NULL; }
static void no_buffers(by_hand *h) { h->d.buffers = NULL; }
static void other_buffers(by_hand *h) { h->x.n_buffers = 3; }
static void released_child(by_hand *h) { h->s.release = NULL; }
static void no_dictionary(by_hand *h) { h->d.dictionary = NULL; }
static void odd_dictionary(by_hand *h) { h->x.dictionary = &h->values; }
static void index_outside(by_hand *h) { h->codes[2] = 3; }
static void falling_offsets(by_hand *h) { h->offsets[2] = 0; }
static void (*const breaks[])(by_hand *) = {
    no_bitmap,      no_bitmap_of_rows, no_bitmap_of_values, more_children,
    fewer_children, no_child,          short_child,         negative_offset,
    no_values,      no_buffers,        other_buffers,       released_child,
    no_dictionary,  odd_dictionary,    index_outside,       falling_offsets};
enum { BREAKS = sizeof breaks / sizeof *breaks };

/* A sound batch, then one with a change; every batch handed over is released once. */
static fc_status push_changed(const fc_alloc *alloc, void (*change)(by_hand *), char *error) {
    by_hand batches[2];
    fc_arrow_in *in;
    fc_columns *set = NULL;
    int pushed = 0;
    released = 0;
    for (int i = 0; i < 2; i++) make_by_hand(&batches[i]);
    change(&batches[1]);
    fc_status status = fc_arrow_in_new(alloc, &batches[0].schemas[0], 1, error, &in);
    CHECK(!batches[0].schemas[0].release);
    if (status != FC_OK) return status;
    for (; pushed < 2 && status == FC_OK; pushed++) {
        status = fc_arrow_in_push(in, &batches[pushed].top, error);
        CHECK(!batches[pushed].top.release);
    }
    if (status == FC_OK) status = fc_arrow_in_finish(in, error, &set);
    fc_arrow_in_free(in);
    fc_columns_free(set);
    CHECK_FOR(released == pushed, "%d of %d", released, pushed);
    return status;
}

static void test_broken_batches(void) {
    char error[FC_ARROW_ERROR];
    CHECK(push_changed(&fc_alloc_libc, break_nothing, error) == FC_OK);
    for (int which = 0; which < BREAKS; which++) {
        fc_status status = FC_ENOMEM;
        for (int k = 0; status == FC_ENOMEM; k++) {
            failing count = {.fail_at = k};
            fc_alloc alloc = failing_alloc(&count);
            status = push_changed(&alloc, breaks[which], error);
            CHECK(count.held == 0);
        }
        CHECK_FOR(status == FC_EINVALID && !strncmp(error, "column '", 8), "%d: %s", which, error);
    }
}

static void same_name(by_hand *h) { h->schemas[2].name = "x"; }
static void no_format(by_hand *h) { h->schemas[3].format = NULL; }
static void no_field(by_hand *h) { h->fields[1] = NULL; }
static void released_field(by_hand *h) { h->fields[2]->release = NULL; }
static void odd_children(by_hand *h) { h->schemas[1].n_children = 1; }
static void odd_indices(by_hand *h) { h->schemas[3].format = "g"; }
static void (*const schema_breaks[])(by_hand *) = {same_name,      no_format,    no_field,
                                                   released_field, odd_children, odd_indices};
enum { SCHEMA_BREAKS = sizeof schema_breaks / sizeof *schema_breaks };

static void test_broken_schemas(void) {
    char error[FC_ARROW_ERROR];
    for (int which = 0; which < SCHEMA_BREAKS; which++) {
        fc_status status = FC_ENOMEM;
        for (int k = 0; status == FC_ENOMEM; k++) {
            failing count = {.fail_at = k};
            fc_alloc alloc = failing_alloc(&count);
            by_hand h;
            fc_arrow_in *in;
            make_by_hand(&h);
            schema_breaks[which](&h);
            status = fc_arrow_in_new(&alloc, &h.schemas[0], 1, error, &in);
            CHECK(!h.schemas[0].release && count.held == 0);
        }
        CHECK_FOR(status == FC_EINVALID && error[0], "%d: %s", which, error);
    }
}

/* ---- Failing allocations ------------------------------------------------------------------- */

static bool run_failing(int k) {
    failing count = {.fail_at = k};
    fc_alloc alloc = failing_alloc(&count);
    char error[FC_ARROW_ERROR];
    fc_columns *set, *got;
    CHECK(make(&fc_alloc_libc, 20, &set) == FC_OK);
    released = handed = 0;
    fc_status status = through(&alloc, set, 2, 3, error, &got);
    CHECK(status == FC_OK || status == FC_ENOMEM);
    if (status == FC_OK) fc_columns_free(got);
    fc_columns_free(set);
    CHECK(count.held == 0 && released == handed);
    status = status == FC_OK ? push_changed(&alloc, break_nothing, error) : status;
    CHECK(count.held == 0);
    return status == FC_OK;
}

static void test_failing_allocations(void) {
    int k = 0;
    while (!run_failing(k)) k++;
    CHECK(k > 10);
}

static const harness_test tests[] = {
    TEST(test_round_trip), TEST(test_batches_with_long_dictionaries), TEST(test_broken_batches),
    TEST(test_broken_schemas), TEST(test_failing_allocations)};
TEST_MAIN(tests)
