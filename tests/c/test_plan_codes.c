/* Codes of texts in a plan: looked up where they lie or in a dictionary, nulls, offsets that do not
 * hold together, codes that no dictionary has, and one block after the other. */
#include "harness.h"

#include "fastcore/plan.h"
#include "plan/lookup.h"

enum { ROWS = 600, LEVELS = 3, NULL_CODE = -2 };

static const uint32_t sources_of[] = {0, 1};
static const fc_panel_spec panels[] = {{FC_PLAN_I32, sources_of, 2}};
/* Level i of a column is 10 + i, and what is in none -1. */
static const double table[] = {10, 11, 12, -1, 10, 11, 12, -1};
static const int64_t counts[] = {LEVELS, LEVELS}, unknown[] = {1};

static fc_plan *make(void) {
    const fc_blob_item items[] = {
        {"table", 'd', table, 8}, {"counts", 'q', counts, 2}, {"unknown", 'q', unknown, 1}};
    const fc_step_spec step = {"ordinal", sources_of, 1, FC_PLAN_F64, 2, {items, 3}};
    const fc_piece_spec piece = {1, false, 2};
    const fc_plan_spec spec = {2, panels, 1, &step, 1, &piece, 1};
    fc_plan *plan = NULL;
    const char *why = "";
    CHECK_FOR(fc_plan_new(&fc_alloc_libc, &spec, &plan, &why) == FC_OK, "%s", why);
    return plan;
}

static fc_lookup *make_lookup(void) {
    static const fc_lookup_text texts[] = {{"a", 1, 0}, {"bcd", 3, 1}, {"a longer level", 14, 2}};
    fc_lookup *lookup;
    CHECK(fc_lookup_new(&fc_alloc_libc, texts, LEVELS, &lookup) == FC_OK);
    return lookup;
}

/* Row r of each column is level (r * 7) % 5, of which two are none; every ninth is null where the
 * columns have nulls, which then are the first level. */
static void texts_and_words(void) {
    static const char *const levels[] = {"a", "bcd", "a longer level", "bc", ""};
    static int64_t wide[ROWS + 1];
    static int32_t narrow[ROWS + 1], words[ROWS];
    static char bytes[ROWS * 16];
    static uint8_t valid[ROWS / 8 + 1];
    const int32_t codes[] = {0, 1, 2, -1, -1};
    size_t used = 0;
    for (int r = 0; r < ROWS; r++) {
        const char *level = levels[r * 7 % 5];
        memcpy(bytes + used, level, strlen(level));
        used += strlen(level);
        wide[r + 1] = (int64_t)used;
        narrow[r + 1] = (int32_t)used;
        words[r] = r * 7 % 5;
        if (r % 9) valid[r >> 3] |= (uint8_t)(1u << (r & 7));
    }
    fc_plan *plan = make();
    fc_lookup *lookup = make_lookup();
    static double out[2 * ROWS];
    for (int nulls = 0; plan && nulls < 2; nulls++) {
        fc_source text = {.kind = FC_SOURCE_TEXT64,
                          .data = wide,
                          .stride = 8,
                          .heap = bytes,
                          .heap_size = (int64_t)used,
                          .null = 0,
                          .lookup = lookup};
        if (nulls) text.valid = valid;
        fc_source same = text;
        same.kind = FC_SOURCE_TEXT32;
        same.data = narrow;
        same.stride = 4;
        fc_source word = {.kind = FC_SOURCE_CODES,
                          .data = words,
                          .stride = 4,
                          .heap = codes,
                          .heap_size = 5,
                          .null = 0,
                          .valid = text.valid};
        const fc_source pairs[][2] = {{text, word}, {same, text}};
        for (int p = 0; p < 2; p++) {
            CHECK(fc_plan_run(plan, pairs[p], ROWS, FC_SOURCE_F64, out, 16, 1) == FC_OK);
            for (int r = 0; r < ROWS; r++) {
                int code = nulls && r % 9 == 0 ? 0 : codes[r * 7 % 5];
                double want = code < 0 ? -1 : 10 + code;
                CHECK_FOR(out[2 * r] == want && out[2 * r + 1] == want, "row %d", r);
            }
        }
    }
    fc_lookup_free(lookup);
    fc_plan_free(plan);
}

/* Damaged offsets are empty texts, and words outside of the dictionary null. */
static void what_does_not_hold_together(void) {
    const int64_t offsets[] = {0, 99, -1, 1, 0, INT64_MAX};
    const int32_t words[] = {INT32_MIN, -1, 2, INT32_MAX, 1}, codes[] = {0, 1};
    const double want[] = {10, 10, 10, 10, 11};
    fc_plan *plan = make();
    fc_lookup *lookup = make_lookup();
    fc_source sources[] = {
        {.kind = FC_SOURCE_TEXT64,
         .data = offsets,
         .stride = 8,
         .heap = "a",
         .heap_size = 1,
         .null = NULL_CODE,
         .lookup = lookup},
        {.kind = FC_SOURCE_CODES, .data = words, .stride = 4, .heap = codes, .heap_size = 2}};
    double out[10];
    if (plan) CHECK(fc_plan_run(plan, sources, 5, FC_SOURCE_F64, out, 16, 1) == FC_OK);
    for (int r = 0; plan && r < 5; r++) CHECK(out[2 * r] == -1 && out[2 * r + 1] == want[r]);
    fc_lookup_free(lookup);
    fc_plan_free(plan);
}

static const harness_test tests[] = {
    TEST(texts_and_words),
    TEST(what_does_not_hold_together),
};
TEST_MAIN(tests)
