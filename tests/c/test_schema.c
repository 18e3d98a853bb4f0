/* The schema kernel: keys, checks, filling columns, the tape; every allocation failed in turn. */
#include "failing.h"
#include "harness.h"
#include "schema_fixture.h"

#define GOOD                                                                                       \
    "{\"x\":1.5,\"i\":3,\"b\":false,\"k\":\"b\xc3\xa9\",\"s\":\"t\\n\",\"in\":{\"y\":-2,\"t\":"    \
    "\"abc\"}}"
#define SHORT "{\"in\":{\"t\":\"\",\"y\":2e1,\"more\":[{}]},\"k\":\"c\",\"x\":-1000}"

static fc_json_string text_of(const char *raw) {
    fc_json_string s = {raw, strlen(raw), strchr(raw, '\\') != NULL, true};
    for (const char *c = raw; *c; c++) s.ascii = s.ascii && (unsigned char)*c < 0x80;
    return s;
}

static void test_keys(void) {
    fc_arena arena;
    fc_arena_init(&arena, &fc_alloc_libc);
    char names[600][8];
    const char *texts[600];
    size_t lens[600];
    for (int i = 0; i < 600; i++) {
        lens[i] = (size_t)snprintf(names[i], sizeof names[i], "k%d", i * 7);
        texts[i] = names[i];
    }
    fc_keys keys;
    CHECK(fc_keys_build(&arena, texts, lens, 600, &keys) == FC_OK);
    for (uint32_t i = 0; i < 600; i++) {
        fc_json_string s = text_of(names[i]);
        for (uint32_t hint = 0; hint < 700; hint += 50)
            CHECK(fc_keys_find(&keys, &s, hint) == (int32_t)i);
    }
    fc_json_string escaped = text_of("\\u006b7"), absent = text_of("k1"), empty = text_of("");
    CHECK(fc_keys_find(&keys, &escaped, 0) == 1);
    CHECK(fc_keys_find(&keys, &absent, 0) == -1);
    CHECK(fc_keys_find(&keys, &empty, 0) == -1);
    texts[5] = texts[4];
    lens[5] = lens[4];
    CHECK(fc_keys_build(&arena, texts, lens, 6, &keys) == FC_EINVALID);
    CHECK(fc_keys_build(&arena, texts, lens, FC_KEYS_MAX + 1, &keys) == FC_ELIMIT);
    fc_arena_free(&arena);
}

