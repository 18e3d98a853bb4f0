/* Flat records, a compiled schema of them by hand, and the comparison of what is filled: for tests
 * and fuzz targets. */
#ifndef FASTCORE_TESTS_FLAT_FIXTURE_H
#define FASTCORE_TESTS_FLAT_FIXTURE_H

#include <string.h>

#include "schema/lane.h"

enum { X, P, I, C, B, K, L, S, ROWS, ROW, TABLE, MODEL, LIST, NODES, FIELDS = ROWS };

typedef struct flat {
    fc_arena arena;
    fc_node nodes[NODES];
    fc_record_field fields[FIELDS];
    uint32_t model_fields[FIELDS];
    fc_record record;
    fc_frame frame;
    fc_layout *layout;
    fc_columns *defaults;
    fc_schema schema;
} flat;

static inline fc_status keys_of(fc_arena *arena, const char *const *texts, uint32_t count,
                                fc_keys *out) {
    size_t lens[9];
    for (uint32_t i = 0; i < count; i++) lens[i] = strlen(texts[i]);
    return fc_keys_build(arena, texts, lens, count, out);
}

static inline void flat_nodes(flat *f) {
    static const int64_t choices[] = {1, -7, 30};
    for (int i = 0; i < NODES; i++) f->nodes[i] = (fc_node){0};
    f->nodes[X].kind = f->nodes[P].kind = FC_NODE_FLOAT;
    f->nodes[X].nullable = true;
    f->nodes[P].checks = FC_CHECK_LOW | FC_CHECK_LOW_OPEN | FC_CHECK_HIGH | FC_CHECK_HIGH_OPEN;
    f->nodes[P].bound.f.low = 0;
    f->nodes[P].bound.f.high = 10;
    f->nodes[I].kind = FC_NODE_INT;
    f->nodes[I].checks = FC_CHECK_LOW | FC_CHECK_HIGH;
    f->nodes[I].bound.i.low = -50;
    f->nodes[I].bound.i.high = INT64_MAX;
    f->nodes[C].kind = f->nodes[K].kind = f->nodes[L].kind = FC_NODE_LITERAL;
    f->nodes[C].ints = choices;
    f->nodes[C].int_count = 3;
    f->nodes[B].kind = FC_NODE_BOOL;
    f->nodes[K].nullable = f->nodes[B].nullable = true;
    f->nodes[S].kind = FC_NODE_STR;
    f->nodes[S].checks = FC_CHECK_LENGTH;
    f->nodes[S].bound.len.max = 4;
    f->nodes[ROWS].kind = FC_NODE_ROWS;
    f->nodes[ROW].kind = FC_NODE_ROW;
    f->nodes[TABLE].kind = FC_NODE_TABLE;
    f->nodes[MODEL].kind = FC_NODE_MODEL;
    f->nodes[MODEL].fields = f->model_fields;
    f->nodes[LIST].kind = FC_NODE_LIST;
    f->nodes[LIST].child = MODEL;
    for (uint32_t i = 0; i < FIELDS; i++) f->model_fields[i] = i;
}

static const char *const codes[] = {"a", "bb", "", "seven77", "\xc3\xa9", "c", "d", "e", "f"};
static const char *const texts[] = {"a", "a longer one"};

static inline fc_status flat_layout(flat *f) {
    size_t lens[2][9];
    for (int i = 0; i < 9; i++) lens[0][i] = strlen(codes[i]);
    for (int i = 0; i < 2; i++) lens[1][i] = strlen(texts[i]);
    static const uint8_t kinds[] = {FC_COLUMN_FLOAT64, FC_COLUMN_FLOAT64, FC_COLUMN_INT64,
                                    FC_COLUMN_INT64,   FC_COLUMN_BOOL,    FC_COLUMN_CODE,
                                    FC_COLUMN_CODE,    FC_COLUMN_STRING};
    static const char names[] = "xpicbkls";
    fc_column_spec specs[FIELDS];
    for (int i = 0; i < FIELDS; i++)
        specs[i] = (fc_column_spec){.name = names + i, .name_len = 1, .kind = kinds[i], .items = 1};
    for (int i = 0; i < FIELDS; i++) specs[i].nullable = f->nodes[i].nullable;
    specs[K].texts = codes, specs[K].text_lens = lens[0], specs[K].text_count = 9;
    specs[L].texts = texts, specs[L].text_lens = lens[1], specs[L].text_count = 2;
    FC_TRY(fc_layout_new(&fc_alloc_libc, specs, FIELDS, &f->layout));
    FC_TRY(fc_columns_new(&fc_alloc_libc, f->layout, 1, &f->defaults));
    for (int i = 0; i < FIELDS; i++) fc_column_put_null(&f->defaults->columns[i], 0);
    ((double *)f->defaults->columns[P].values)[0] = 5;
    f->defaults->rows = 1;
    return FC_OK;
}

