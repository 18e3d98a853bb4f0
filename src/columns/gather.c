/* Columns to a matrix of float or double. */
#include "fastcore/columns.h"

/* A tile of double is 8 KiB: with as much of the columns and of the matrix it stays in a first
 * level cache of 32 KiB. Below FEW_ROWS a tile costs more than it saves. */
enum { TILE_COLS = 16, TILE_ROWS = 64, FEW_ROWS = 4 };

static fc_status check_columns(const fc_columns *set, const uint32_t *which, uint32_t count) {
    if (!which) return set->layout->all_numeric ? FC_OK : FC_EINVALID;
    for (uint32_t k = 0; k < count; k++) {
        uint32_t column = which[k];
        if (column >= set->count) return FC_EINVALID;
        if (!fc_column_is_numeric(set->columns[column].kind)) return FC_EINVALID;
    }
    return FC_OK;
}

#define FC_T float
#define FC_NAME fc_columns_matrix_f32
#define FC_N(x) x##_f32
#include "columns/gather_tile.h"

#define FC_T double
#define FC_NAME fc_columns_matrix_f64
#define FC_N(x) x##_f64
#include "columns/gather_tile.h"
