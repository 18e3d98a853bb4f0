/* Records into columns, in one pass and without an object a value.
 *
 * Each event writes one cell. What is not accepted as it stands makes the record `bad`: the rest
 * of it is skipped, its row keeps placeholders, and its span is noted for the original. Skipping
 * is a sink of its own, so that the sink in use never asks what state it is in. */
#include "schema/fill.h"

#include <string.h>

#include "base/bytes.h"
#include "schema/fill_array.h"
#include "schema/lane.h"

static const fc_json_sink rows_sink, skip_sink;

/* ---- Rows --------------------------------------------------------------------------------- */

static fc_status note_refusal(fc_filling *f, const char *end, const char *data) {
    fc_fill *out = f->out;
    if (out->refusal_count == out->refusal_size) {
        size_t size = out->refusal_size ? out->refusal_size * 2 : 8, bytes;
        if (!fc_size_mul(size, sizeof *out->refusals, &bytes)) return FC_ENOMEM;
        void *grown = out->alloc->resize(out->alloc->ctx, out->refusals, bytes);
        if (!grown) return FC_ENOMEM;
        out->refusals = grown;
        out->refusal_size = size;
    }
    out->refusals[out->refusal_count++] = (fc_refusal){
        f->set->rows, f->set->rows, (size_t)(f->record_start - data), (size_t)(end - data)};
    return FC_OK;
}

/* Every cell of a committed row has a value, so that the set may be freed, read and copied. */
static fc_status blank_row(fc_columns *set) {
    for (uint32_t c = 0; c < set->count; c++) {
        fc_column_put_null(&set->columns[c], set->rows);
        if (set->columns[c].kind == FC_COLUMN_STRING)
            FC_TRY(fc_column_put_text(set, &set->columns[c], set->rows, "", 0));
    }
    return FC_OK;
}

/* The record (or what stands in its place) ended before `end`. */
static fc_status end_row(fc_filling *f, const char *end, const char *data) {
    if (FC_UNLIKELY(f->out->span_count != f->row_spans)) fc_fill_settle(f, end, data);
    if (FC_UNLIKELY(f->bad)) {
        FC_TRY(note_refusal(f, end, data));
        FC_TRY(blank_row(f->set));
    } else {
        f->out->aware |= f->aware;
        f->out->naive |= f->naive;
    }
    f->set->rows++;
    return FC_OK;
}

static fc_status begin_row(fc_filling *f, const char *at) {
    if (f->schema->max_rows >= 0 && f->many && f->set->rows >= f->schema->max_rows)
        f->out->refused = true; /* read on, for the syntax; the original says what is wrong */
    f->bad = false;
    f->aware = f->naive = 0;
    f->row_spans = f->out->span_count;
    f->record_start = at;
    return fc_columns_reserve(f->set, f->set->rows + 1);
}

void fc_fill_push(fc_filling *f, const fc_record *record) {
    fc_fill_frame *frame = &f->frames[f->level++];
    frame->record = record;
    frame->next = 0;
    frame->seen_count = 0;
    memset(frame->seen, 0, sizeof frame->seen);
}

void fc_fill_skip(fc_filling *f, fc_json_walker *w, uint32_t open) {
    f->resume = open;
    w->sink = &skip_sink;
}

/* The record under way is not accepted: skip the rest of it; of a table that is all of it. */
fc_status fc_fill_refuse(fc_filling *f, fc_json_walker *w) {
    f->bad = f->own == &rows_sink;
    f->level = 0;
    f->field = NULL;
    if (!f->bad) f->out->refused = true;
    fc_fill_skip(f, w, f->many ? 1 : 0);
    return FC_OK;
}

/* ---- Cells -------------------------------------------------------------------------------- */

/* Nulls in all cells of a nested record. */
static void put_nulls(fc_filling *f, const fc_record_field *field) {
    const fc_record *record = &f->frame->records[field->target];
    for (uint32_t c = record->first; c < record->first + record->count; c++)
        fc_column_put_null(&f->set->columns[c], f->set->rows);
}

