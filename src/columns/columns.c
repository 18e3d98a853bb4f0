/* Sets of rows: one block for a small set, one slab of cells for a set that has grown. */
#include <string.h>

#include "columns/cells.h"

/* Cells are aligned to a cache line, so that vectors never straddle one; columns of less than a
 * line share lines, so that a single row of twenty columns touches three and not twenty. */
enum { LINE = 64, WORD = 8, FIRST_ROWS = 8, FIRST_TEXT = 64, SPARE_BYTES = 1 << 14 };

/* Takes `bytes` off the front of what is free: *cursor is the offset of the first free byte. */
static inline bool take(size_t *cursor, size_t bytes, size_t *offset) {
    size_t align = bytes >= LINE ? LINE : WORD;
    if (bytes > SIZE_MAX - 2 * LINE || *cursor > SIZE_MAX - 2 * LINE - bytes) return false;
    *offset = (*cursor + align - 1) & ~(align - 1);
    *cursor = (*offset + bytes + WORD - 1) & ~(size_t)(WORD - 1);
    return true;
}

static inline bool values_bytes(const fc_column_info *info, size_t capacity, size_t *bytes) {
    /* Strings have one offset more than rows. */
    if (info->kind == FC_COLUMN_STRING && !fc_size_add(capacity, 1, &capacity)) return false;
    return fc_size_mul(info->row_bytes, capacity, bytes);
}

bool fc_cells_place(const fc_layout *layout, size_t capacity, uintptr_t base, fc_column *columns,
                    size_t *total, size_t *bits) {
    size_t cursor = 0, offset, bytes;
    size_t bitmap = capacity / 8 + (capacity % 8 != 0);
    for (uint32_t i = 0; i < layout->count; i++) {
        if (!values_bytes(&layout->columns[i], capacity, &bytes)) return false;
        if (!take(&cursor, bytes, &offset)) return false;
        if (columns) columns[i].values = (void *)(base + offset);
    }
    *bits = cursor;
    for (uint32_t i = 0; i < layout->count; i++) {
        if (!layout->columns[i].nullable) continue;
        if (!take(&cursor, bitmap, &offset)) return false;
        if (columns) columns[i].valid = (uint8_t *)(base + offset);
    }
    *total = cursor;
    return true;
}

static inline char *align_line(void *at) {
    return (char *)(((uintptr_t)at + LINE - 1) & ~(uintptr_t)(LINE - 1));
}

/* The same as fc_cells_place for one row, from the layout's template. */
static void place_one_row(const fc_layout *layout, char *base, fc_column *columns) {
    for (uint32_t i = 0; i < layout->count; i++) {
        columns[i] = layout->one_row[i];
        columns[i].values = base + (uintptr_t)columns[i].values;
        columns[i].valid =
            columns[i].info->nullable ? (uint8_t *)base + (uintptr_t)columns[i].valid : NULL;
    }
}

static void place_rows(const fc_layout *layout, size_t capacity, char *base, fc_column *columns) {
    size_t total, bits;
    for (uint32_t i = 0; i < layout->count; i++) {
        const fc_column_info *info = &layout->columns[i];
        columns[i] = (fc_column){.info = info, .kind = info->kind, .items = info->items};
    }
    fc_cells_place(layout, capacity, (uintptr_t)base, columns, &total, &bits);
}

/* What must be set before a filler comes: the first offset of texts, and no object anywhere. */
static void clear_cells(fc_columns *set) {
    for (uint32_t i = 0; i < set->count; i++) {
        fc_column *column = &set->columns[i];
        if (column->kind == FC_COLUMN_STRING) *(int64_t *)column->values = 0;
        if (column->kind == FC_COLUMN_OBJECT && set->capacity)
            memset(column->values, 0, (size_t)set->capacity * sizeof(void *));
    }
}

static inline size_t header_bytes(const fc_layout *layout) {
    return sizeof(fc_columns) + layout->count * sizeof(fc_column);
}

/* ---- The spare set of a layout ----------------------------------------------------------------
 *
 * A request of one record makes a set of one row and drops it soon after. The block that was
 * dropped last waits in the layout with all its pointers set, so that the next request neither
 * allocates nor places cells. It holds no reference to the layout, which would never be freed. */

static fc_columns *take_spare(fc_layout *layout) {
    fc_columns *set = __atomic_exchange_n(&layout->spare, NULL, __ATOMIC_ACQUIRE);
    if (!set) return NULL;
    FC_UNPOISON(set, header_bytes(layout) + LINE + layout->one_row_bytes);
    set->rows = 0;
    set->refs = 1;
    fc_layout_ref(layout);
    size_t bits = layout->one_row_bits;
    if (layout->one_row_bytes > bits)
        memset(align_line((char *)set + header_bytes(layout)) + bits, 0,
               layout->one_row_bytes - bits);
    return set;
}

