/* Lines of JSON to columns: places, spans, and where a line is no JSON. */
#include "harness.h"
#include "schema_fixture.h"

#define GOOD "{\"x\":1.5,\"k\":\"a\",\"in\":{\"y\":-2,\"t\":\"abc\"}}"
#define BAD "{\"x\":-2000,\"k\":\"a\",\"in\":{\"y\":-2,\"t\":\"\"}}"

static fc_status read_lines(const fixture *f, const char *text, fc_lines *lines, fc_fill *fill) {
    size_t len = strlen(text);
    char *copy = harness_copy(text, len);
    lines->data = copy;
    lines->len = len;
    fc_status status = fc_fill_lines(&f->schema, N_ROWS, lines, &fc_alloc_libc, fill);
    lines->data = NULL;
    free(copy);
    return status;
}

static void test_records_and_blanks(void) {
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    fc_fill fill;
    const char *text = "\n" GOOD "\r\n \t\r\n" BAD "\n  7 \n" GOOD;
    for (int final = 0; final < 2; final++) {
        fc_lines lines = {.first = 100, .most = 1000, .final = final};
        CHECK(read_lines(&f, text, &lines, &fill) == FC_OK);
        CHECK(fill.set->rows == 3 + final && lines.line == (uint64_t)(5 + final));
        CHECK(lines.used == strlen(text) - (final ? 0 : strlen(GOOD)));
        CHECK(!fill.refused && fill.refusal_count == 2);
        const fc_refusal *r = fill.refusals;
        CHECK(r[0].row == 1 && r[0].place == 103 && r[1].row == 2 && r[1].place == 104);
        CHECK(strncmp(text + r[0].start, BAD "\n", r[0].end - r[0].start + 1) == 0);
        CHECK(r[1].end - r[1].start == 1 && text[r[1].start] == '7');
        fc_fill_free(&fill);
    }
    fc_lines two = {.most = 2, .final = true};
    CHECK(read_lines(&f, text, &two, &fill) == FC_OK);
    CHECK(fill.set->rows == 2 && two.line == 4 && text[two.used] == ' ');
    fc_fill_free(&fill);
    fc_lines none = {.most = 2, .final = true};
    CHECK(read_lines(&f, "", &none, &fill) == FC_OK && fill.set->rows == 0 && none.used == 0);
    fc_fill_free(&fill);
    f.schema.max_rows = 2;
    fc_lines many = {.most = 9, .final = true};
    CHECK(read_lines(&f, text, &many, &fill) == FC_OK && fill.refused);
    fc_fill_free(&fill);
    CHECK(fc_fill_lines(&f.schema, N_ONE, &many, &fc_alloc_libc, &fill) == FC_EINVALID);
    fixture_free(&f);
}

/* Each line is one value: nothing reaches over its end. */
static void test_a_line_that_is_no_json(void) {
    static const struct {
        const char *line;
        fc_json_fault fault;
        size_t at;
    } cases[] = {{"{", FC_FAULT_END, 1},
                 {GOOD "," GOOD, FC_FAULT_TRAILING, sizeof GOOD - 1},
                 {"[" GOOD, FC_FAULT_END, sizeof GOOD},
                 {GOOD "]", FC_FAULT_TRAILING, sizeof GOOD - 1},
                 {"{\"x\":NaN}", FC_FAULT_NONFINITE, 5},
                 {"\xff", FC_FAULT_VALUE, 0}};
    fixture f;
    CHECK(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char text[1024];
        fc_fill fill;
        fc_lines lines = {.most = 9, .final = true};
        snprintf(text, sizeof text, "%s\n\n  %s\n%s\n", BAD, cases[c].line, GOOD);
        CHECK_FOR(read_lines(&f, text, &lines, &fill) == FC_ESYNTAX, "%s", cases[c].line);
        CHECK_FOR(lines.error.fault == cases[c].fault && lines.line == 2, "%s", cases[c].line);
        CHECK_FOR(lines.error.at == sizeof BAD + 3 + cases[c].at, "%s", cases[c].line);
    }
    fixture_free(&f);
}

static const harness_test tests[] = {
    TEST(test_records_and_blanks),
    TEST(test_a_line_that_is_no_json),
};

TEST_MAIN(tests)