fc_status fc_fill_complete(fc_filling *f, const fc_fill_frame *frame, bool *ok) {
    const fc_record *record = frame->record;
    *ok = true;
    for (uint32_t i = 0; i < record->keys.count; i++) {
        if (frame->seen[i / 64] >> (i % 64) & 1) continue;
        const fc_record_field *field = &record->fields[i];
        if (field->required) {
            *ok = false;
            return FC_OK;
        }
        if (field->cell == FC_CELL_RECORD)
            put_nulls(f, field);
        else
            FC_TRY(fc_column_copy_cell(f->set, field->target, f->set->rows, f->frame->defaults, 0));
    }
    return FC_OK;
}

static inline fc_column *cell(fc_filling *f, const fc_record_field *field) {
    return &f->set->columns[field->target];
}

fc_status fc_fill_number(fc_json_walker *w, const fc_json_number *number) {
    fc_filling *f = w->self;
    const fc_record_field *field = f->field;
    f->field = NULL;
    if (!field) {
        if (f->level) return FC_OK; /* the value of a key that is not expected */
        FC_TRY(begin_row(f, number->text));
        f->bad = true;
        return end_row(f, number->text + number->len, w->data);
    }
    const fc_node *node = &f->schema->nodes[field->node];
    fc_column *column = cell(f, field);
    int64_t row = f->set->rows, integer;
    if (field->cell == FC_CELL_FLOAT) {
        double value = fc_json_number_double(number);
        if (FC_UNLIKELY(!fc_check_float(node, value))) return fc_fill_refuse(f, w);
        ((double *)column->values)[row] = value;
    } else if (field->cell == FC_CELL_INT) {
        if (!fc_json_number_int64(number, &integer)) return fc_fill_refuse(f, w);
        bool ok = node->kind == FC_NODE_INT ? fc_check_int(node, integer)
                                            : fc_literal_int(node, integer) >= 0;
        if (FC_UNLIKELY(!ok)) return fc_fill_refuse(f, w);
        ((int64_t *)column->values)[row] = integer;
    } else if (field->cell == FC_CELL_OBJECT) {
        return fc_fill_note(f, field, number->text, number->text + number->len, w->data);
    } else {
        return fc_fill_refuse(f, w);
    }
    fc_column_put_valid(column, row);
    return FC_OK;
}

fc_status fc_fill_put_string(fc_columns *set, fc_column *column, const fc_json_string *string) {
    if (!string->escaped)
        return fc_column_put_text(set, column, set->rows, string->data, string->len);
    char *to;
    FC_TRY(fc_column_begin_text(set, column, set->rows, string->len, &to));
    fc_column_end_text(column, set->rows, fc_json_string_decode(string, to));
    return FC_OK;
}

fc_status fc_fill_string(fc_json_walker *w, const fc_json_string *string) {
    fc_filling *f = w->self;
    const fc_record_field *field = f->field;
    f->field = NULL;
    if (!field) {
        if (f->level) return FC_OK;
        FC_TRY(begin_row(f, string->data - 1));
        f->bad = true;
        return end_row(f, string->data + string->len + 1, w->data);
    }
    const fc_node *node = &f->schema->nodes[field->node];
    fc_column *column = cell(f, field);
    if (field->cell == FC_CELL_CODE) {
        int32_t code = fc_literal_text(node, string, 0);
        if (FC_UNLIKELY(code < 0)) return fc_fill_refuse(f, w);
        ((int32_t *)column->values)[f->set->rows] = code;
    } else if (field->cell == FC_CELL_TEXT) {
        if (!fc_check_text(node, string)) return fc_fill_refuse(f, w);
        FC_TRY(fc_fill_put_string(f->set, column, string));
    } else if (field->cell == FC_CELL_OBJECT) {
        return fc_fill_note(f, field, string->data - 1, string->data + string->len + 1, w->data);
    } else if (field->cell != FC_CELL_TIME || !fc_fill_time(f, field, string)) {
        return fc_fill_refuse(f, w);
    }
    fc_column_put_valid(column, f->set->rows);
    return FC_OK;
}

