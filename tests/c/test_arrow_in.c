/* Arrow's way in without Python: what we hand out comes back equal, sliced and in several batches;
 * batches are released once; every failing allocation. */
#include "fastcore/arrow.h"

#include "columns_fixture.h"

static int released; /* batches */

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

static bool run_failing(int k) {
    failing count = {.fail_at = k};
    fc_alloc alloc = failing_alloc(&count);
    char error[FC_ARROW_ERROR];
    fc_columns *set, *got;
    CHECK(make(&fc_alloc_libc, 20, &set) == FC_OK);
    released = 0;
    fc_status status = through(&alloc, set, 2, 3, error, &got);
    CHECK(status == FC_OK || status == FC_ENOMEM);
    if (status == FC_OK) fc_columns_free(got);
    fc_columns_free(set);
    CHECK(count.held == 0);
    return status == FC_OK;
}

static void test_failing_allocations(void) {
    int k = 0;
    while (!run_failing(k)) k++;
    CHECK(k > 10);
}

static const harness_test tests[] = {TEST(test_round_trip), TEST(test_failing_allocations)};
TEST_MAIN(tests)
