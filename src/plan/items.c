/* Sorting a sparse row whose columns came in any order. */
#include "plan/items.h"

enum { FEW = 32 };

static void insert(double *values, int32_t *columns, size_t count) {
    for (size_t i = 1; i < count; i++) {
        double value = values[i];
        int32_t column = columns[i];
        size_t at = i;
        for (; at && columns[at - 1] > column; at--) {
            columns[at] = columns[at - 1];
            values[at] = values[at - 1];
        }
        columns[at] = column;
        values[at] = value;
    }
}

/* Merges runs of `size` values into runs twice as long; of equal columns the left run's first. */
static void merge(const double *x, const int32_t *from, double *y, int32_t *to, size_t count,
                  size_t size) {
    for (size_t begin = 0, at = 0; begin < count; begin += 2 * size) {
        size_t i = begin, middle = begin + size < count ? begin + size : count;
        size_t j = middle, end = middle + size < count ? middle + size : count;
        for (; i < middle || j < end; at++) {
            size_t take = j >= end || (i < middle && from[i] <= from[j]) ? i++ : j++;
            to[at] = from[take];
            y[at] = x[take];
        }
    }
}

fc_status fc_csr_sort(fc_csr *csr, size_t first) {
    size_t count = csr->used - first, i = 1;
    double *values = csr->values + first;
    int32_t *columns = csr->columns + first;
    while (i < count && columns[i - 1] <= columns[i]) i++;
    if (i >= count) return FC_OK;
    if (count <= FEW) {
        insert(values, columns, count);
        return FC_OK;
    }
    FC_TRY(fc_room_reserve(csr, 0, count * sizeof *values));
    FC_TRY(fc_room_reserve(csr, 1, count * sizeof *columns));
    double *x = values, *y = csr->rooms[0].at;
    int32_t *from = columns, *to = csr->rooms[1].at;
    for (size_t at = 0; at < count; at += FEW)
        insert(x + at, from + at, count - at < FEW ? count - at : FEW);
    for (size_t size = FEW; size < count; size *= 2) {
        merge(x, from, y, to, count, size);
        double *swap_values = x;
        int32_t *swap_columns = from;
        x = y, y = swap_values;
        from = to, to = swap_columns;
    }
    if (x == values) return FC_OK;
    memcpy(values, x, count * sizeof *values);
    memcpy(columns, from, count * sizeof *columns);
    return FC_OK;
}