static void test_lengths_are_code_points(void) {
    static const struct {
        const char *raw;
        uint64_t length;
    } cases[] = {{"", 0},
                 {"abc", 3},
                 {"\xc3\xa9", 1},
                 {"e\xcc\x81", 2},
                 {"\xf0\x9f\x98\x80", 1},
                 {"\\ud83d\\ude00", 1},
                 {"\\uD83D\\uDE00x", 2},
                 {"\\u00e9\\n\\\\", 3},
                 {"\\udbff\\udfff\\ud7ff", 2},
                 {"\\\\u0041", 6},
                 {"\xe2\x82\xac\\t\xc3\xa9", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fc_json_string s = text_of(cases[i].raw);
        for (uint64_t length = 0; length < 8; length++) {
            fc_node node = {.kind = FC_NODE_STR, .checks = FC_CHECK_LENGTH};
            node.bound.len.min = node.bound.len.max = length;
            CHECK_FOR(fc_check_text(&node, &s) == (length == cases[i].length), "%s", cases[i].raw);
        }
    }
}

static void test_bounds(void) {
    fc_node node = {.kind = FC_NODE_FLOAT, .checks = FC_CHECK_LOW | FC_CHECK_HIGH};
    node.bound.f.low = -1;
    node.bound.f.high = 2;
    CHECK(fc_check_float(&node, -1) && fc_check_float(&node, 2) && !fc_check_float(&node, 2.5));
    node.checks |= FC_CHECK_LOW_OPEN | FC_CHECK_HIGH_OPEN;
    CHECK(!fc_check_float(&node, -1) && !fc_check_float(&node, 2) && fc_check_float(&node, 0));
    node.checks = 0;
    double zero = 0;
    CHECK(!fc_check_float(&node, 1 / zero) && !fc_check_float(&node, zero / zero));
    CHECK(fc_check_float(&node, 1.7976931348623157e308));
}

/* ---- Filling ------------------------------------------------------------------------------ */

static fc_status fill_rows(const fixture *f, uint32_t node, const char *text, fc_fill *fill) {
    size_t len = strlen(text);
    char *copy = harness_copy(text, len);
    fc_json_error error;
    fc_status status = fc_fill_document(&f->schema, node, copy, len, &fc_alloc_libc, fill, &error);
    free(copy);
    return status;
}

static void test_fill(void) {
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    fc_fill fill;
    CHECK(fill_rows(&f, N_ROWS, " [" GOOD ", " SHORT "] ", &fill) == FC_OK);
    CHECK(!fill.refused && fill.refusal_count == 0 && fill.set->rows == 2);
    const fc_column *c = fill.set->columns;
    const double *x = c[0].values, *y = c[5].values;
    const int64_t *i = c[1].values, *s = c[4].values;
    const int32_t *k = c[3].values;
    CHECK(x[0] == 1.5 && x[1] == -1000 && y[0] == -2 && y[1] == 20);
    CHECK(i[0] == 3 && i[1] == 7 && fc_column_is_valid(&c[1], 0) && fc_column_is_valid(&c[1], 1));
    CHECK(((uint8_t *)c[2].values)[0] == 0 && ((uint8_t *)c[2].values)[1] == 1);
    CHECK(k[0] == 1 && k[1] == 2);
    CHECK(s[2] == 4 && memcmp(c[4].bytes, "t\n\xc3\xa9", 4) == 0);
    CHECK(((int64_t *)c[6].values)[2] == 3 && memcmp(c[6].bytes, "abc", 3) == 0);
    fc_fill_free(&fill);
    CHECK(fill_rows(&f, N_ONE, "\n" GOOD, &fill) == FC_OK);
    CHECK(!fill.refused && fill.refusal_count == 0 && fill.set->rows == 1);
    fc_fill_free(&fill);
    fixture_free(&f);
}

/* What is wrong with a record makes it the original's, whole, and leaves the others alone. */
static void test_refusals(void) {
    static const char *const bad[] = {
        "1",
        "null",
        "\"x\"",
        "[]",
        "[[" GOOD "]]",
        "{}",
        "{\"x\":1}",
        "{\"x\":\"1\",\"k\":\"a\",\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":-1001,\"k\":\"a\",\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1e999,\"k\":\"a\",\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1,\"k\":\"z\",\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1,\"k\":1,\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1,\"k\":\"a\",\"in\":{\"y\":1,\"t\":\"abcd\"}}",
        "{\"x\":1,\"k\":\"a\",\"in\":{\"y\":1}}",
        "{\"x\":1,\"k\":\"a\",\"in\":null}",
        "{\"x\":1,\"k\":\"a\",\"in\":[1,{\"x\":[]}]}",
        "{\"x\":1,\"k\":\"a\",\"in\":{\"y\":null,\"t\":\"\"}}",
        "{\"x\":1,\"k\":\"a\",\"i\":1.0,\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1,\"k\":\"a\",\"i\":99999999999999999999,\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1,\"k\":\"a\",\"b\":null,\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1,\"k\":\"a\",\"b\":0,\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1,\"x\":1,\"k\":\"a\",\"in\":{\"y\":1,\"t\":\"\"}}",
        "{\"x\":1,\"k\":\"a\",\"in\":{\"y\":1,\"t\":\"\"},\"extra\":{\"deep\":[{}]}}",
    };
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        char text[1024];
        snprintf(text, sizeof text, "[%s, %s ,%s]", GOOD, bad[b], SHORT);
        fc_fill fill;
        CHECK_FOR(fill_rows(&f, N_ROWS, text, &fill) == FC_OK, "%s", text);
        CHECK_FOR(!fill.refused && fill.set->rows == 3 && fill.refusal_count == 1, "%s", text);
        const fc_refusal *r = fill.refusals;
        CHECK_FOR(r && r->row == 1 && r->end - r->start == strlen(bad[b]) &&
                      memcmp(text + r->start, bad[b], r->end - r->start) == 0,
                  "%s", text);
        const double *x = fill.set->columns[0].values;
        CHECK_FOR(x[0] == 1.5 && x[2] == -1000, "%s", text);
        fc_fill_free(&fill);
        CHECK(fill_rows(&f, N_ONE, bad[b], &fill) == FC_OK);
        CHECK_FOR(fill.refused || fill.refusal_count == 1, "%s", bad[b]);
        fc_fill_free(&fill);
    }
    static const char *const whole[] = {"{}", "1", "null", "\"\"", "{\"a\":[" GOOD "]}"};
    for (size_t b = 0; b < sizeof whole / sizeof *whole; b++) {
        fc_fill fill;
        CHECK(fill_rows(&f, N_ROWS, whole[b], &fill) == FC_OK);
        CHECK_FOR(fill.refused, "%s", whole[b]);
        fc_fill_free(&fill);
    }
    fixture_free(&f);
}

static void test_max_rows(void) {
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    for (int most = 0; most < 4; most++) {
        f.schema.max_rows = most;
        fc_fill fill;
        CHECK(fill_rows(&f, N_ROWS, "[" GOOD "," GOOD "]", &fill) == FC_OK);
        CHECK(fill.refused == (most < 2));
        fc_fill_free(&fill);
    }
    fixture_free(&f);
}

/* ---- Tape --------------------------------------------------------------------------------- */

#define WHOLE                                                                                      \
    "{\"name\":\"\xc3\xa9x\", \"n\":42, \"rows\":[" GOOD "," SHORT "], \"one\":" GOOD              \
    ", \"other\":[1,-2.5,[],{\"rows\":[]},true,null,12345678901234567890]}"

