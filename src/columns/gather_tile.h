/* A template: the gather of one output type. Before including, define
 *     FC_T      the type of a cell of the matrix: float or double
 *     FC_NAME   fc_columns_matrix_f32 or fc_columns_matrix_f64
 *     FC_N(x)   x with a suffix of its own, for the helpers
 * All three are undefined at the end. Included by gather.c only.
 *
 * Columns lie apart in memory while a row of the matrix is dense, so the matrix is made in tiles:
 * a run of rows of a few columns is converted into a small scratch (contiguous reads and writes,
 * which the compiler vectorises), nulls are patched there, and the scratch is transposed into the
 * matrix while it is still in the first cache. */

/* Converts `count` values from `at` on, `step` apart, to out[0 .. count). */
static void FC_N(convert)(const fc_column *column, size_t at, size_t step, size_t count,
                          FC_T *out) {
#define FROM(type)                                                                                 \
    do {                                                                                           \
        const type *values = (const type *)column->values + at;                                    \
        if (step == 1)                                                                             \
            for (size_t i = 0; i < count; i++) out[i] = (FC_T)values[i];                           \
        else                                                                                       \
            for (size_t i = 0; i < count; i++) out[i] = (FC_T)values[i * step];                    \
    } while (0)
    switch (column->kind) {
    case FC_COLUMN_FLOAT64: FROM(double); break;
    case FC_COLUMN_FLOAT32: FROM(float); break;
    case FC_COLUMN_INT64: FROM(int64_t); break;
    case FC_COLUMN_CODE:
    case FC_COLUMN_INT32: FROM(int32_t); break;
    case FC_COLUMN_BOOL: FROM(uint8_t); break;
    default: break;
    }
#undef FROM
}

/* The same with nulls: rows [row, row + count) of item `item`, `missing` where the bit is 0. */
static void FC_N(fetch)(const fc_column *column, uint32_t item, size_t row, size_t count,
                        FC_T missing, FC_T *out) {
    FC_N(convert)(column, row * column->items + item, column->items, count, out);
    if (!column->valid) return;
    for (size_t i = 0; i < count; i++)
        out[i] = fc_column_is_valid(column, (int64_t)(row + i)) ? out[i] : missing;
}

/* Cells of one row: the columns which[0 .. count), or those from `first` on, which are all of kind
 * `kind` with `items` values, none of them null unless `nulls`. Returns where the next column of
 * the matrix begins. */
static inline FC_T *FC_N(row_part)(const fc_columns *set, const uint32_t *which, uint32_t first,
                                   uint32_t count, fc_column_kind kind, uint32_t items, bool nulls,
                                   size_t row, FC_T missing, FC_T *out, ptrdiff_t col_stride) {
#define FROM(type)                                                                                 \
    for (uint32_t k = 0; k < count; k++) {                                                         \
        const fc_column *column = &set->columns[which ? which[k] : first + k];                     \
        bool valid = !nulls || fc_column_is_valid(column, (int64_t)row);                           \
        const type *values = (const type *)column->values + row * items;                           \
        for (uint32_t item = 0; item < items; item++, out += col_stride)                           \
            *out = valid ? (FC_T)values[item] : missing;                                           \
    }                                                                                              \
    break
    switch (kind) {
    case FC_COLUMN_FLOAT64: FROM(double);
    case FC_COLUMN_FLOAT32: FROM(float);
    case FC_COLUMN_INT64: FROM(int64_t);
    case FC_COLUMN_CODE:
    case FC_COLUMN_INT32: FROM(int32_t);
    case FC_COLUMN_BOOL: FROM(uint8_t);
    default: break;
    }
#undef FROM
    return out;
}

