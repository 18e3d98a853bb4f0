/* For the tests of columns: an allocator that fails, and a set with every kind in it. */
#ifndef FASTCORE_TESTS_COLUMNS_FIXTURE_H
#define FASTCORE_TESTS_COLUMNS_FIXTURE_H

#include "failing.h"
#include "fastcore/columns.h"
#include "harness.h"

static const char *const fixture_texts[] = {"red", "", "gr\xc3\xbcn"};
static const size_t fixture_lens[] = {3, 0, 5};

/* Kinds without OBJECT, nullable and not, scalar and listed. */
static const fc_column_spec fixture_specs[] = {
    {.name = "f64", .name_len = 3, .kind = FC_COLUMN_FLOAT64, .items = 1, .nullable = true},
    {.name = "f32", .name_len = 3, .kind = FC_COLUMN_FLOAT32, .items = 1},
    {.name = "i64", .name_len = 3, .kind = FC_COLUMN_INT64, .items = 1, .nullable = true},
    {.name = "i32", .name_len = 3, .kind = FC_COLUMN_INT32, .items = 2},
    {.name = "bool", .name_len = 4, .kind = FC_COLUMN_BOOL, .items = 1, .nullable = true},
    {.name = "code",
     .name_len = 4,
     .kind = FC_COLUMN_CODE,
     .items = 1,
     .nullable = true,
     .texts = fixture_texts,
     .text_lens = fixture_lens,
     .text_count = 3},
    {.name = "vec", .name_len = 3, .kind = FC_COLUMN_FLOAT64, .items = 3, .nullable = true},
    {.name = "text", .name_len = 4, .kind = FC_COLUMN_STRING, .items = 1, .nullable = true},
    {.name = "when",
     .name_len = 4,
     .kind = FC_COLUMN_TIME,
     .items = 1,
     .nullable = true,
     .utc = true},
    {.name = "codes",
     .name_len = 5,
     .kind = FC_COLUMN_CODE,
     .items = 2,
     .nullable = true,
     .texts = fixture_texts,
     .text_lens = fixture_lens,
     .text_count = 3},
};
enum { FIXTURE_COLUMNS = sizeof fixture_specs / sizeof *fixture_specs, FIXTURE_NUMERIC = 7 };

/* Cell values are a function of (column, row, item), so that any cell can be checked anywhere. */
static inline bool fixture_null(uint32_t column, int64_t row) {
    return fixture_specs[column].nullable && (row * 7 + column) % 5 == 0;
}
static inline int64_t fixture_value(uint32_t column, int64_t row, uint32_t item) {
    int64_t raw = (row * 31 + (int64_t)column * 7 + item * 3) % 1000;
    if (fixture_specs[column].kind == FC_COLUMN_CODE) return raw % 3;
    if (fixture_specs[column].kind == FC_COLUMN_BOOL) return raw % 2;
    return raw - 500;
}
static inline size_t fixture_text(int64_t row, char *out) {
    return (size_t)(row % 4 ? sprintf(out, "t%lld", (long long)row) : 0);
}

/* Writes the value that belongs to row `of` into row `row`. */
static inline fc_status fixture_cell(fc_columns *set, uint32_t i, int64_t row, int64_t of) {
    fc_column *column = &set->columns[i];
    if (fixture_null(i, of)) {
        fc_column_put_null(column, row);
        return FC_OK;
    }
    fc_column_put_valid(column, row);
    char text[32];
    if (column->kind == FC_COLUMN_STRING)
        return fc_column_put_text(set, column, row, text, fixture_text(of, text));
    for (uint32_t item = 0; item < column->items; item++) {
        int64_t value = fixture_value(i, of, item);
        size_t at = (size_t)row * column->items + item;
        switch (column->kind) {
        case FC_COLUMN_FLOAT64: ((double *)column->values)[at] = (double)value; break;
        case FC_COLUMN_FLOAT32: ((float *)column->values)[at] = (float)value; break;
        case FC_COLUMN_BOOL: ((uint8_t *)column->values)[at] = (uint8_t)value; break;
        case FC_COLUMN_CODE:
        case FC_COLUMN_INT32: ((int32_t *)column->values)[at] = (int32_t)value; break;
        default: ((int64_t *)column->values)[at] = value; break;
        }
    }
    return FC_OK;
}

/* Appends rows until there are `rows`, each written twice: an abandoned row leaves nothing. */
static inline fc_status fixture_fill(fc_columns *set, int64_t rows) {
    while (set->rows < rows) {
        FC_TRY(fc_columns_reserve(set, set->rows + 1));
        for (uint32_t i = 0; i < set->count; i++)
            FC_TRY(fixture_cell(set, i, set->rows, set->rows + 1));
        for (uint32_t i = 0; i < set->count; i++)
            FC_TRY(fixture_cell(set, i, set->rows, set->rows));
        set->rows++;
    }
    return FC_OK;
}

#endif
