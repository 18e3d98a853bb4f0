/* Cells that are more than a scalar: times, lists, objects, records that may be null. */
#include "failing.h"
#include "fastcore/schema.h"
#include "harness.h"

/* [{"t": datetime, "l": [float >= 0] * 3, "o": any, "r": {"d": date, "p": (int, int)} | null}] */
enum { N_ROWS, N_TIME, N_LIST, N_ITEM, N_ANY, N_DATE, N_PAIR, N_INT, N_COUNT };

typedef struct fixture {
    fc_arena arena;
    fc_node nodes[N_COUNT];
    uint32_t pair[2];
    fc_record_field top[4], inner[2];
    fc_record records[2];
    fc_frame frame;
    fc_layout *layout;
    fc_schema schema;
} fixture;

static fc_status keys(fixture *f, const char *const *texts, uint32_t count, fc_keys *out) {
    size_t lens[4] = {1, 1, 1, 1};
    return fc_keys_build(&f->arena, texts, lens, count, out);
}

static void fixture_free(fixture *f) {
    fc_layout_free(f->layout);
    fc_arena_free(&f->arena);
}

static fc_status fixture_fill(fixture *f, const fc_alloc *alloc) {
    static const char *const top[] = {"t", "l", "o", "r"};
    static const char *const inner[] = {"d", "p"};
    const fc_column_spec specs[] = {
        {.name = "t", .name_len = 1, .kind = FC_COLUMN_TIME, .items = 1},
        {.name = "l", .name_len = 1, .kind = FC_COLUMN_FLOAT64, .items = 3},
        {.name = "o", .name_len = 1, .kind = FC_COLUMN_OBJECT, .items = 1, .nullable = true},
        {.name = "d", .name_len = 1, .kind = FC_COLUMN_TIME, .items = 1, .nullable = true},
        {.name = "p", .name_len = 1, .kind = FC_COLUMN_INT64, .items = 2, .nullable = true},
    };
    FC_TRY(keys(f, top, 4, &f->records[0].keys));
    FC_TRY(keys(f, inner, 2, &f->records[1].keys));
    return fc_layout_new(alloc, specs, 5, &f->layout);
}

static fc_status fixture_make(fixture *f, const fc_alloc *alloc) {
    memset(f, 0, sizeof *f);
    fc_arena_init(&f->arena, alloc);
    f->nodes[N_ROWS].kind = FC_NODE_ROWS;
    f->nodes[N_TIME].kind = FC_NODE_DATETIME;
    f->nodes[N_LIST] = (fc_node){.kind = FC_NODE_LIST, .child = N_ITEM};
    f->nodes[N_ITEM] = (fc_node){.kind = FC_NODE_FLOAT, .checks = FC_CHECK_LOW};
    f->nodes[N_ANY].kind = FC_NODE_ANY;
    f->nodes[N_DATE].kind = FC_NODE_DATE;
    f->pair[0] = f->pair[1] = N_INT;
    f->nodes[N_PAIR] = (fc_node){.kind = FC_NODE_TUPLE, .fields = f->pair, .field_count = 2};
    f->nodes[N_INT].kind = FC_NODE_INT;
    const fc_record_field top[] = {{FC_CELL_TIME, true, N_TIME, 0, false, 0},
                                   {FC_CELL_LIST, true, N_LIST, 1, false, FC_ZONES},
                                   {FC_CELL_OBJECT, true, N_ANY, 2, false, FC_ZONES},
                                   {FC_CELL_RECORD, false, 0, 1, true, 0}};
    const fc_record_field inner[] = {{FC_CELL_TIME, true, N_DATE, 3, false, FC_ZONES},
                                     {FC_CELL_LIST, true, N_PAIR, 4, false, FC_ZONES}};
    memcpy(f->top, top, sizeof top);
    memcpy(f->inner, inner, sizeof inner);
    f->records[0].fields = f->top;
    f->records[0].count = 5;
    f->records[1].fields = f->inner;
    f->records[1].first = 3;
    f->records[1].count = 2;
    fc_status status = fixture_fill(f, alloc);
    if (status != FC_OK) {
        fixture_free(f);
        return status;
    }
    f->frame = (fc_frame){.layout = f->layout, .records = f->records, .record_count = 2};
    f->schema = (fc_schema){.nodes = f->nodes,
                            .node_count = N_COUNT,
                            .frames = &f->frame,
                            .limits = {FC_JSON_MAX_DEPTH, false},
                            .max_rows = -1};
    return FC_OK;
}

#define ROW(t, l, o, r) "{\"t\":\"" t "\",\"l\":" l ",\"o\":" o ",\"r\":" r "}"
#define GOOD ROW("2024-02-29T00:00:01.5Z", "[1,2.5,0]", "[{\"a\":[1]},2]", "null")
#define INNER                                                                                      \
    ROW("1970-01-01T00:00:00+01:00", "[0,0,3]", "\"x\"", "{\"d\":\"1969-12-31\",\"p\":[1,-2]}")

