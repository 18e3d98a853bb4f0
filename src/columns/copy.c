/* One cell from one set to another of the same layout. */
#include <string.h>

#include "fastcore/columns.h"

fc_status fc_column_copy_cell(fc_columns *to, uint32_t column, int64_t to_row,
                              const fc_columns *from, int64_t row) {
    const fc_column *source = &from->columns[column];
    fc_column *target = &to->columns[column];
    if (source->kind == FC_COLUMN_STRING) {
        const int64_t *offsets = source->values;
        const char *text = source->bytes ? source->bytes + offsets[row] : "";
        FC_TRY(fc_column_put_text(to, target, to_row, text,
                                  (size_t)(offsets[row + 1] - offsets[row])));
    } else {
        size_t bytes = source->info->row_bytes;
        memcpy((char *)target->values + (size_t)to_row * bytes,
               (const char *)source->values + (size_t)row * bytes, bytes);
    }
    if (fc_column_is_valid(source, row))
        fc_column_put_valid(target, to_row);
    else
        fc_column_put_null(target, to_row);
    return FC_OK;
}