/* The set's block is the layout's from now on, unless that has one already. */
static bool give_spare(fc_layout *layout, fc_columns *set) {
    if (!set->reusable || __atomic_load_n(&layout->spare, __ATOMIC_RELAXED)) return false;
    FC_POISON(set, header_bytes(layout) + LINE + layout->one_row_bytes);
    fc_columns *none = NULL;
    if (__atomic_compare_exchange_n(&layout->spare, &none, set, false, __ATOMIC_RELEASE,
                                    __ATOMIC_RELAXED))
        return true;
    FC_UNPOISON(set, header_bytes(layout) + LINE + layout->one_row_bytes);
    return false;
}

/* What can wait: nothing outside its block, and not so much that keeping it is felt. */
static bool can_wait(const fc_alloc *alloc, const fc_layout *layout) {
    return alloc == layout->alloc && !layout->has_texts && !layout->has_objects &&
           layout->one_row_bytes <= SPARE_BYTES;
}

fc_status fc_columns_new(const fc_alloc *alloc, fc_layout *layout, int64_t capacity,
                         fc_columns **out) {
    if (capacity < 0) return FC_EINVALID;
    bool reusable = capacity == 1 && can_wait(alloc, layout);
    if (reusable && (*out = take_spare(layout))) return FC_OK;
    size_t cells = layout->one_row_bytes, bits = layout->one_row_bits, total;
    size_t header = header_bytes(layout);
    if (capacity != 1 && !fc_cells_place(layout, (size_t)capacity, 0, NULL, &cells, &bits))
        return FC_ENOMEM;
    if (!fc_size_add(header + LINE, cells, &total)) return FC_ENOMEM;
    fc_columns *set = alloc->get(alloc->ctx, total);
    if (!set) return FC_ENOMEM;
    fc_column *columns = (fc_column *)(set + 1);
    *set = (fc_columns){.alloc = alloc,
                        .layout = fc_layout_ref(layout),
                        .columns = columns,
                        .count = layout->count,
                        .reusable = reusable,
                        .capacity = capacity,
                        .refs = 1};
    char *base = align_line((char *)set + header);
    if (capacity == 1)
        place_one_row(layout, base, columns);
    else
        place_rows(layout, (size_t)capacity, base, columns);
    if (cells > bits) memset(base + bits, 0, cells - bits);
    if (layout->has_texts || layout->has_objects) clear_cells(set);
    *out = set;
    return FC_OK;
}

fc_columns *fc_columns_ref(fc_columns *columns) {
    __atomic_fetch_add(&columns->refs, 1, __ATOMIC_RELAXED);
    return columns;
}

void fc_columns_free(fc_columns *columns) {
    if (!columns || __atomic_sub_fetch(&columns->refs, 1, __ATOMIC_ACQ_REL)) return;
    const fc_alloc *alloc = columns->alloc;
    fc_layout *layout = columns->layout;
    for (uint32_t i = 0; layout->has_texts && i < columns->count; i++)
        if (columns->columns[i].bytes) alloc->release(alloc->ctx, columns->columns[i].bytes);
    if (columns->slab) alloc->release(alloc->ctx, columns->slab);
    if (columns->drop) columns->drop(columns->owner);
    if (!give_spare(layout, columns)) alloc->release(alloc->ctx, columns);
    fc_layout_free(layout);
}

void fc_columns_relabel(fc_columns *columns, fc_layout *layout) {
    fc_layout *old = columns->layout;
    columns->reusable = false; /* its cells lie as `old` has them */
    columns->layout = fc_layout_ref(layout);
    for (uint32_t i = 0; i < columns->count; i++) columns->columns[i].info = &layout->columns[i];
    fc_layout_free(old);
}

/* Moves column i's cells from `old` to where `column` points now. */
static void move_cells(fc_column *column, const fc_column *old, size_t had, size_t now) {
    size_t width = column->info->row_bytes;
    size_t bytes = had * width;
    if (column->kind == FC_COLUMN_STRING) bytes += width;
    if (bytes) memcpy(column->values, old->values, bytes);
    if (column->kind == FC_COLUMN_OBJECT)
        memset((char *)column->values + bytes, 0, (now - had) * width);
    if (column->valid && had) memcpy(column->valid, old->valid, had / 8 + (had % 8 != 0));
}

