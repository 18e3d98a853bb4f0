/* Arrow export: what the structures say, who frees them when, and every failing allocation. */
#include "columns_fixture.h"

#include <pthread.h>

#include "fastcore/arrow.h"

static fc_status make(const fc_alloc *alloc, int64_t rows, fc_columns **out) {
    fc_layout *layout = NULL;
    fc_status status = fc_layout_new(alloc, fixture_specs, FIXTURE_COLUMNS, &layout);
    if (status == FC_OK) status = fc_columns_new(alloc, layout, 0, out);
    fc_layout_free(layout);
    return status == FC_OK ? fixture_fill(*out, rows) : status;
}

static void check_schema(const struct ArrowSchema *schema) {
    static const char *const formats[] = {"g", "f",    "l", "+w:2",    "b",
                                          "i", "+w:3", "U", "tsu:UTC", "+w:2"};
    CHECK(strcmp(schema->format, "+s") == 0 && schema->n_children == FIXTURE_COLUMNS);
    for (int i = 0; i < FIXTURE_COLUMNS; i++) {
        const struct ArrowSchema *child = schema->children[i];
        CHECK(strcmp(child->name, fixture_specs[i].name) == 0);
        CHECK_FOR(strcmp(child->format, formats[i]) == 0, "%s", child->format);
        CHECK(!!(child->flags & ARROW_FLAG_NULLABLE) == fixture_specs[i].nullable);
        const struct ArrowSchema *value = child->n_children ? child->children[0] : child;
        CHECK((value->dictionary != NULL) == (fixture_specs[i].kind == FC_COLUMN_CODE));
    }
}

static void check_array(const struct ArrowArray *array, int64_t rows) {
    CHECK(array->length == rows && array->n_children == FIXTURE_COLUMNS);
    for (int i = 0; i < FIXTURE_COLUMNS; i++) {
        const struct ArrowArray *child = array->children[i];
        int64_t nulls = 0;
        for (int64_t r = 0; r < rows; r++) nulls += fixture_null((uint32_t)i, r);
        CHECK(child->length == rows && child->offset == 0 && child->null_count == nulls);
        const uint8_t *bits = child->buffers[0];
        for (int64_t r = 0; r < rows && bits; r++)
            CHECK((bits[r / 8] >> (r % 8) & 1) == !fixture_null((uint32_t)i, r));
    }
    const uint8_t *bools = array->children[4]->buffers[1];
    for (int64_t r = 0; r < rows; r++)
        CHECK((bools[r / 8] >> (r % 8) & 1) ==
              (!fixture_null(4, r) && fixture_value(4, r, 0) != 0));
}

static void test_export(void) {
    for (int64_t rows = 0; rows < 40; rows = rows * 2 + 1) {
        fc_columns *set;
        struct ArrowSchema schema;
        struct ArrowArray array;
        CHECK(make(&fc_alloc_libc, rows, &set) == FC_OK);
        CHECK(fc_arrow_schema(&fc_alloc_libc, set->layout, &schema) == FC_OK);
        CHECK(fc_arrow_array(&fc_alloc_libc, set, &array) == FC_OK);
        fc_columns_free(set); /* the export keeps it */
        check_schema(&schema);
        check_array(&array, rows);
        schema.release(&schema);
        array.release(&array);
        CHECK(!schema.release && !array.release);
    }
}

static void *release_child(void *child) {
    struct ArrowArray *array = child;
    array->release(array);
    return NULL;
}

/* A child that was moved out outlives its parent, and may be released by another thread. */
static void test_moved_children(void) {
    fc_columns *set;
    struct ArrowArray array, moved[FIXTURE_COLUMNS];
    pthread_t threads[FIXTURE_COLUMNS];
    CHECK(make(&fc_alloc_libc, 100, &set) == FC_OK);
    CHECK(fc_arrow_array(&fc_alloc_libc, set, &array) == FC_OK);
    fc_columns_free(set);
    for (int i = 0; i < FIXTURE_COLUMNS; i++) {
        moved[i] = *array.children[i];
        array.children[i]->release = NULL;
    }
    array.release(&array);
    CHECK(((const double *)moved[6].children[0]->buffers[1])[3] == (double)fixture_value(6, 1, 0));
    for (int i = 0; i < FIXTURE_COLUMNS; i++)
        if (pthread_create(&threads[i], NULL, release_child, &moved[i])) abort();
    for (int i = 0; i < FIXTURE_COLUMNS; i++) pthread_join(threads[i], NULL);
}

static void test_stream(void) {
    fc_columns *set;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    CHECK(make(&fc_alloc_libc, 9, &set) == FC_OK);
    CHECK(fc_arrow_stream(&fc_alloc_libc, set, &stream) == FC_OK);
    fc_columns_free(set);
    CHECK(stream.get_schema(&stream, &schema) == 0);
    CHECK(stream.get_next(&stream, &array) == 0 && array.release);
    check_array(&array, 9);
    array.release(&array);
    CHECK(stream.get_next(&stream, &array) == 0 && !array.release);
    CHECK(!stream.get_last_error(&stream));
    stream.release(&stream);
    check_schema(&schema);
    schema.release(&schema);
}

static void test_objects_are_refused(void) {
    fc_column_spec spec = {.name = "o", .name_len = 1, .kind = FC_COLUMN_OBJECT, .items = 1};
    fc_layout *layout;
    struct ArrowSchema schema;
    CHECK(fc_layout_new(&fc_alloc_libc, &spec, 1, &layout) == FC_OK);
    CHECK(fc_arrow_obstacle(layout) == 0);
    CHECK(fc_arrow_schema(&fc_alloc_libc, layout, &schema) == FC_EINVALID);
    fc_layout_free(layout);
}

static bool run_failing(int k) {
    failing f = {.fail_at = -1};
    fc_alloc alloc = failing_alloc(&f);
    fc_columns *set = NULL;
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;
    CHECK(make(&fc_alloc_libc, 5000, &set) == FC_OK); /* bits that need a block of their own */
    f.fail_at = k;
    bool failed = false;
    fc_status status = fc_arrow_schema(&alloc, set->layout, &schema);
    if (status == FC_OK) schema.release(&schema);
    failed |= status != FC_OK;
    status = fc_arrow_array(&alloc, set, &array);
    if (status == FC_OK) array.release(&array);
    failed |= status != FC_OK;
    status = fc_arrow_stream(&alloc, set, &stream);
    failed |= status != FC_OK;
    if (status == FC_OK) {
        int result = stream.get_next(&stream, &array);
        CHECK((stream.get_last_error(&stream) == NULL) == (result == 0));
        if (result == 0) array.release(&array);
        failed |= result != 0;
        stream.release(&stream);
    }
    CHECK(f.held == 0);
    CHECK(set->refs == 1);
    fc_columns_free(set);
    return !failed;
}

static void test_failing_allocations(void) {
    int k = 0;
    while (!run_failing(k)) k++;
    CHECK(k > 5);
}

static const harness_test tests[] = {
    TEST(test_export),
    TEST(test_moved_children),
    TEST(test_stream),
    TEST(test_objects_are_refused),
    TEST(test_failing_allocations),
};
TEST_MAIN(tests)
