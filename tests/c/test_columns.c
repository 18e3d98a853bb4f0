/* Layouts, sets and the gather: values, nulls, growth, alignment, and every failing allocation. */
#include "columns_fixture.h"

#include <math.h>

static void check_cells(const fc_columns *set) {
    for (uint32_t i = 0; i < set->count; i++) {
        const fc_column *column = &set->columns[i];
        for (int64_t r = 0; r < set->rows; r++) {
            bool null = fixture_null(i, r);
            CHECK_FOR(fc_column_is_valid(column, r) == !null, "column %u row %d", i, (int)r);
            if (column->kind == FC_COLUMN_STRING) {
                char text[32];
                size_t len = null ? 0 : fixture_text(r, text);
                const int64_t *offsets = column->values;
                CHECK(offsets[r + 1] - offsets[r] == (int64_t)len);
                CHECK(!len || memcmp(column->bytes + offsets[r], text, len) == 0);
            } else if (column->kind == FC_COLUMN_TIME) {
                int64_t value = ((int64_t *)column->values)[r];
                CHECK(value == (null ? INT64_MIN : fixture_value(i, r, 0)));
            }
        }
        int64_t nulls = 0;
        for (int64_t r = 0; r < set->rows; r++) nulls += fixture_null(i, r);
        CHECK(fc_column_null_count(column, set->rows) == nulls);
    }
}

/* The gather as its contract says it, cell by cell. */
static double expected(uint32_t column, int64_t row, uint32_t item, double missing) {
    return fixture_null(column, row) ? missing : (double)fixture_value(column, row, item);
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void check_matrix(const fc_columns *set, double missing, bool fortran, bool wide) {
    static const uint32_t which[] = {6, 0, 1, 5, 4, 3, 2, 9};
    enum { COUNT = sizeof which / sizeof *which };
    uint32_t cols = 0;
    for (uint32_t k = 0; k < COUNT; k++) cols += set->columns[which[k]].items;
    size_t rows = (size_t)set->rows, gap = wide ? 2 : 1;
    size_t cells = rows * cols * gap + 1;
    double *f64 = malloc(cells * sizeof *f64);
    float *f32 = malloc(cells * sizeof *f32);
    ptrdiff_t row_stride = (ptrdiff_t)((fortran ? 1 : cols) * gap);
    ptrdiff_t col_stride = (ptrdiff_t)((fortran ? rows : 1) * gap);
    CHECK(fc_columns_matrix_f64(set, which, COUNT, missing, f64, row_stride, col_stride) == FC_OK);
    CHECK(fc_columns_matrix_f32(set, which, COUNT, (float)missing, f32, row_stride, col_stride) ==
          FC_OK);
    for (int64_t r = 0; r < set->rows; r++) {
        uint32_t c = 0;
        for (uint32_t k = 0; k < COUNT; k++)
            for (uint32_t item = 0; item < set->columns[which[k]].items; item++, c++) {
                double want = expected(which[k], r, item, missing);
                ptrdiff_t at = r * row_stride + (ptrdiff_t)c * col_stride;
                CHECK_FOR(same(f64[at], want), "row %d column %u", (int)r, c);
                CHECK_FOR(same(f32[at], (float)want), "row %d column %u", (int)r, c);
            }
    }
    free(f64);
    free(f32);
}

static fc_columns *fixture(int64_t capacity, int64_t rows) {
    fc_layout *layout = NULL;
    fc_columns *set = NULL;
    CHECK(fc_layout_new(&fc_alloc_libc, fixture_specs, FIXTURE_COLUMNS, &layout) == FC_OK);
    CHECK(fc_columns_new(&fc_alloc_libc, layout, capacity, &set) == FC_OK);
    fc_layout_free(layout); /* the set has its own reference */
    CHECK(fixture_fill(set, rows) == FC_OK);
    return set;
}

static void test_cells_and_matrix(void) {
    static const int64_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 9, 63, 64, 65, 200, 1000};
    FOR_EACH_LEVEL(level)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fc_columns *set = fixture(i % 3 ? sizes[i] : 0, sizes[i]);
        check_cells(set);
        for (int form = 0; form < 4; form++)
            check_matrix(set, i % 2 ? NAN : -9, form & 1, form & 2);
        fc_columns_free(set);
    }
}

static void test_negative_strides(void) {
    fc_columns *set = fixture(0, 70);
    double out[70];
    uint32_t which = 1;
    CHECK(fc_columns_matrix_f64(set, &which, 1, 0, out + 69, -1, 1) == FC_OK);
    for (int r = 0; r < 70; r++) CHECK(out[69 - r] == (double)fixture_value(1, r, 0));
    fc_columns_free(set);
}