static inline fc_status flat_make(flat *f, bool forbid_extra) {
    /* One key longer than a vector, one that needs an escape, and some that begin alike. */
    static const char *const keys[FIELDS] = {
        "x",
        "pressure_in_the_first_of_the_vessels_behind_the_pump_as_it_was_measured",
        "i\"",
        "count_of_orders",
        "count_of_others",
        "kind_of_a_longish_name",
        "",
        "s\xc3\xa9"};
    fc_arena_init(&f->arena, &fc_alloc_libc);
    flat_nodes(f);
    FC_TRY(keys_of(&f->arena, keys, FIELDS, &f->record.keys));
    FC_TRY(keys_of(&f->arena, codes, 9, &f->nodes[K].keys));
    FC_TRY(keys_of(&f->arena, texts, 2, &f->nodes[L].keys));
    FC_TRY(flat_layout(f));
    static const uint8_t cells[] = {FC_CELL_FLOAT, FC_CELL_FLOAT, FC_CELL_INT,  FC_CELL_INT,
                                    FC_CELL_BOOL,  FC_CELL_CODE,  FC_CELL_CODE, FC_CELL_TEXT};
    for (uint32_t i = 0; i < FIELDS; i++)
        f->fields[i] = (fc_record_field){cells[i], i != X && i != P && i != K, i, i};
    f->nodes[MODEL].keys = f->record.keys;
    f->nodes[MODEL].skips = !forbid_extra;
    fc_lane_mark(f->nodes, NODES);
    f->record.fields = f->fields;
    f->record.forbid_extra = forbid_extra;
    FC_TRY(fc_lane_build(&f->arena, f->nodes, &f->record));
    f->frame = (fc_frame){f->layout, f->defaults, &f->record, 1};
    f->schema = (fc_schema){.nodes = f->nodes,
                            .node_count = NODES,
                            .root = ROWS,
                            .frames = &f->frame,
                            .limits = {FC_JSON_MAX_DEPTH, false},
                            .max_rows = -1};
    return FC_OK;
}

static inline void flat_free(flat *f) {
    fc_columns_free(f->defaults);
    fc_layout_free(f->layout);
    fc_arena_free(&f->arena);
}

static inline bool same_sets(const fc_columns *a, const fc_columns *b) {
    static const size_t sizes[] = {8, 8, 8, 8, 1, 4, 4, 8};
    bool same = a->rows == b->rows;
    size_t rows = same ? (size_t)a->rows : 0;
    for (int i = 0; i < FIELDS && same; i++) {
        const fc_column *x = &a->columns[i], *y = &b->columns[i];
        same = memcmp(x->values, y->values, rows * sizes[i]) == 0;
        for (size_t r = 0; x->valid && r < rows; r++)
            same &= fc_column_is_valid(x, (int64_t)r) == fc_column_is_valid(y, (int64_t)r);
        if (i == S && same && rows) {
            size_t bytes = (size_t)((const int64_t *)x->values)[rows];
            same = ((const int64_t *)y->values)[rows] == (int64_t)bytes &&
                   (bytes == 0 || memcmp(x->bytes, y->bytes, bytes) == 0);
        }
    }
    return same;
}

static inline bool same_fills(const fc_fill *a, const fc_fill *b) {
    return a->refused == b->refused && a->start == b->start && a->end == b->end &&
           a->refusal_count == b->refusal_count &&
           (!a->refusal_count ||
            memcmp(a->refusals, b->refusals, a->refusal_count * sizeof *a->refusals) == 0) &&
           same_sets(a->set, b->set);
}

#endif