fc_status fc_fill_literal(fc_json_walker *w, fc_json_kind kind, const char *at) {
    fc_filling *f = w->self;
    const fc_record_field *field = f->field;
    f->field = NULL;
    if (!field) {
        if (f->level) return FC_OK;
        FC_TRY(begin_row(f, at));
        f->bad = true;
        return end_row(f, at + (kind == FC_JSON_FALSE ? 5 : 4), w->data);
    }
    if (field->cell == FC_CELL_RECORD) {
        if (kind != FC_JSON_NULL || !field->nullable) return fc_fill_refuse(f, w);
        put_nulls(f, field);
        return FC_OK;
    }
    const fc_node *node = &f->schema->nodes[field->node];
    fc_column *column = cell(f, field);
    if (kind == FC_JSON_NULL) {
        if (!node->nullable && field->cell == FC_CELL_OBJECT)
            return fc_fill_note(f, field, at, at + 4, w->data);
        if (!node->nullable) return fc_fill_refuse(f, w);
        fc_column_put_null(column, f->set->rows);
        return FC_OK;
    }
    if (field->cell == FC_CELL_OBJECT)
        return fc_fill_note(f, field, at, at + (kind == FC_JSON_FALSE ? 5 : 4), w->data);
    if (field->cell != FC_CELL_BOOL) return fc_fill_refuse(f, w);
    ((uint8_t *)column->values)[f->set->rows] = kind == FC_JSON_TRUE;
    fc_column_put_valid(column, f->set->rows);
    return FC_OK;
}

/* ---- Structure ---------------------------------------------------------------------------- */

static fc_status fill_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    fc_filling *f = w->self;
    const fc_record_field *field = f->field;
    f->field = NULL;
    f->open++;
    if (f->open == 1) f->out->start = (size_t)(at - w->data);
    if (f->open == 1 && f->many) {
        if (kind == FC_JSON_ARRAY) return FC_OK;
        f->out->refused = true;
        fc_fill_skip(f, w, 0);
        return FC_OK;
    }
    if (!f->level) { /* a record of the array, or the one record */
        FC_TRY(begin_row(f, at));
        if (kind != FC_JSON_OBJECT) return fc_fill_refuse(f, w);
        fc_fill_push(f, &f->frame->records[0]);
        return FC_OK;
    }
    if (!field) { /* the value of a key that is not expected */
        fc_fill_skip(f, w, f->open - 1);
        return FC_OK;
    }
    if (field->cell == FC_CELL_LIST && kind == FC_JSON_ARRAY) {
        fc_fill_list(f, w, field);
        return FC_OK;
    }
    if (field->cell == FC_CELL_OBJECT) {
        f->object = field;
        f->object_start = at;
        fc_fill_skip(f, w, f->open - 1);
        return FC_OK;
    }
    if (field->cell != FC_CELL_RECORD || kind != FC_JSON_OBJECT) return fc_fill_refuse(f, w);
    fc_fill_push(f, &f->frame->records[field->target]);
    return FC_OK;
}

/* The whole value has ended: give the walk back. */
fc_status fc_fill_finish(fc_filling *f, fc_json_walker *w, const char *end) {
    f->out->end = (size_t)(end - w->data);
    w->sink = f->back_sink;
    w->self = f->back_self;
    return f->finished ? f->finished(f->back_self) : FC_OK;
}

static fc_status close_record(fc_filling *f, fc_json_walker *w, const char *end) {
    const fc_fill_frame *frame = &f->frames[f->level - 1];
    if (FC_UNLIKELY(frame->seen_count != frame->record->keys.count)) {
        bool ok;
        FC_TRY(fc_fill_complete(f, frame, &ok));
        if (!ok) {
            if (f->level > 1) return fc_fill_refuse(f, w);
            f->bad = true;
        }
    }
    f->level--;
    return f->level ? FC_OK : end_row(f, end, w->data);
}