static void test_alignment(void) {
    for (int64_t rows = 1; rows < 300; rows = rows * 3 / 2 + 1) {
        fc_columns *set = fixture(0, rows);
        for (uint32_t i = 0; i < set->count; i++) {
            fc_column *column = &set->columns[i];
            size_t bytes = column->info->row_bytes * (size_t)set->capacity;
            CHECK((uintptr_t)column->values % (bytes >= 64 ? 64 : 8) == 0);
            CHECK((uintptr_t)column->valid % 8 == 0);
            CHECK((column->valid != NULL) == column->info->nullable);
        }
        fc_columns_free(set);
    }
}

static void test_names(void) {
    enum { MANY = 500 };
    char names[MANY][16];
    fc_column_spec specs[MANY] = {{0}};
    for (int i = 0; i < MANY; i++) {
        specs[i].name_len = (size_t)sprintf(names[i], "c%d", i);
        specs[i].name = names[i];
        specs[i].items = 1;
    }
    fc_layout *layout;
    CHECK(fc_layout_new(&fc_alloc_libc, specs, MANY, &layout) == FC_OK);
    for (int i = 0; i < MANY; i++) CHECK(fc_layout_find(layout, names[i], specs[i].name_len) == i);
    CHECK(fc_layout_find(layout, "c", 1) == -1);
    CHECK(fc_layout_find(layout, "", 0) == -1);
    fc_layout_free(layout);
    CHECK(fc_layout_new(&fc_alloc_libc, NULL, 0, &layout) == FC_OK);
    CHECK(fc_layout_find(layout, "c0", 2) == -1);
    fc_layout_free(layout);
}

static void refused(fc_column_spec spec, fc_status status) {
    fc_layout *layout = NULL;
    CHECK(fc_layout_new(&fc_alloc_libc, &spec, 1, &layout) == status);
    CHECK(!layout);
}

static void test_refusals(void) {
    fc_column_spec twice[2] = {fixture_specs[0], fixture_specs[0]};
    fc_layout *layout = NULL;
    CHECK(fc_layout_new(&fc_alloc_libc, twice, 2, &layout) == FC_EINVALID);
    fc_column_spec base = {.name = "x", .name_len = 1, .kind = FC_COLUMN_STRING, .items = 2};
    refused(base, FC_EINVALID);
    base.kind = FC_COLUMN_FLOAT64;
    base.items = 0;
    refused(base, FC_EINVALID);
    base.items = 1;
    base.text_count = -1;
    refused(base, FC_EINVALID);
    base.text_count = 0;
    base.kind = (fc_column_kind)FC_COLUMN_KINDS;
    refused(base, FC_EINVALID);

    fc_columns *set = fixture(0, 5);
    double out[5];
    uint32_t which = 7; /* the texts */
    CHECK(fc_columns_matrix_f64(set, &which, 1, 0, out, 1, 1) == FC_EINVALID);
    which = 99;
    CHECK(fc_columns_matrix_f64(set, &which, 1, 0, out, 1, 1) == FC_EINVALID);
    CHECK(fc_columns_matrix_f64(set, NULL, 0, 0, out, 1, 1) == FC_EINVALID);
    fc_columns_free(set);
}

static void test_absurd_sizes(void) {
    fc_columns *set = fixture(0, 3), *other = NULL;
    CHECK(fc_columns_reserve(set, INT64_MAX) == FC_ENOMEM);
    CHECK(fc_columns_reserve(set, INT64_MAX / 8) == FC_ENOMEM);
    CHECK(fc_columns_new(&fc_alloc_libc, set->layout, INT64_MAX, &other) == FC_ENOMEM);
    CHECK(fc_columns_new(&fc_alloc_libc, set->layout, -1, &other) == FC_EINVALID);
    char *at;
    CHECK(fc_column_begin_text(set, &set->columns[7], 3, SIZE_MAX, &at) == FC_ENOMEM);
    CHECK(fc_column_begin_text(set, &set->columns[7], 3, SIZE_MAX / 2, &at) == FC_ENOMEM);
    check_cells(set);
    CHECK(fixture_fill(set, 20) == FC_OK);
    check_cells(set);
    fc_columns_free(set);
}

static void test_objects_are_cleared(void) {
    fc_column_spec spec = {.name = "o", .name_len = 1, .kind = FC_COLUMN_OBJECT, .items = 1};
    fc_layout *layout;
    fc_columns *set;
    CHECK(fc_layout_new(&fc_alloc_libc, &spec, 1, &layout) == FC_OK);
    CHECK(layout->has_objects);
    CHECK(fc_columns_new(&fc_alloc_libc, layout, 3, &set) == FC_OK);
    int thing;
    ((void **)set->columns[0].values)[2] = &thing;
    CHECK(fc_columns_reserve(set, 100) == FC_OK);
    void **cells = set->columns[0].values;
    for (int64_t r = 0; r < set->capacity; r++) CHECK(cells[r] == (r == 2 ? &thing : NULL));
    fc_columns_free(set);
    fc_layout_free(layout);
}

