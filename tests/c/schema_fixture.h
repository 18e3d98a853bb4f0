/* A small compiled schema for tests and the fuzzer: what the glue builds, by hand.
 *
 * {"name": str of 1..5, "n": int 0..100, "rows": [record], "one": record}, a record being
 * {"x": float >= -1000, "i": int | null = 7, "b": bool = true, "k": "a" | "bé" | "c", "s": str =
 * "é", "in": {"y": float, "t": str of at most 3}} and nothing else. */
#ifndef FASTCORE_TESTS_SCHEMA_FIXTURE_H
#define FASTCORE_TESTS_SCHEMA_FIXTURE_H

#include <string.h>

#include "fastcore/schema.h"

enum { N_ROOT, N_NAME, N_INT, N_ROWS, N_ONE, N_X, N_I, N_B, N_K, N_S, N_Y, N_T, N_COUNT };

typedef struct fixture {
    fc_arena arena;
    fc_node nodes[N_COUNT];
    uint32_t root_fields[4];
    fc_record_field top[6], inner[2];
    fc_record records[2];
    fc_frame frame;
    fc_layout *layout;
    fc_columns *defaults;
    fc_schema schema;
} fixture;

static inline fc_status fixture_keys(fc_arena *arena, const char *const *texts, uint32_t count,
                                     fc_keys *out) {
    size_t lens[8];
    for (uint32_t i = 0; i < count; i++) lens[i] = strlen(texts[i]);
    return fc_keys_build(arena, texts, lens, count, out);
}

static inline void fixture_nodes(fixture *f) {
    fc_node *n = f->nodes;
    for (int i = 0; i < N_COUNT; i++) n[i] = (fc_node){0};
    n[N_NAME] = (fc_node){.kind = FC_NODE_STR, .checks = FC_CHECK_LENGTH};
    n[N_NAME].bound.len.min = 1;
    n[N_NAME].bound.len.max = 5;
    n[N_INT] = (fc_node){.kind = FC_NODE_INT, .checks = FC_CHECK_LOW | FC_CHECK_HIGH};
    n[N_INT].bound.i.high = 100;
    n[N_ROWS] = (fc_node){.kind = FC_NODE_ROWS};
    n[N_ONE] = (fc_node){.kind = FC_NODE_ROW};
    n[N_X] = (fc_node){.kind = FC_NODE_FLOAT, .checks = FC_CHECK_LOW};
    n[N_X].bound.f.low = -1000;
    n[N_I] = (fc_node){.kind = FC_NODE_INT, .nullable = true};
    n[N_B].kind = FC_NODE_BOOL;
    n[N_K].kind = FC_NODE_LITERAL;
    n[N_S].kind = FC_NODE_STR;
    n[N_Y].kind = FC_NODE_FLOAT;
    n[N_T] = (fc_node){.kind = FC_NODE_STR, .checks = FC_CHECK_LENGTH};
    n[N_T].bound.len.max = 3;
    n[N_ROOT] = (fc_node){.kind = FC_NODE_MODEL, .fields = f->root_fields};
    const uint32_t fields[] = {N_NAME, N_INT, N_ROWS, N_ONE};
    memcpy(f->root_fields, fields, sizeof fields);
}

