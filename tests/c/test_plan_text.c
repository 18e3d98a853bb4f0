/* Documents in plans, without Python: hashes by the definition's own examples, terms by hand, bytes
 * that are no text, blocks against single rows, threads, and every failing allocation. */
#include "failing.h"
#include "harness.h"

#include "base/murmur3.h"
#include "fastcore/plan.h"

static const int64_t ngrams[] = {1, 2}, chars[] = {2, 3}, yes[] = {1}, no[] = {0},
                     kinds[] = {0, 1, 2};
static const int64_t fold_codes[] = {0xC9, 0xDF}, fold_ends[] = {2, 4}, sigma[] = {0x3A3};
static const char fold_bytes[] = "\xC3\xA9ss"; /* an acute e, two letters */
static const uint8_t word_bits[64] = {
    [0xC0 / 8] = 255, [0xC8 / 8] = 255, [0xD8 / 8] = 255, [0xE0 / 8] = 255, [0xE8 / 8] = 255};
static const uint8_t space_bits[64] = {[0xA0 / 8] = 1};
static const char stop_bytes[] = "thecat";
static const int64_t stop_ends[] = {3, 6};
static const char term_bytes[] = "dogbig dogbi";
static const int64_t term_ends[] = {3, 10, 12};

enum { WIDTH = 16, ITEMS = 14 };

static fc_blob analyzer_blob(fc_blob_item *items, int kind) {
    const fc_blob_item all[ITEMS] = {
        {"analyzer", 'q', &kinds[kind], 1},
        {"ngrams", 'q', kind ? chars : ngrams, 2},
        {"lower", 'q', yes, 1},
        {"fold_codes", 'q', fold_codes, 2},
        {"fold_ends", 'q', fold_ends, 2},
        {"fold_bytes", 'b', fold_bytes, 4},
        {"refused", 'q', sigma, 1},
        {"word_bits", 'b', word_bits, 64},
        {"space_bits", 'b', space_bits, 64},
        {"norm", 'q', kind ? yes : no, 1},
        {"term_bytes", 'b', term_bytes, 12},
        {"term_ends", 'q', term_ends, 3},
        {"stop_bytes", 'b', stop_bytes, 6},
        {"stop_ends", 'q', stop_ends, 2},
    };
    memcpy(items, all, sizeof all);
    return (fc_blob){items, kind ? ITEMS - 2 : ITEMS};
}

static const uint32_t first[] = {0};
static const fc_panel_spec panel_specs[] = {{FC_PLAN_TEXT, first, 1}};

static fc_plan *make(const fc_alloc *alloc, const char *family, uint32_t width, int kind) {
    fc_blob_item items[ITEMS];
    fc_step_spec step = {family, first, 1, FC_PLAN_CSR, width, analyzer_blob(items, kind)};
    fc_piece_spec piece = {1, false, width};
    fc_plan_spec spec = {1, panel_specs, 1, &step, 1, &piece, 1};
    fc_plan *plan = NULL;
    const char *why = "";
    fc_status status = fc_plan_new(alloc, &spec, &plan, &why);
    CHECK_FOR(status == FC_OK || status == FC_ENOMEM, "%s", why);
    return plan;
}

static fc_source views(const fc_text *texts) {
    return (fc_source){.kind = FC_SOURCE_VIEWS, .data = texts, .stride = sizeof *texts};
}

static fc_text text(const char *of) { return (fc_text){of, (int64_t)strlen(of)}; }

static void hashes(void) {
    CHECK(fc_murmur3("", 0, 0) == 0);
    CHECK(fc_murmur3("", 0, 1) == 0x514E28B7u);
    CHECK(fc_murmur3("test", 4, 0) == 0xBA6BD213u);
    CHECK(fc_murmur3("Hello, world!", 13, 0x9747B28Cu) == 0x24884CBAu);
    CHECK(fc_murmur3("a", 1, 0) == 1009084850u);
}

static void counted(void) {
    fc_plan *plan = make(&fc_alloc_libc, "count_terms", 3, 0);
    if (!plan) return;
    fc_text texts[] = {text("The BIG dog, the dog!"), text(""), text("bi\xC3\x89 dog the dog"),
                       text("bi\xC2\xA0"
                            "dog")};
    fc_source source = views(texts);
    double out[12];
    const double want[12] = {2, 1, 0, 0, 0, 0, 2, 0, 0, 1, 0, 1};
    CHECK(fc_plan_row_bound(plan) == SIZE_MAX);
    CHECK(fc_plan_run(plan, &source, 4, FC_SOURCE_F64, out, 24, 1) == FC_OK);
    CHECK(memcmp(out, want, sizeof want) == 0);
    fc_plan_free(plan);
}