static void test_tape(void) {
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    fc_tape tape;
    fc_tape_init(&tape, &f.schema, &fc_alloc_libc);
    CHECK(fc_tape_read(&tape, WHOLE, strlen(WHOLE), NULL) == FC_OK);
    const fc_tape_node *n = tape.nodes;
    CHECK(n[0].kind == FC_JSON_OBJECT && n[0].as.count == 5 && n[0].next == tape.count);
    CHECK(n[0].start == 0 && n[0].end == strlen(WHOLE));
    CHECK(n[2].kind == FC_JSON_STRING && !(n[2].flags & FC_TAPE_ASCII));
    CHECK(n[4].kind == FC_JSON_INT && n[4].as.integer == 42 && n[4].flags & FC_TAPE_FITS);
    CHECK(n[6].kind == FC_TAPE_FILL && n[6].as.fill == 0 && n[6].next == 7);
    CHECK(WHOLE[n[6].start] == '[' && WHOLE[n[6].end - 1] == ']');
    CHECK(n[8].kind == FC_TAPE_FILL && n[8].as.fill == 1);
    CHECK(tape.fill_count == 2 && tape.fills[0]->set->rows == 2 && tape.fills[1]->set->rows == 1);
    CHECK(n[10].kind == FC_JSON_ARRAY && n[10].as.count == 7);
    CHECK(n[12].kind == FC_JSON_FLOAT && n[12].as.real == -2.5);
    CHECK(n[14].kind == FC_JSON_OBJECT && n[16].kind == FC_JSON_ARRAY);
    CHECK(n[19].kind == FC_JSON_INT && !(n[19].flags & FC_TAPE_FITS));
    fc_tape_free(&tape);
    fixture_free(&f);
}

/* Every prefix is refused, every byte replaced gives some status; nothing is read outside. */
static void test_damaged(void) {
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    size_t len = strlen(WHOLE);
    for (size_t end = 0; end < len; end++) {
        char *copy = harness_copy(WHOLE, end);
        fc_tape tape;
        fc_tape_init(&tape, &f.schema, &fc_alloc_libc);
        CHECK_FOR(fc_tape_read(&tape, copy, end, NULL) == FC_ESYNTAX, "%zu", end);
        fc_tape_free(&tape);
        free(copy);
    }
    static const char bytes[] = "\"\\{}[]:,0-.eNtu \x80\xc3\xff";
    for (size_t at = 0; at < len; at++) {
        for (size_t b = 0; b < sizeof bytes; b++) {
            char *copy = harness_copy(WHOLE, len);
            copy[at] = bytes[b];
            fc_tape tape;
            fc_tape_init(&tape, &f.schema, &fc_alloc_libc);
            fc_status status = fc_tape_read(&tape, copy, len, NULL);
            CHECK(status == FC_OK || status == FC_ESYNTAX);
            fc_tape_free(&tape);
            free(copy);
        }
    }
    fixture_free(&f);
}

/* ---- Memory ------------------------------------------------------------------------------- */

static fc_status everything(const fc_alloc *alloc, const char *text, size_t len) {
    fixture f;
    FC_TRY(fixture_make(&f, alloc));
    fc_tape tape;
    fc_tape_init(&tape, &f.schema, alloc);
    fc_status status = fc_tape_read(&tape, text, len, NULL);
    fc_tape_free(&tape);
    fixture_free(&f);
    return status;
}

static void test_every_failing_allocation(void) {
    /* Many records and many refusals, so that everything grows. */
    size_t size = 200000, len = 0;
    char *text = malloc(size);
    if (!text) abort();
    len += (size_t)snprintf(text, size, "{\"rows\":[%s", GOOD);
    for (int i = 0; i < 300; i++)
        len += (size_t)snprintf(text + len, size - len, ",%s,%d", GOOD, i);
    len += (size_t)snprintf(text + len, size - len, "],\"z\":[0");
    for (int i = 0; i < 300; i++) len += (size_t)snprintf(text + len, size - len, ",{\"q\":%d}", i);
    len += (size_t)snprintf(text + len, size - len, "]}");
    int k = 0;
    for (;; k++) {
        failing ctx = {0, k, 0};
        fc_alloc alloc = failing_alloc(&ctx);
        fc_status status = everything(&alloc, text, len);
        CHECK_FOR(ctx.held == 0, "%d blocks left after request %d failed", ctx.held, k);
        if (status == FC_OK) break;
        CHECK_FOR(status == FC_ENOMEM, "request %d: %s", k, fc_status_text(status));
    }
    CHECK(k > 20);
    free(text);
}

static const harness_test tests[] = {
    TEST(test_keys),
    TEST(test_lengths_are_code_points),
    TEST(test_bounds),
    TEST(test_fill),
    TEST(test_refusals),
    TEST(test_max_rows),
    TEST(test_tape),
    TEST(test_damaged),
    TEST(test_every_failing_allocation),
};

TEST_MAIN(tests)