static inline fc_status fixture_layout(fixture *f, const fc_alloc *alloc) {
    static const char *const texts[] = {"a", "b\xc3\xa9", "c"};
    static const size_t lens[] = {1, 3, 1};
    const fc_column_spec specs[] = {
        {.name = "x", .name_len = 1, .kind = FC_COLUMN_FLOAT64, .items = 1},
        {.name = "i", .name_len = 1, .kind = FC_COLUMN_INT64, .items = 1, .nullable = true},
        {.name = "b", .name_len = 1, .kind = FC_COLUMN_BOOL, .items = 1},
        {.name = "k",
         .name_len = 1,
         .kind = FC_COLUMN_CODE,
         .items = 1,
         .texts = texts,
         .text_lens = lens,
         .text_count = 3},
        {.name = "s", .name_len = 1, .kind = FC_COLUMN_STRING, .items = 1},
        {.name = "in.y", .name_len = 4, .kind = FC_COLUMN_FLOAT64, .items = 1},
        {.name = "in.t", .name_len = 4, .kind = FC_COLUMN_STRING, .items = 1},
    };
    FC_TRY(fc_layout_new(alloc, specs, 7, &f->layout));
    FC_TRY(fc_columns_new(alloc, f->layout, 1, &f->defaults));
    fc_column *c = f->defaults->columns;
    ((double *)c[0].values)[0] = 0;
    ((int64_t *)c[1].values)[0] = 7;
    fc_column_put_valid(&c[1], 0);
    ((uint8_t *)c[2].values)[0] = 1;
    ((int32_t *)c[3].values)[0] = 0;
    FC_TRY(fc_column_put_text(f->defaults, &c[4], 0, "\xc3\xa9", 2));
    ((double *)c[5].values)[0] = 0;
    FC_TRY(fc_column_put_text(f->defaults, &c[6], 0, "", 0));
    f->defaults->rows = 1;
    return FC_OK;
}

static inline fc_status fixture_records(fixture *f) {
    static const char *const root[] = {"name", "n", "rows", "one"};
    static const char *const top[] = {"x", "i", "b", "k", "s", "in"};
    static const char *const inner[] = {"y", "t"};
    static const char *const choices[] = {"a", "b\xc3\xa9", "c"};
    FC_TRY(fixture_keys(&f->arena, root, 4, &f->nodes[N_ROOT].keys));
    FC_TRY(fixture_keys(&f->arena, choices, 3, &f->nodes[N_K].keys));
    FC_TRY(fixture_keys(&f->arena, top, 6, &f->records[0].keys));
    FC_TRY(fixture_keys(&f->arena, inner, 2, &f->records[1].keys));
    const fc_record_field top_fields[] = {
        {FC_CELL_FLOAT, true, N_X, 0}, {FC_CELL_INT, false, N_I, 1},  {FC_CELL_BOOL, false, N_B, 2},
        {FC_CELL_CODE, true, N_K, 3},  {FC_CELL_TEXT, false, N_S, 4}, {FC_CELL_RECORD, true, 0, 1},
    };
    const fc_record_field inner_fields[] = {{FC_CELL_FLOAT, true, N_Y, 5},
                                            {FC_CELL_TEXT, true, N_T, 6}};
    memcpy(f->top, top_fields, sizeof top_fields);
    memcpy(f->inner, inner_fields, sizeof inner_fields);
    f->records[0].fields = f->top;
    f->records[0].forbid_extra = true;
    f->records[1].fields = f->inner;
    f->records[1].forbid_extra = false;
    fc_lane_mark(f->nodes, N_COUNT);
    for (int i = 0; i < 2; i++) FC_TRY(fc_lane_build(&f->arena, f->nodes, &f->records[i]));
    return FC_OK;
}

static inline void fixture_free(fixture *f) {
    fc_columns_free(f->defaults);
    fc_layout_free(f->layout);
    fc_arena_free(&f->arena);
    f->defaults = NULL;
    f->layout = NULL;
}

/* On failure nothing is left to free. */
static inline fc_status fixture_make(fixture *f, const fc_alloc *alloc) {
    f->layout = NULL;
    f->defaults = NULL;
    fc_arena_init(&f->arena, alloc);
    fixture_nodes(f);
    fc_status status = fixture_records(f);
    if (status == FC_OK) status = fixture_layout(f, alloc);
    if (status != FC_OK) {
        fixture_free(f);
        return status;
    }
    f->frame = (fc_frame){f->layout, f->defaults, f->records, 2};
    f->schema = (fc_schema){.nodes = f->nodes,
                            .node_count = N_COUNT,
                            .root = N_ROOT,
                            .frames = &f->frame,
                            .limits = {FC_JSON_MAX_DEPTH, false},
                            .max_rows = 1000};
    return FC_OK;
}

#endif