static void what_is_no_text(void) {
    const char *bad[] = {"a\x80",       "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                         "ab \xE2\x82", "\xCE\xA3"};
    double out[WIDTH];
    for (int kind = 0; kind < 3; kind++) {
        fc_plan *plan = make(&fc_alloc_libc, "hash_terms", WIDTH, kind);
        if (!plan) return;
        for (size_t i = 0; i < 6; i++) {
            fc_text one = text(bad[i]);
            fc_source source = views(&one);
            CHECK(fc_plan_run(plan, &source, 1, FC_SOURCE_F64, out, 0, 1) == FC_EREFUSED);
        }
        fc_text none = {NULL, FC_TEXT_NONE};
        fc_source source = views(&none);
        CHECK(fc_plan_run(plan, &source, 1, FC_SOURCE_F64, out, 0, 1) == FC_EREFUSED);
        fc_plan_free(plan);
    }
}

enum { ROWS = 600, LONGEST = 90 };

/* Words, spaces, letters of two and three bytes; now and then bytes of any kind. */
static void random_texts(fc_text *texts, uint64_t *state, bool valid) {
    const char *parts[] = {"the", " ",        "dog",          "\xC3\x89", "\xC3\x9F", "  ",
                           "bi",  "\xC2\xA0", "\xE2\x82\xAC", "A",        "\n",       "_9"};
    for (size_t r = 0; r < ROWS; r++) {
        char buffer[LONGEST + 8];
        size_t len = 0, most = harness_random(state) % LONGEST;
        while (len < most) {
            uint64_t draw = harness_random(state);
            if (!valid && draw % 29 == 0) {
                buffer[len++] = (char)(draw >> 32);
                continue;
            }
            const char *part = parts[(draw >> 8) % 12];
            memcpy(buffer + len, part, strlen(part));
            len += strlen(part);
        }
        texts[r] = (fc_text){harness_copy(buffer, len), (int64_t)len};
    }
}

static void free_texts(fc_text *texts) {
    for (size_t r = 0; r < ROWS; r++) free((char *)(uintptr_t)texts[r].data);
}

static void blocks_rows_and_threads(void) {
    static fc_text texts[ROWS];
    static double out[ROWS * WIDTH], row[WIDTH];
    static int32_t indptr[ROWS + 1], other[ROWS + 1];
    uint64_t state = 11;
    random_texts(texts, &state, true);
    fc_source source = views(texts);
    for (int kind = 0; kind < 3; kind++) {
        fc_plan *plan = make(&fc_alloc_libc, "hash_terms", WIDTH, kind);
        if (!plan) return;
        CHECK(fc_plan_run(plan, &source, ROWS, FC_SOURCE_F64, out, WIDTH * 8, 1) == FC_OK);
        fc_plan_found *found;
        size_t used;
        CHECK(fc_plan_find_csr(plan, &source, ROWS, FC_SOURCE_F64, indptr, 1, &found, &used) ==
              FC_OK);
        double *values = malloc(used * sizeof *values + 1);
        int32_t *columns = malloc(used * sizeof *columns + 1);
        fc_plan_found_take(found, values, columns);
        fc_plan_found_free(found);
        for (size_t r = 0; r < ROWS; r++) {
            fc_source single = views(texts + r);
            CHECK(fc_plan_run(plan, &single, 1, FC_SOURCE_F64, row, WIDTH * 8, 1) == FC_OK);
            CHECK_FOR(memcmp(row, out + r * WIDTH, sizeof row) == 0, "row %zu", r);
            for (int32_t i = indptr[r]; i < indptr[r + 1]; i++)
                CHECK(values[i] == row[columns[i]] &&
                      (i == indptr[r] || columns[i] > columns[i - 1]));
        }
        CHECK(fc_plan_find_csr(plan, &source, ROWS, FC_SOURCE_F32, other, 3, &found, &used) ==
              FC_OK);
        CHECK(memcmp(indptr, other, sizeof indptr) == 0 && used == (size_t)indptr[ROWS]);
        fc_plan_found_free(found);
        free(values);
        free(columns);
        fc_plan_free(plan);
    }
    free_texts(texts);
}

static void bytes_of_any_kind(void) {
    static fc_text texts[ROWS];
    double row[WIDTH];
    uint64_t state = 3;
    for (int kind = 0; kind < 3; kind++) {
        fc_plan *plan = make(&fc_alloc_libc, "hash_terms", WIDTH, kind);
        if (!plan) return;
        random_texts(texts, &state, false);
        for (size_t r = 0; r < ROWS; r++) {
            fc_source single = views(texts + r);
            fc_status status = fc_plan_run(plan, &single, 1, FC_SOURCE_F64, row, WIDTH * 8, 1);
            bool valid = fc_utf8_valid(texts[r].data, (size_t)texts[r].size);
            CHECK(status == (valid ? FC_OK : FC_EREFUSED) || status == FC_EREFUSED);
        }
        free_texts(texts);
        fc_plan_free(plan);
    }
}

static void arrow_sources(void) {
    fc_plan *plan = make(&fc_alloc_libc, "count_terms", 3, 0);
    if (!plan) return;
    const char bytes[] = "dogbig dogx";
    const int32_t narrow[] = {0, 3, 10, 99, -5}; /* the last two texts do not hold together */
    const int64_t wide[] = {0, 3, 10, 99, -5};
    const fc_text words[] = {{bytes, 3}, {bytes + 3, 7}};
    const int32_t codes[] = {0, 1, 0};
    const uint8_t valid[] = {0x02};
    const double want[] = {1, 0, 0, 1, 1, 0, 0, 0, 0};
    double out[12];
    fc_source sources[] = {
        {.kind = FC_SOURCE_TEXT32, .data = narrow, .stride = 4, .heap = bytes, .heap_size = 11},
        {.kind = FC_SOURCE_TEXT64, .data = wide, .stride = 8, .heap = bytes, .heap_size = 11},
        {.kind = FC_SOURCE_WORDS, .data = codes, .stride = 4, .heap = words, .heap_size = 2},
    };
    for (int i = 0; i < 2; i++) {
        CHECK(fc_plan_run(plan, &sources[i], 4, FC_SOURCE_F64, out, 24, 1) == FC_OK);
        CHECK(memcmp(out, want, sizeof want) == 0 && out[9] == 0 && out[10] == 0 && out[11] == 0);
    }
    CHECK(fc_plan_run(plan, &sources[2], 2, FC_SOURCE_F64, out, 24, 1) == FC_OK);
    CHECK(memcmp(out, want, 6 * sizeof *want) == 0);
    sources[2].valid = valid;
    sources[2].null = FC_TEXT_NAN;
    CHECK(fc_plan_run(plan, &sources[2], 2, FC_SOURCE_F64, out, 24, 1) == FC_EREFUSED);
    fc_plan_free(plan);
}

static void every_failing_allocation(void) {
    static fc_text texts[ROWS];
    static int32_t indptr[ROWS + 1];
    static char longest[4000];
    memset(longest, 'x', sizeof longest);
    for (size_t i = 0; i < sizeof longest; i += 5) longest[i] = i % 3 ? ' ' : '-';
    uint64_t state = 5;
    random_texts(texts, &state, true);
    fc_text kept = texts[7];
    texts[7] = (fc_text){longest, sizeof longest};
    fc_source source = views(texts);
    for (int kind = 0; kind < 3; kind++) {
        bool done = false;
        for (int at = 0; !done && at < 400; at++) {
            failing f = {0, at, 0};
            fc_alloc alloc = failing_alloc(&f);
            fc_plan *plan = make(&alloc, "hash_terms", 1 << 20, kind);
            if (!plan) {
                CHECK(f.held == 0);
                continue;
            }
            fc_plan_found *found = NULL;
            size_t used;
            fc_status status =
                fc_plan_find_csr(plan, &source, ROWS, FC_SOURCE_F64, indptr, 1, &found, &used);
            CHECK(status == FC_OK || (status == FC_ENOMEM && !found));
            done = status == FC_OK;
            fc_plan_found_free(found);
            fc_plan_free(plan);
            CHECK(f.held == 0);
        }
        CHECK(done);
    }
    texts[7] = kept;
    free_texts(texts);
}

/* A specification whose panels or parameters do not hold together is refused. */
static void bad_specifications(void) {
    for (int bad = 0; bad < ITEMS + 4; bad++) {
        fc_blob_item items[ITEMS];
        const int64_t wrong[] = {9, 1};
        fc_step_spec step = {"hash_terms", first, 1, FC_PLAN_CSR, WIDTH, analyzer_blob(items, 0)};
        fc_piece_spec piece = {1, false, WIDTH};
        if (bad == ITEMS) step.type = FC_PLAN_F64;
        if (bad == ITEMS + 1) step.family = "standardize";
        if (bad == ITEMS + 2) piece.panel = 0;
        if (bad == ITEMS + 3) step.type = FC_PLAN_TEXT;
        if (bad == 0 || bad == 1 || bad == 4 || bad == 9) items[bad].data = wrong;
        if (bad == 5 || bad == 12 || bad == 3) items[bad].count = 1;
        if (bad == 6 || bad == 7 || bad == 8 || bad == 13) items[bad].name = "?";
        if (bad == 2 || bad == 10 || bad == 11) continue; /* not needed here */
        fc_plan_spec spec = {1, panel_specs, 1, &step, 1, &piece, 1};
        fc_plan *plan = NULL;
        const char *why = "";
        CHECK_FOR(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_EINVALID, "%d", bad);
        fc_plan_free(plan);
    }
}

static const harness_test tests[] = {
    TEST(hashes),
    TEST(counted),
    TEST(what_is_no_text),
    TEST(blocks_rows_and_threads),
    TEST(bytes_of_any_kind),
    TEST(arrow_sources),
    TEST(every_failing_allocation),
    TEST(bad_specifications),
};
TEST_MAIN(tests)