static void test_cells(void) {
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    static const char text[] =
        "[" GOOD "," INNER ",{\"l\":[1,2,3],\"o\":null,\"t\":\"1970-01-01T00:00:00Z\"}]";
    fc_fill fill;
    CHECK(fc_fill_document(&f.schema, 0, text, sizeof text - 1, &fc_alloc_libc, &fill, NULL) ==
          FC_OK);
    CHECK(!fill.refused && fill.refusal_count == 0 && fill.set->rows == 3);
    CHECK(fill.aware == 1 && fill.naive == 0 && fill.span_count == 3);
    const fc_column *c = fill.set->columns;
    const int64_t *times = c[0].values, *days = c[3].values, *pairs = c[4].values;
    const double *lists = c[1].values;
    CHECK(times[0] == 1709164801500000 && times[1] == -3600000000 && times[2] == 0);
    CHECK(lists[1] == 2.5 && lists[5] == 3 && lists[8] == 3);
    CHECK(days[1] == -86400000000 && pairs[2] == 1 && pairs[3] == -2);
    CHECK(!fc_column_is_valid(&c[3], 0) && fc_column_is_valid(&c[3], 1));
    CHECK(!fc_column_is_valid(&c[4], 2) && days[0] == INT64_MIN && pairs[0] == 0);
    const fc_span *span = fill.spans;
    CHECK(span->column == 2 && span->node == N_ANY && span->record.row == 0);
    CHECK(span->end - span->start == 13 && memcmp(text + span->start, "[{\"a\":[1]},2]", 13) == 0);
    CHECK(span->record.start == 1 && span->record.end == 1 + strlen(GOOD));
    CHECK(memcmp(text + span[2].start, "null", 4) == 0 && span[2].record.row == 2);
    fc_fill_free(&fill);
    fixture_free(&f);
}

static void test_refused(void) {
    static const char *const bad[] = {
        ROW("2024-02-30T00:00:00Z", "[1,2,3]", "1", "null"),
        ROW("2024-02-28", "[1,2,3]", "1", "null"),
        ROW("2024-02-29T00:00:00Z", "[1,2]", "[1]", "null"),
        ROW("2024-02-29T00:00:00Z", "[1,2,3,4]", "1", "null"),
        ROW("2024-02-29T00:00:00Z", "[1,-2,3]", "1", "null"),
        ROW("2024-02-29T00:00:00Z", "[1,[2],3]", "1", "null"),
        ROW("2024-02-29T00:00:00Z", "[1,\"2\",3]", "1", "null"),
        ROW("2024-02-29T00:00:00Z", "[1,2,3]", "{}", "{}"),
        ROW("2024-02-29T00:00:00Z", "{\"a\":1}", "1", "null"),
        ROW("2024-02-29T00:00:00Z", "[1,2,null]", "1", "null"),
        ROW("2024-02-29T00:00:00Z", "[1,2,3]", "1", "{\"d\":\"1969-12-31\",\"p\":[1,2.5]}"),
        ROW("2024-02-29T00:00:00Z", "[1,2,3]", "1", "{\"d\":null,\"p\":[1,2]}"),
        ROW("2024-02-29T00:00:00Z", "[1,2,3]", "1", "7"),
    };
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[1000];
        int len = snprintf(text, sizeof text, "[%s,%s,%s]", GOOD, bad[i], INNER);
        fc_fill fill;
        char *copy = harness_copy(text, (size_t)len);
        CHECK(fc_fill_document(&f.schema, 0, copy, (size_t)len, &fc_alloc_libc, &fill, NULL) ==
              FC_OK);
        CHECK_FOR(fill.refusal_count == 1 && fill.refusals[0].row == 1, "%s", bad[i]);
        CHECK_FOR(fill.set->rows == 3 && fill.span_count == 2 && fill.aware == 1, "%s", bad[i]);
        CHECK(fill.spans[1].record.row == 2);
        fc_fill_free(&fill);
        free(copy);
    }
    fixture_free(&f);
}

static void test_every_failing_allocation(void) {
    static char text[40000];
    size_t len = (size_t)sprintf(text, "[" GOOD);
    for (int i = 0; i < 200; i++)
        len += (size_t)sprintf(text + len, ",%s", i % 7 ? (i % 2 ? INNER : GOOD) : "5");
    len += (size_t)sprintf(text + len, "]");
    int k = 0;
    for (;; k++) {
        failing ctx = {0, k, 0};
        fc_alloc alloc = failing_alloc(&ctx);
        fixture f;
        fc_status status = fixture_make(&f, &alloc);
        if (status == FC_OK) {
            fc_fill fill;
            status = fc_fill_document(&f.schema, 0, text, len, &alloc, &fill, NULL);
            if (status == FC_OK) fc_fill_free(&fill);
            fixture_free(&f);
        }
        CHECK_FOR(ctx.held == 0, "request %d", k);
        if (status == FC_OK) break;
        CHECK(status == FC_ENOMEM);
    }
    CHECK(k > 10);
}

static void test_damaged(void) {
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    static const char text[] = "[" GOOD "," INNER "]";
    uint64_t seed = 9;
    for (int i = 0; i < 20000; i++) {
        size_t len = i % 3 ? sizeof text - 1 : harness_random(&seed) % sizeof text;
        char *copy = harness_copy(text, len);
        for (int d = 0; len && d < i % 4; d++)
            copy[harness_random(&seed) % len] = "[]{}\",:0-nt"[harness_random(&seed) % 11];
        fc_fill fill;
        fc_status status = fc_fill_document(&f.schema, 0, copy, len, &fc_alloc_libc, &fill, NULL);
        CHECK(status == FC_OK || status == FC_ESYNTAX);
        for (size_t s = 0; status == FC_OK && s < fill.span_count; s++)
            CHECK(fill.spans[s].start < fill.spans[s].end && fill.spans[s].end <= len &&
                  fill.spans[s].record.row < fill.set->rows);
        if (status == FC_OK) fc_fill_free(&fill);
        free(copy);
    }
    fixture_free(&f);
}

static const harness_test tests[] = {
    TEST(test_cells),
    TEST(test_refused),
    TEST(test_every_failing_allocation),
    TEST(test_damaged),
};
TEST_MAIN(tests)