/* One row, without the detour over a scratch. */
static void FC_N(one_row)(const fc_columns *set, const uint32_t *which, uint32_t count, size_t row,
                          FC_T missing, FC_T *out, ptrdiff_t col_stride) {
    if (which) {
        for (uint32_t k = 0; k < count; k++) {
            const fc_column *column = &set->columns[which[k]];
            out = FC_N(row_part)(set, &which[k], 0, 1, column->kind, column->items, true, row,
                                 missing, out, col_stride);
        }
        return;
    }
    for (uint32_t i = 0; i < set->layout->run_count; i++) {
        const fc_column_run *run = &set->layout->runs[i];
        if (run->items == 1 && !run->nullable) /* so that the compiler sees a plain loop */
            out = FC_N(row_part)(set, NULL, run->first, run->count, run->kind, 1, false, row,
                                 missing, out, col_stride);
        else
            out = FC_N(row_part)(set, NULL, run->first, run->count, run->kind, run->items, true,
                                 row, missing, out, col_stride);
    }
}

/* out[r * row_stride + c * col_stride] = tile[c][r] */
static void FC_N(spread)(FC_T tile[TILE_COLS][TILE_ROWS], uint32_t cols, size_t rows, FC_T *out,
                         ptrdiff_t row_stride, ptrdiff_t col_stride) {
    if (cols == TILE_COLS && col_stride == 1) {
        for (size_t r = 0; r < rows; r++, out += row_stride)
            for (uint32_t c = 0; c < TILE_COLS; c++) out[c] = tile[c][r];
        return;
    }
    for (size_t r = 0; r < rows; r++, out += row_stride)
        for (uint32_t c = 0; c < cols; c++) out[(ptrdiff_t)c * col_stride] = tile[c][r];
}

/* Rows [first, first + rows), rows <= TILE_ROWS. */
static void FC_N(band)(const fc_columns *set, const uint32_t *which, uint32_t count, size_t first,
                       size_t rows, FC_T missing, FC_T *out, ptrdiff_t row_stride,
                       ptrdiff_t col_stride) {
    FC_T tile[TILE_COLS][TILE_ROWS];
    uint32_t filled = 0;
    for (uint32_t k = 0; k < count; k++) {
        const fc_column *column = &set->columns[which ? which[k] : k];
        for (uint32_t item = 0; item < column->items; item++) {
            FC_N(fetch)(column, item, first, rows, missing, tile[filled++]);
            if (filled < TILE_COLS) continue;
            FC_N(spread)(tile, filled, rows, out, row_stride, col_stride);
            out += TILE_COLS * col_stride;
            filled = 0;
        }
    }
    if (filled) FC_N(spread)(tile, filled, rows, out, row_stride, col_stride);
}

/* Columns of the matrix are contiguous: no tile is needed. */
static void FC_N(columnwise)(const fc_columns *set, const uint32_t *which, uint32_t count,
                             FC_T missing, FC_T *out, ptrdiff_t col_stride) {
    for (uint32_t k = 0; k < count; k++) {
        const fc_column *column = &set->columns[which ? which[k] : k];
        for (uint32_t item = 0; item < column->items; item++, out += col_stride)
            FC_N(fetch)(column, item, 0, (size_t)set->rows, missing, out);
    }
}

fc_status FC_NAME(const fc_columns *columns, const uint32_t *which, uint32_t count, FC_T missing,
                  FC_T *out, ptrdiff_t row_stride, ptrdiff_t col_stride) {
    if (!which) count = columns->count;
    FC_TRY(check_columns(columns, which, count));
    size_t rows = (size_t)columns->rows;
    if (rows < FEW_ROWS) {
        for (size_t r = 0; r < rows; r++)
            FC_N(one_row)(columns, which, count, r, missing, out + (ptrdiff_t)r * row_stride,
                          col_stride);
        return FC_OK;
    }
    if (row_stride == 1 && col_stride != 1) {
        FC_N(columnwise)(columns, which, count, missing, out, col_stride);
        return FC_OK;
    }
    for (size_t r = 0; r < rows; r += TILE_ROWS) {
        size_t here = rows - r < TILE_ROWS ? rows - r : TILE_ROWS;
        FC_N(band)(columns, which, count, r, here, missing, out + (ptrdiff_t)r * row_stride,
                   row_stride, col_stride);
    }
    return FC_OK;
}

#undef FC_T
#undef FC_NAME
#undef FC_N
