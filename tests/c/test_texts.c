/* Readers of texts in one form: exact buffers, right and wrong, and random ones for the sanitizers.
 */
#include "fastcore/schema.h"
#include "harness.h"

static void test_durations(void) {
    static const struct {
        const char *text;
        int64_t days, seconds, micros;
    } right[] = {{"P1D", 1, 0, 0},
                 {"P2Y03D", 733, 0, 0},
                 {"PT1H2M3S", 0, 3723, 0},
                 {"-P1DT0.000001S", -1, 0, -1},
                 {"PT5M", 0, 300, 0},
                 {"PT0.25S", 0, 0, 250000},
                 {"PT999999H99999M999999S", 0, 3606996339, 0},
                 {"P999999Y99999999D", 464999634, 0, 0}};
    static const char *const wrong[] = {
        "",        "P",           "PT",         "P1DT",         "1D",    "P1",    "P1M",
        "P1W",     "PT1D",        "P1H",        "PT1M1H",       "P1D1D", "P1D1Y", "PT1.S",
        "PT.5S",   "PT1.5M",      "P1.5D",      "PT1.1234567S", "+P1D",  "p1D",   "PTT1S",
        "P1DTT1S", "P100000000D", "PT1000000S", "P1D ",         "--P1D", "P-1D",  "PT100000M"};
    fc_duration d;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        char *text = harness_copy(right[i].text, strlen(right[i].text));
        CHECK_FOR(fc_read_duration(text, strlen(right[i].text), &d), "%s", right[i].text);
        CHECK_FOR(d.days == right[i].days && d.seconds == right[i].seconds &&
                      d.micros == right[i].micros,
                  "%s", right[i].text);
        free(text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *text = harness_copy(wrong[i], strlen(wrong[i]));
        CHECK_FOR(!fc_read_duration(text, strlen(wrong[i]), &d), "%s", wrong[i]);
        free(text);
    }
}

static void test_decimals(void) {
    static const struct {
        const char *text;
        size_t whole, fraction;
    } right[] = {{"0", 1, 0},      {"-0", 1, 0},    {"0.0", 0, 1}, {"007.50", 1, 2},
                 {"12.345", 2, 3}, {"-0.05", 0, 2}, {"1000", 4, 0}};
    static const char *const wrong[] = {"",   "-",   ".5",    "5.",  "1e3", "+1",  " 1",
                                        "1 ", "1_0", "1.2.3", "--1", "NaN", "1,5", "-.5"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        size_t whole = 9, fraction = 9;
        char *text = harness_copy(right[i].text, strlen(right[i].text));
        CHECK_FOR(fc_read_decimal(text, strlen(right[i].text), &whole, &fraction) &&
                      whole == right[i].whole && fraction == right[i].fraction,
                  "%s", right[i].text);
        free(text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        size_t whole, fraction;
        char *text = harness_copy(wrong[i], strlen(wrong[i]));
        CHECK_FOR(!fc_read_decimal(text, strlen(wrong[i]), &whole, &fraction), "%s", wrong[i]);
        free(text);
    }
}

static void test_clocks(void) {
    fc_time_parts t;
    CHECK(fc_read_time("23:59:59.25-05:30", 17, &t) && t.hour == 23 && t.minute == 59 &&
          t.second == 59 && t.micro == 250000 && t.aware && t.offset == -19800);
    CHECK(fc_read_time("00:00:00", 8, &t) && !t.aware && t.micro == 0);
    CHECK(!fc_read_time("24:00:00", 8, &t) && !fc_read_time("00:00", 5, &t));
    CHECK(!fc_read_time("00:00:00.", 9, &t) && !fc_read_time("00:00:00.1234567", 16, &t));
    CHECK(fc_read_datetime("2024-02-29T00:00:00Z", 20, &t) && t.aware && t.day == 29);
    CHECK(!fc_read_datetime("2023-02-29T00:00:00Z", 20, &t));
}

static bool keeps(uint8_t checks, const char *raw) {
    fc_node node = {.kind = FC_NODE_STR, .checks = checks};
    fc_json_string s = {raw, strlen(raw), strchr(raw, '\\') != NULL, true};
    for (const char *c = raw; *c; c++) s.ascii = s.ascii && (unsigned char)*c < 0x80;
    return fc_check_text(&node, &s);
}

static void test_forms(void) {
    CHECK(keeps(FC_CHECK_TRIMMED, "") && keeps(FC_CHECK_TRIMMED, "a \xc3\xa9 b"));
    CHECK(!keeps(FC_CHECK_TRIMMED, " a") && !keeps(FC_CHECK_TRIMMED, "a "));
    CHECK(!keeps(FC_CHECK_TRIMMED, "\xe3\x80\x80") && !keeps(FC_CHECK_TRIMMED, "\\u0020a"));
    CHECK(!keeps(FC_CHECK_TRIMMED, "a\\u0020") && !keeps(FC_CHECK_TRIMMED, "a\\n"));
    CHECK(keeps(FC_CHECK_TRIMMED, "a\\n123456"));
    CHECK(keeps(FC_CHECK_LOWER, "a b1") && !keeps(FC_CHECK_LOWER, "aB"));
    CHECK(keeps(FC_CHECK_UPPER, "A B1") && !keeps(FC_CHECK_UPPER, "aB"));
    CHECK(!keeps(FC_CHECK_LOWER, "\xc3\x89") && !keeps(FC_CHECK_UPPER, "\\u0061"));
}

/* Nothing outside a text of its own length is read, and nothing in one overflows. */
static void test_random_texts(void) {
    static const char letters[] = "PT-:.0123456789YDHMSZ+ ";
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        size_t len = harness_random(&state) % 24, whole, fraction;
        char raw[24];
        for (size_t k = 0; k < len; k++)
            raw[k] = letters[harness_random(&state) % (sizeof letters - 1)];
        char *text = harness_copy(raw, len);
        fc_duration d;
        fc_time_parts t;
        if (fc_read_duration(text, len, &d)) CHECK(d.days <= 999999999 && d.micros <= 999999);
        if (fc_read_time(text, len, &t)) CHECK(t.hour < 24 && t.micro <= 999999);
        if (fc_read_decimal(text, len, &whole, &fraction)) CHECK(whole + fraction <= len);
        free(text);
    }
}

static const harness_test tests[] = {
    TEST(test_durations), TEST(test_decimals),     TEST(test_clocks),
    TEST(test_forms),     TEST(test_random_texts),
};

TEST_MAIN(tests)
