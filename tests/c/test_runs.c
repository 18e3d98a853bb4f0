/* Runs of numbers: what a sink hears as doubles is what it would have heard number by number. */
#include "fastcore/json.h"
#include "harness.h"

enum { MOST = 4096 };

/* What was heard of a text: the doubles in order, and the elements of each array. */
typedef struct heard {
    double values[MOST];
    size_t count, ends[MOST], end_count;
    size_t alone; /* numbers that came by themselves */
    int strings;
    bool stop_early; /* change the sink after the first run */
} heard;

static const fc_json_limits limits = {FC_JSON_MAX_DEPTH, true};
static fc_json_sink runs, singles;

static fc_status hear_number(fc_json_walker *w, const fc_json_number *number) {
    heard *h = w->self;
    h->values[h->count++] = fc_json_number_double(number);
    h->alone++;
    return FC_OK;
}

static fc_status hear_doubles(fc_json_walker *w, const double *values, size_t count) {
    heard *h = w->self;
    CHECK(count > 0 && count <= FC_JSON_RUN);
    memcpy(h->values + h->count, values, count * sizeof *values);
    h->count += count;
    if (h->stop_early) w->sink = &singles;
    return FC_OK;
}

static fc_status hear_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t count) {
    (void)kind, (void)end;
    heard *h = w->self;
    h->ends[h->end_count++] = count;
    return FC_OK;
}

static fc_status hear_string(fc_json_walker *w, const fc_json_string *string) {
    (void)string;
    ((heard *)w->self)->strings++;
    return FC_OK;
}

static void set_up(void) {
    singles = fc_json_sink_none;
    singles.number = hear_number;
    singles.end = hear_end;
    singles.string = hear_string;
    runs = singles;
    runs.doubles = hear_doubles;
}

/* The text at every level, with runs and without, from a block of exactly its size. */
static void check_text(const char *text, size_t len, bool stop_early) {
    static heard want, got;
    fc_json_error want_error, error;
    char *copy = harness_copy(text, len);
    set_up();
    FOR_EACH_LEVEL(level) {
        memset(&want, 0, sizeof want);
        memset(&got, 0, sizeof got);
        got.stop_early = stop_early;
        fc_status status = fc_json_walk(copy, len, &limits, &singles, &want, &want_error);
        CHECK_FOR(fc_json_walk(copy, len, &limits, &runs, &got, &error) == status, "%.200s", text);
        CHECK_FOR(error.fault == want_error.fault && error.at == want_error.at, "%.200s", text);
        CHECK_FOR(got.count == want.count, "%zu, not %zu: %.200s", got.count, want.count, text);
        for (size_t i = 0; i < want.count; i++)
            CHECK_FOR(memcmp(&got.values[i], &want.values[i], 8) == 0, "%.17g, not %.17g at %zu",
                      got.values[i], want.values[i], i);
        CHECK(got.end_count == want.end_count && got.strings == want.strings);
        CHECK(memcmp(got.ends, want.ends, want.end_count * sizeof *want.ends) == 0);
    }
    free(copy);
}

/* A number as it may stand in a document, usual or not. */
static int put_number(char *to, uint64_t *seed) {
    static const char *const odd[] = {"0",      "-0",  "-0.0",      "1e5",
                                      "0.1E-7", "NaN", "-Infinity", "1e999",
                                      "0e0",    "1.0", "5e-324",    "123456789012345678901234"};
    uint64_t r = harness_random(seed);
    if (r % 16 == 0) return sprintf(to, "%s", odd[(r >> 8) % (sizeof odd / sizeof *odd)]);
    uint64_t bits = harness_random(seed);
    double value;
    if (r % 16 < 4) return sprintf(to, "%lld", (long long)bits >> (r >> 8) % 64);
    if (r % 16 < 6) { /* any double at all */
        memcpy(&value, &bits, 8);
        return value - value == 0 ? sprintf(to, "%.17g", value) : sprintf(to, "2");
    }
    value = ((double)(bits >> 11) / 0x1p53 - 0.5) * ((r >> 8 & 1) ? 2 : 2000);
    return sprintf(to, "%.*f", (int)((r >> 16) % 22), value);
}

static void test_random_arrays(void) {
    uint64_t seed = 71;
    static char text[MOST * 40];
    for (int i = 0; i < 400; i++) {
        size_t len = 0, count = harness_random(&seed) % (i % 8 ? 20 : 400);
        const char *gap = i % 3 ? "" : i % 2 ? " " : "\n   ";
        len += (size_t)sprintf(text, "{\"a\":[%s[", gap);
        for (size_t k = 0; k < count; k++) {
            if (k) len += (size_t)sprintf(text + len, "%s,%s", i % 5 ? "" : gap, gap);
            len += (size_t)put_number(text + len, &seed);
            if (k && k % 97 == 0) len += (size_t)sprintf(text + len, "],[-1.5");
            if (harness_random(&seed) % 400 == 0) len += (size_t)sprintf(text + len, ",\"x\"");
        }
        len += (size_t)sprintf(text + len, "%s],[]%s,7,8.5]}", gap, gap);
        check_text(text, len, false);
        check_text(text, len, true);
        /* Damage: one byte changed, and cut off. */
        for (int d = 0; d < 6; d++) {
            size_t at = harness_random(&seed) % len;
            char old = text[at];
            text[at] = "0-.e,]\"x"[harness_random(&seed) % 8];
            check_text(text, len, false);
            text[at] = old;
            check_text(text, harness_random(&seed) % len, false);
        }
    }
}

static void test_runs_are_heard_as_runs(void) {
    static heard h;
    static const char text[] = "[1,2.5,-3e4,\"x\",5]";
    set_up();
    FOR_EACH_LEVEL(level) {
        memset(&h, 0, sizeof h);
        CHECK(fc_json_walk(text, sizeof text - 1, &limits, &runs, &h, NULL) == FC_OK);
        CHECK(h.count == 4 && h.alone == 1 && h.ends[0] == 5);
    }
}

static void test_digits(void) {
    /* Every length of the digits in front of and behind the dot, and every length of the text. */
    uint64_t seed = 72;
    char text[256];
    for (int whole = 1; whole < 24; whole++) {
        for (int places = 0; places < 24; places++) {
            for (int minus = 0; minus < 2; minus++) {
                size_t len = (size_t)sprintf(text, "[%s", minus ? "-" : "");
                for (int i = 0; i < whole; i++)
                    text[len++] = (char)('0' + (harness_random(&seed) % 9 + 1) * (i || whole > 1));
                if (places) text[len++] = '.';
                for (int i = 0; i < places; i++)
                    text[len++] = (char)('0' + harness_random(&seed) % 10);
                text[len++] = ']';
                check_text(text, len, false);
                memset(text + len, ' ', 64);
                check_text(text, len + 64, false);
            }
        }
    }
}

static const harness_test tests[] = {
    TEST(test_random_arrays),
    TEST(test_runs_are_heard_as_runs),
    TEST(test_digits),
};
TEST_MAIN(tests)