static fc_status fill_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)kind;
    (void)count;
    fc_filling *f = w->self;
    f->open--;
    if (f->level) FC_TRY(close_record(f, w, end));
    return f->open ? FC_OK : fc_fill_finish(f, w, end);
}

static fc_status take_field(fc_filling *f, fc_json_walker *w, fc_fill_frame *frame,
                            uint32_t number) {
    uint64_t bit = (uint64_t)1 << (number % 64);
    if (FC_UNLIKELY(frame->seen[number / 64] & bit)) return fc_fill_refuse(f, w); /* a duplicate */
    frame->seen[number / 64] |= bit;
    frame->seen_count++;
    frame->next = number + 1;
    f->field = &frame->record->fields[number];
    return FC_OK;
}

fc_status fc_fill_key(fc_json_walker *w, const fc_json_string *key) {
    fc_filling *f = w->self;
    fc_fill_frame *frame = &f->frames[f->level - 1];
    int32_t number = fc_keys_find(&frame->record->keys, key, frame->next);
    if (number >= 0) return take_field(f, w, frame, (uint32_t)number);
    f->field = NULL;
    return frame->record->forbid_extra ? fc_fill_refuse(f, w) : FC_OK;
}

/* If `"name":` of key `number` stands at `at`, the byte behind it; otherwise NULL. */
static inline const char *match_key(const fc_keys *keys, uint32_t number, const char *at,
                                    const char *end) {
    if (number >= keys->count) return NULL;
    const fc_key *key = &keys->keys[number];
    if (!key->token_len || (size_t)(end - at) < key->token_len) return NULL;
    return fc_bytes_equal(at, key->token, key->token_len) ? at + key->token_len : NULL;
}

const char *fc_fill_predict(fc_json_walker *w, const char *at, const char *end) {
    fc_filling *f = w->self;
    fc_fill_frame *frame = &f->frames[f->level - 1];
    uint32_t number = frame->next;
    const char *after = match_key(&frame->record->keys, number, at, end);
    if (!after || frame->seen[number / 64] >> (number % 64) & 1) return NULL;
    frame->seen[number / 64] |= (uint64_t)1 << (number % 64);
    frame->seen_count++;
    frame->next = number + 1;
    f->field = &frame->record->fields[number];
    return after;
}

/* Makes room, once, for as many records as the text can hold, if they are like the first one of
 * `size` bytes; but for no more cells than the text has bytes. */
static fc_status expect_more(fc_filling *f, size_t size, size_t left) {
    if (!f->many || f->set->rows != 0) return FC_OK;
    size_t rows = left / size + 2, most = left / (f->set->count + 1);
    return rows > most ? FC_OK : fc_columns_reserve(f->set, (int64_t)rows);
}

/* A record by the straight way, as long as most are given up by it no more often than not. */
static fc_status fill_record(fc_json_walker *w, const char *at, const char **next) {
    fc_filling *f = w->self;
    const fc_record *record = &f->frame->records[0];
    *next = NULL;
    if (*at != '{' || f->level || f->open != f->many || !record->lane ||
        f->lane_misses > f->lane_hits + 8)
        return FC_OK;
    FC_TRY(begin_row(f, at));
    FC_TRY(fc_lane_read(f, record, at, w->limit, next));
    if (!*next) {
        f->lane_misses++;
        return FC_OK;
    }
    f->lane_hits++;
    FC_TRY(expect_more(f, (size_t)(*next - at), (size_t)(w->limit - *next)));
    FC_TRY(end_row(f, *next, w->data));
    if (f->many) return FC_OK;
    f->out->start = (size_t)(at - w->data);
    return fc_fill_finish(f, w, *next);
}