/* All of it with the k-th allocation failing: nothing leaks, and what is there stays right. */
static bool run_failing(int k) {
    failing f = {.fail_at = k};
    fc_alloc alloc = failing_alloc(&f);
    fc_layout *layout = NULL;
    fc_columns *set = NULL;
    fc_status status = fc_layout_new(&alloc, fixture_specs, FIXTURE_COLUMNS, &layout);
    if (status == FC_OK) status = fc_columns_new(&alloc, layout, 2, &set);
    if (status == FC_OK) status = fixture_fill(set, 50);
    if (set) check_cells(set);
    /* A failed allocation is not the end of the set. */
    if (set && status != FC_OK) CHECK(fixture_fill(set, 50) == FC_OK);
    if (set) check_cells(set);
    CHECK(status == (f.calls > k ? FC_ENOMEM : FC_OK));
    fc_columns_free(set);
    fc_layout_free(layout);
    CHECK(f.held == 0);
    return status == FC_OK;
}

static void test_failing_allocations(void) {
    int k = 0;
    while (!run_failing(k)) k++;
    CHECK(k > 5);
}

static void test_one_allocation_for_one_row(void) {
    failing f = {.fail_at = -1};
    fc_alloc alloc = failing_alloc(&f);
    fc_layout *layout;
    fc_columns *set;
    CHECK(fc_layout_new(&fc_alloc_libc, fixture_specs, FIXTURE_NUMERIC, &layout) == FC_OK);
    CHECK(fc_columns_new(&alloc, layout, 1, &set) == FC_OK);
    CHECK(fixture_fill(set, 1) == FC_OK);
    CHECK(f.calls == 1);
    fc_columns_free(set);
    fc_layout_free(layout);
}

/* A set of one row that is dropped is the next one, as new and without an allocation. */
static void test_dropped_row_is_the_next(void) {
    failing f = {.fail_at = -1};
    fc_alloc alloc = failing_alloc(&f);
    fc_layout *layout, *other;
    fc_columns *set, *second;
    CHECK(fc_layout_new(&alloc, fixture_specs, FIXTURE_NUMERIC, &layout) == FC_OK);
    CHECK(fc_layout_new(&alloc, fixture_specs, FIXTURE_NUMERIC, &other) == FC_OK);
    CHECK(fc_columns_new(&alloc, layout, 1, &set) == FC_OK);
    CHECK(fixture_fill(set, 1) == FC_OK);
    for (uint32_t i = 0; i < set->count; i++) fc_column_put_valid(&set->columns[i], 0);
    fc_columns *was = set;
    int calls = f.calls;
    fc_columns_free(set);
    CHECK(fc_columns_new(&alloc, layout, 1, &set) == FC_OK);
    CHECK(set == was && f.calls == calls && set->rows == 0 && set->refs == 1);
    for (uint32_t i = 0; i < set->count; i++)
        CHECK(!set->columns[i].valid || !fc_column_is_valid(&set->columns[i], 0));
    CHECK(fixture_fill(set, 1) == FC_OK);
    check_cells(set);
    /* There is one; a second one at the same time has a block of its own. */
    CHECK(fc_columns_new(&alloc, layout, 1, &second) == FC_OK);
    CHECK(second != set && f.calls == calls + 1);
    fc_columns_free(second);
    /* Of another layout, or grown, it is not kept; nor is one of another allocator. */
    fc_columns_relabel(set, other);
    fc_columns_free(set);
    CHECK(!other->spare && layout->spare == second);
    CHECK(fc_columns_new(&alloc, layout, 1, &set) == FC_OK);
    CHECK(set == second && fixture_fill(set, 20) == FC_OK);
    fc_columns_free(set);
    CHECK(!layout->spare);
    CHECK(fc_columns_new(&fc_alloc_libc, layout, 1, &set) == FC_OK);
    fc_columns_free(set);
    CHECK(!layout->spare);
    /* What waits goes with its layout. */
    CHECK(fc_columns_new(&alloc, layout, 1, &set) == FC_OK);
    fc_layout_free(layout);
    fc_columns_free(set);
    fc_layout_free(other);
    CHECK(f.held == 0);
}

static const harness_test tests[] = {
    TEST(test_cells_and_matrix),
    TEST(test_negative_strides),
    TEST(test_alignment),
    TEST(test_names),
    TEST(test_refusals),
    TEST(test_absurd_sizes),
    TEST(test_objects_are_cleared),
    TEST(test_failing_allocations),
    TEST(test_one_allocation_for_one_row),
    TEST(test_dropped_row_is_the_next),
};
TEST_MAIN(tests)
