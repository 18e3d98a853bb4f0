/* Lists of numbers of a fixed length, as cells: a sink for the array of one cell. */
#include "schema/fill.h"

/* The number of item `i` is held against the i-th node of a tuple, or a list's one. */
static inline const fc_node *item_node(const fc_filling *f, const fc_node *list, uint32_t i) {
    const fc_node *nodes = f->schema->nodes;
    if (list->kind == FC_NODE_LIST) return &nodes[list->child];
    return &nodes[list->fields[list->variadic ? 0 : i]];
}

static inline fc_column *list_column(const fc_filling *f) {
    return &f->set->columns[f->list->target];
}

/* Back to the sink of the records, and the record is refused. */
static fc_status list_refuse(fc_filling *f, fc_json_walker *w) {
    w->sink = f->own;
    return fc_fill_refuse(f, w);
}

static fc_status list_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)kind;
    (void)at;
    fc_filling *f = w->self;
    f->open++;
    return list_refuse(f, w);
}

static fc_status list_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)kind;
    (void)end;
    (void)count;
    fc_filling *f = w->self;
    fc_column *column = list_column(f);
    f->open--;
    if (f->item != column->items) return list_refuse(f, w);
    fc_column_put_valid(column, f->set->rows);
    w->sink = f->own;
    return FC_OK;
}

static fc_status list_number(fc_json_walker *w, const fc_json_number *number) {
    fc_filling *f = w->self;
    fc_column *column = list_column(f);
    if (f->item == column->items) return list_refuse(f, w);
    const fc_node *node = item_node(f, &f->schema->nodes[f->list->node], f->item);
    size_t at = (size_t)f->set->rows * column->items + f->item++;
    if (column->kind == FC_COLUMN_FLOAT64) {
        double value = fc_json_number_double(number);
        if (!fc_check_float(node, value)) return list_refuse(f, w);
        ((double *)column->values)[at] = value;
        return FC_OK;
    }
    int64_t integer;
    if (!fc_json_number_int64(number, &integer) || !fc_check_int(node, integer))
        return list_refuse(f, w);
    ((int64_t *)column->values)[at] = integer;
    return FC_OK;
}

static fc_status list_doubles(fc_json_walker *w, const double *values, size_t count) {
    fc_filling *f = w->self;
    fc_column *column = list_column(f);
    const fc_node *list = &f->schema->nodes[f->list->node];
    if (count > column->items - f->item) return list_refuse(f, w);
    double *out = (double *)column->values + (size_t)f->set->rows * column->items + f->item;
    bool right = true;
    for (size_t i = 0; i < count; i++) {
        out[i] = values[i];
        right &= fc_check_float(item_node(f, list, f->item + (uint32_t)i), values[i]);
    }
    f->item += (uint32_t)count;
    return right ? FC_OK : list_refuse(f, w);
}

static fc_status list_string(fc_json_walker *w, const fc_json_string *string) {
    (void)string;
    return list_refuse(w->self, w);
}

static fc_status list_literal(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)kind;
    (void)at;
    return list_refuse(w->self, w);
}

static const fc_json_sink integers_sink = {
    list_begin, list_end, list_string, list_number, list_string, list_literal, NULL, NULL, NULL};
static const fc_json_sink doubles_sink = {list_begin,  list_end,     list_string,
                                          list_number, list_string,  list_literal,
                                          NULL,        list_doubles, NULL};

void fc_fill_list(fc_filling *f, fc_json_walker *w, const fc_record_field *field) {
    f->list = field;
    f->item = 0;
    bool real = list_column(f)->kind == FC_COLUMN_FLOAT64;
    w->sink = real ? &doubles_sink : &integers_sink;
}