static const fc_json_sink rows_sink = {fill_begin,      fill_end,       fc_fill_key,
                                       fc_fill_number,  fc_fill_string, fc_fill_literal,
                                       fc_fill_predict, NULL,           fill_record};

/* ---- Skipping ----------------------------------------------------------------------------- */

static fc_status skip_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)kind;
    (void)at;
    ((fc_filling *)w->self)->open++;
    return FC_OK;
}

static fc_status skip_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)kind;
    (void)count;
    fc_filling *f = w->self;
    if (--f->open != f->resume) return FC_OK;
    w->sink = f->own;
    if (FC_UNLIKELY(f->object != NULL)) {
        const fc_record_field *field = f->object;
        f->object = NULL;
        return fc_fill_note(f, field, f->object_start, end, w->data);
    }
    if (f->bad && !f->level) FC_TRY(end_row(f, end, w->data));
    return f->open ? FC_OK : fc_fill_finish(f, w, end);
}

static const fc_json_sink skip_sink = {skip_begin,
                                       skip_end,
                                       fc_json_pass_string,
                                       fc_json_pass_number,
                                       fc_json_pass_string,
                                       fc_json_pass_literal,
                                       NULL,
                                       NULL,
                                       NULL};

/* ---- Starting ----------------------------------------------------------------------------- */

fc_status fc_filling_start(fc_filling *filling, const fc_schema *schema, uint32_t node,
                           const fc_alloc *alloc, fc_fill *out) {
    /* Not zeroed as a whole: the frames are 400 bytes that `push` sets when they are used. */
    filling->schema = schema;
    filling->frame = &schema->frames[schema->nodes[node].child];
    filling->out = out;
    filling->field = NULL;
    filling->level = filling->open = filling->resume = 0;
    filling->many = schema->nodes[node].kind == FC_NODE_ROWS;
    filling->bad = filling->measured = false;
    filling->aware = filling->naive = 0;
    filling->object = NULL;
    filling->row_spans = 0;
    filling->order.learned = false;
    filling->order.surprises = 0;
    filling->lane_hits = filling->lane_misses = 0;
    filling->own = schema->nodes[node].kind == FC_NODE_TABLE ? &fc_fill_table_sink : &rows_sink;
    filling->column = NULL;
    filling->row = filling->rows = 0;
    filling->back_sink = &fc_json_sink_none;
    filling->back_self = NULL;
    filling->finished = NULL;
    *out = (fc_fill){.alloc = alloc};
    FC_TRY(fc_columns_new(alloc, filling->frame->layout,
                          schema->nodes[node].kind == FC_NODE_ROW ? 1 : 16, &out->set));
    filling->set = out->set;
    return FC_OK;
}

void fc_fill_free(fc_fill *fill) {
    fc_columns_free(fill->set);
    if (fill->refusals) fill->alloc->release(fill->alloc->ctx, fill->refusals);
    if (fill->array.data) fill->alloc->release(fill->alloc->ctx, fill->array.data);
    if (fill->spans) fill->alloc->release(fill->alloc->ctx, fill->spans);
    fill->set = NULL;
    fill->refusals = NULL;
    fill->spans = NULL;
    fill->array.data = NULL;
}

fc_status fc_fill_document(const fc_schema *schema, uint32_t node, const char *data, size_t len,
                           const fc_alloc *alloc, fc_fill *fill, fc_json_error *error) {
    if (schema->nodes[node].kind == FC_NODE_ARRAY)
        return fc_fill_array(schema, node, data, len, alloc, fill, error);
    fc_filling filling;
    FC_TRY(fc_filling_start(&filling, schema, node, alloc, fill));
    fc_status status = fc_json_walk(data, len, &schema->limits, filling.own, &filling, error);
    if (status != FC_OK) {
        fc_fill_free(fill);
        return status;
    }
    /* A document that is a scalar: never begun, so the whole is the original's. */
    if (fill->end == 0) fill->refused = true;
    return FC_OK;
}