fc_status fc_columns_grow(fc_columns *columns, int64_t rows) {
    const fc_alloc *alloc = columns->alloc;
    const fc_layout *layout = columns->layout;
    int64_t capacity = columns->capacity < INT64_MAX / 2 ? columns->capacity * 2 : INT64_MAX;
    if (capacity < FIRST_ROWS) capacity = FIRST_ROWS;
    if (capacity < rows) capacity = rows;
    size_t cells, bits, total;
    if (!fc_cells_place(layout, (size_t)capacity, 0, NULL, &cells, &bits)) return FC_ENOMEM;
    if (!fc_size_add(cells, LINE, &total)) return FC_ENOMEM;
    /* The pointers of the new slab stand in front of it until every cell has been moved. */
    size_t heads = layout->count * sizeof(fc_column);
    if (!fc_size_add(total, heads, &total)) return FC_ENOMEM;
    char *slab = alloc->get(alloc->ctx, total);
    if (!slab) return FC_ENOMEM;
    fc_column *moved = (fc_column *)slab;
    if (heads) memcpy(moved, columns->columns, heads);
    char *base = align_line(slab + heads);
    fc_cells_place(layout, (size_t)capacity, (uintptr_t)base, moved, &cells, &bits);
    if (cells > bits) memset(base + bits, 0, cells - bits);
    for (uint32_t i = 0; i < columns->count; i++) {
        move_cells(&moved[i], &columns->columns[i], (size_t)columns->capacity, (size_t)capacity);
        columns->columns[i] = moved[i];
    }
    if (columns->slab) alloc->release(alloc->ctx, columns->slab);
    columns->reusable = false;
    columns->slab = slab;
    columns->capacity = capacity;
    return FC_OK;
}

/* One loop a type; `items` values from `at` on. */
#define FILL(type, value)                                                                          \
    for (uint32_t i = 0; i < items; i++) ((type *)column->values)[at + i] = (value)

void fc_column_put_null(fc_column *column, int64_t row) {
    uint32_t items = column->items;
    size_t at = (size_t)row * items;
    switch (column->kind) {
    case FC_COLUMN_FLOAT64: FILL(double, __builtin_nan("")); break;
    case FC_COLUMN_FLOAT32: FILL(float, __builtin_nanf("")); break;
    case FC_COLUMN_INT64: FILL(int64_t, 0); break;
    case FC_COLUMN_INT32: FILL(int32_t, 0); break;
    case FC_COLUMN_BOOL: FILL(uint8_t, 0); break;
    case FC_COLUMN_CODE: FILL(int32_t, -1); break;
    case FC_COLUMN_TIME: FILL(int64_t, INT64_MIN); break;
    case FC_COLUMN_STRING: fc_column_end_text(column, row, 0); break;
    case FC_COLUMN_OBJECT: break;
    }
    if (column->valid) column->valid[row >> 3] &= (uint8_t)~(1u << (row & 7));
}

fc_status fc_column_begin_text(fc_columns *set, fc_column *column, int64_t row, size_t len,
                               char **out) {
    size_t used = (size_t)((const int64_t *)column->values)[row], need;
    if (!fc_size_add(used, len, &need)) return FC_ENOMEM;
    if (need > column->bytes_size || !column->bytes) {
        size_t size = column->bytes_size < SIZE_MAX / 2 ? column->bytes_size * 2 : SIZE_MAX;
        if (size < FIRST_TEXT) size = FIRST_TEXT;
        if (size < need) size = need;
        char *bytes = set->alloc->resize(set->alloc->ctx, column->bytes, size);
        if (!bytes) return FC_ENOMEM;
        column->bytes = bytes;
        column->bytes_size = size;
    }
    *out = column->bytes + used;
    return FC_OK;
}

fc_status fc_column_put_text(fc_columns *set, fc_column *column, int64_t row, const char *text,
                             size_t len) {
    if (len) {
        char *at;
        FC_TRY(fc_column_begin_text(set, column, row, len, &at));
        memcpy(at, text, len);
    }
    fc_column_end_text(column, row, len);
    return FC_OK;
}

int64_t fc_column_null_count(const fc_column *column, int64_t rows) {
    if (!column->valid) return 0;
    int64_t valid = 0;
    size_t whole = (size_t)rows / 8;
    for (size_t i = 0; i < whole; i++) valid += __builtin_popcount(column->valid[i]);
    /* Bits behind the last row belong to rows that were never committed. */
    if (rows % 8)
        valid += __builtin_popcount(column->valid[whole] & ((1u << (unsigned)(rows % 8)) - 1));
    return rows - valid;
}
