/* An object of arrays into columns: each array fills one column from its first row on.
 *
 * The first array says how many rows there are. What is not accepted as it stands makes the whole
 * table the original's: there is no record that could be judged alone. */
#include <string.h>

#include "schema/fill.h"

static const fc_json_sink float_sink;

/* Points to the cell of the next element; *ok is false if there is none, and all is refused. */
static fc_status next_cell(fc_filling *f, fc_json_walker *w, bool *ok) {
    int64_t most = f->measured ? f->rows : f->schema->max_rows;
    *ok = f->column && !((f->measured || most >= 0) && f->row >= most);
    /* Outside of an array: a field that is no array, or the value of a key that is not expected. */
    if (!*ok) return f->column || f->field ? fc_fill_refuse(f, w) : FC_OK;
    f->field = f->column;
    f->set->rows = f->row++;
    return fc_columns_reserve(f->set, f->row);
}

static fc_status table_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    fc_filling *f = w->self;
    const fc_record_field *field = f->field;
    f->field = NULL;
    f->open++;
    if (f->open == 1) {
        f->out->start = (size_t)(at - w->data);
        f->measured = false;
        if (kind != FC_JSON_OBJECT) return fc_fill_refuse(f, w);
        fc_fill_push(f, &f->frame->records[0]);
        return FC_OK;
    }
    if (f->column && f->column->cell == FC_CELL_LIST && kind == FC_JSON_ARRAY) {
        bool ok;
        FC_TRY(next_cell(f, w, &ok));
        if (ok) fc_fill_list(f, w, f->column);
        f->field = NULL;
        return FC_OK;
    }
    if (f->column && f->column->cell == FC_CELL_OBJECT) {
        bool ok;
        FC_TRY(next_cell(f, w, &ok));
        if (!ok) return FC_OK;
        f->field = NULL;
        f->object = f->column;
        f->object_start = at;
        fc_fill_skip(f, w, f->open - 1);
        return FC_OK;
    }
    if (f->column) return fc_fill_refuse(f, w); /* another array or object within an array */
    if (!field) {                               /* the value of a key that is not expected */
        fc_fill_skip(f, w, 1);
        return FC_OK;
    }
    if (kind != FC_JSON_ARRAY) return fc_fill_refuse(f, w);
    f->column = field;
    f->row = 0;
    if (field->cell == FC_CELL_FLOAT) w->sink = &float_sink;
    return FC_OK;
}

static fc_status table_number(fc_json_walker *w, const fc_json_number *number) {
    bool ok;
    FC_TRY(next_cell(w->self, w, &ok));
    return ok ? fc_fill_number(w, number) : FC_OK;
}

/* A run of a FLOAT column's elements. */
static fc_status table_doubles(fc_json_walker *w, const double *values, size_t count) {
    fc_filling *f = w->self;
    const fc_node *node = &f->schema->nodes[f->column->node];
    int64_t most = f->measured ? f->rows : f->schema->max_rows, after = f->row + (int64_t)count;
    if ((f->measured || most >= 0) && after > most) return fc_fill_refuse(f, w);
    FC_TRY(fc_columns_reserve(f->set, after));
    bool ok = true;
    for (size_t i = 0; i < count; i++) ok &= fc_check_float(node, values[i]);
    if (!ok) return fc_fill_refuse(f, w);
    fc_column *column = &f->set->columns[f->column->target];
    memcpy((double *)column->values + f->row, values, count * sizeof *values);
    for (int64_t row = f->row; column->valid && row < after; row++)
        fc_column_put_valid(column, row);
    f->row = after;
    f->set->rows = after - 1;
    return FC_OK;
}

static fc_status table_string(fc_json_walker *w, const fc_json_string *string) {
    bool ok;
    FC_TRY(next_cell(w->self, w, &ok));
    return ok ? fc_fill_string(w, string) : FC_OK;
}

static fc_status table_literal(fc_json_walker *w, fc_json_kind kind, const char *at) {
    bool ok;
    FC_TRY(next_cell(w->self, w, &ok));
    return ok ? fc_fill_literal(w, kind, at) : FC_OK;
}

/* Gives the fields that were not named their defaults in every row; *ok is false if one has none.
 */
static fc_status complete(fc_filling *f, bool *ok) {
    const fc_fill_frame *frame = &f->frames[0];
    const fc_record *record = frame->record;
    f->set->rows = f->rows;
    *ok = true;
    for (uint32_t i = 0; i < record->keys.count; i++) {
        if (frame->seen[i / 64] >> (i % 64) & 1) continue;
        const fc_record_field *field = &record->fields[i];
        if (field->required) {
            *ok = false;
            return FC_OK;
        }
        for (int64_t row = 0; row < f->rows; row++)
            FC_TRY(fc_column_copy_cell(f->set, field->target, row, f->frame->defaults, 0));
    }
    return FC_OK;
}

static fc_status table_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)kind;
    (void)count;
    fc_filling *f = w->self;
    f->open--;
    if (f->open) { /* an array */
        if (f->measured && f->row != f->rows) return fc_fill_refuse(f, w);
        f->measured = true;
        f->rows = f->row;
        f->column = NULL;
        w->sink = f->own;
        return FC_OK;
    }
    bool ok;
    FC_TRY(complete(f, &ok));
    if (!ok) f->out->refused = true;
    f->out->aware = f->aware;
    f->out->naive = f->naive;
    f->level = 0;
    return fc_fill_finish(f, w, end);
}

const fc_json_sink fc_fill_table_sink = {table_begin,     table_end,    fc_fill_key,
                                         table_number,    table_string, table_literal,
                                         fc_fill_predict, NULL,         NULL};

/* Within the array of a FLOAT column. */
static const fc_json_sink float_sink = {table_begin,     table_end,     fc_fill_key,
                                        table_number,    table_string,  table_literal,
                                        fc_fill_predict, table_doubles, NULL};
