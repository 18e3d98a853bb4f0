/* The grammar: what is accepted, what is told to the sink, where faults are, limits, and that no
 * level reads behind the text or says anything else than the others. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "oracle.h"
#include "transcript.h"

static const fc_json_limits strict = {FC_JSON_MAX_DEPTH, false};

/* The document that the exhaustive tests cut and change: every token, every kind of escape. */
static const char sample[] =
    " {\"a\":[1,-2.5e+3,0.125,12345678901234567890.5],\"k\\u00e9\\n\": {\"a\" : null , \"\": "
    "true},\n"
    "\t\"text\":\"plain, long enough for two vectors of any kind "
    "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80 \\ud83d\\ude00\\\"\\\\\\/\","
    "\"e\":[],\"f\":[{}, false ,[[\"x\"]]] , \"a\":0.12345678901234567}\r\n";

/* Walks an exact copy at every level; checks acceptance against the oracle and all levels, with and
 * without prediction, against each other. Returns the status. */
static fc_status check_document(const char *data, size_t len, fc_json_limits limits) {
    bool want = oracle_accepts(data, len, limits);
    char *copy = harness_copy(data, len);
    transcript first = {0};
    fc_json_error first_error = {FC_FAULT_NONE, 0};
    fc_status first_status = FC_OK;
    bool begun = false;
    FOR_EACH_LEVEL(level) {
        for (int predicting = 0; predicting < 2; predicting++) {
            transcript t = {0};
            fc_json_error error = {FC_FAULT_TRAILING, SIZE_MAX};
            const fc_json_sink *sink = predicting ? &transcript_predicting_sink : &transcript_sink;
            fc_status status = fc_json_walk(copy, len, &limits, sink, &t, &error);
            CHECK_FOR((status == FC_OK) == want, "%s: %.*s", fc_cpu_name((fc_cpu_level)level),
                      (int)len, data);
            CHECK(status == FC_OK || status == FC_ESYNTAX);
            CHECK((status == FC_OK) == (error.fault == FC_FAULT_NONE));
            CHECK(error.at <= len && (error.fault != FC_FAULT_END || error.at == len));
            CHECK_FOR(!t.broken, "%.*s", (int)len, data);
            if (begun) {
                CHECK(status == first_status && error.fault == first_error.fault);
                CHECK_FOR(error.at == first_error.at, "%zu %zu in %.*s", error.at, first_error.at,
                          (int)len, data);
                CHECK_FOR(t.len == first.len && (!t.len || memcmp(t.text, first.text, t.len) == 0),
                          "\n%s\n%s", t.text, first.text);
                free(t.text);
            } else {
                first = t, first_status = status, first_error = error, begun = true;
            }
        }
    }
    free(first.text);
    free(copy);
    return first_status;
}

static void test_accepted(void) {
    static const char *const texts[] = {"null",
                                        "true",
                                        "false",
                                        "0",
                                        "-0",
                                        "1",
                                        "-1.5",
                                        "1e5",
                                        "1E+5",
                                        "0.0e-0",
                                        "\"\"",
                                        "\"a\"",
                                        "[]",
                                        "{}",
                                        " [ ] ",
                                        "\t{\r\n}\n",
                                        "[1]",
                                        "[1,2]",
                                        "[[]]",
                                        "[[],[]]",
                                        "{\"a\":1}",
                                        "{\"\":{}}",
                                        "{\"a\":1,\"a\":2}",
                                        "[null,true,false]",
                                        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
                                        "\"\\u0000\"",
                                        "\"\\uD834\\uDd1e\"",
                                        "\"\\u00e9\"",
                                        "\"\xc2\x80\"",
                                        "\"\xdf\xbf\"",
                                        "\"\xe0\xa0\x80\"",
                                        "\"\xed\x9f\xbf\"",
                                        "\"\xee\x80\x80\"",
                                        "\"\xef\xbf\xbf\"",
                                        "\"\xf0\x90\x80\x80\"",
                                        "\"\xf4\x8f\xbf\xbf\"",
                                        "\"\x7f\"",
                                        "\"\xef\xbb\xbf\"",
                                        "[1.0,2,3e4 , -5]",
                                        "123456789012345678901234567890",
                                        "{\"a\" :\n[ { \"b\" : \"c\" } ] }",
                                        "\"\xe2\x80\xa8\"",
                                        "1e400",
                                        "-1e-400",
                                        "[\"\\uFFFF\"]"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK_FOR(check_document(texts[i], strlen(texts[i]), strict) == FC_OK, "%s", texts[i]);
    }
}

static const struct {
    const char *text;
    fc_json_fault fault;
    size_t at;
} refused[] = {{"", FC_FAULT_END, 0},
               {" ", FC_FAULT_END, 1},
               {"[", FC_FAULT_END, 1},
               {"{", FC_FAULT_END, 1},
               {"[1", FC_FAULT_END, 2},
               {"[1,", FC_FAULT_END, 3},
               {"{\"a\"", FC_FAULT_END, 4},
               {"{\"a\":", FC_FAULT_END, 5},
               {"{\"a\":1", FC_FAULT_END, 6},
               {"{\"a\":1,", FC_FAULT_END, 7},
               {"\"", FC_FAULT_END, 1},
               {"\"a", FC_FAULT_END, 2},
               {"\"\\", FC_FAULT_END, 2},
               {"\"\\u00", FC_FAULT_END, 5},
               {"\"\\ud800", FC_FAULT_END, 7},
               {"\"\\ud800\\", FC_FAULT_END, 8},
               {"-", FC_FAULT_END, 1},
               {"1.", FC_FAULT_END, 2},
               {"1e", FC_FAULT_END, 2},
               {"1e-", FC_FAULT_END, 3},
               {"nul", FC_FAULT_END, 3},
               {"t", FC_FAULT_END, 1},
               {"fals", FC_FAULT_END, 4},
               {"]", FC_FAULT_VALUE, 0},
               {"[,1]", FC_FAULT_VALUE, 1},
               {"[1,]", FC_FAULT_VALUE, 3},
               {"[1,,2]", FC_FAULT_VALUE, 3},
               {"nulL", FC_FAULT_VALUE, 3},
               {"True", FC_FAULT_VALUE, 0},
               {"'a'", FC_FAULT_VALUE, 0},
               {"+1", FC_FAULT_VALUE, 0},
               {".5", FC_FAULT_VALUE, 0},
               {"\xef\xbb\xbf[]", FC_FAULT_VALUE, 0},
               {"/**/1", FC_FAULT_VALUE, 0},
               {"{\"a\":}", FC_FAULT_VALUE, 5},
               {"\v1", FC_FAULT_VALUE, 0},
               {"\xc2\xa0"
                "1",
                FC_FAULT_VALUE, 0},
               {"[undefined]", FC_FAULT_VALUE, 1},
               {"01", FC_FAULT_NUMBER, 1},
               {"-01", FC_FAULT_NUMBER, 2},
               {"[1.]", FC_FAULT_NUMBER, 3},
               {"[1.e2]", FC_FAULT_NUMBER, 3},
               {"[1ex]", FC_FAULT_NUMBER, 3},
               {"[1e+]", FC_FAULT_NUMBER, 4},
               {"[-]", FC_FAULT_NUMBER, 2},
               {"[--1]", FC_FAULT_NUMBER, 2},
               {"[-a]", FC_FAULT_NUMBER, 2},
               {"NaN", FC_FAULT_NONFINITE, 0},
               {"[-Infinity]", FC_FAULT_NONFINITE, 1},
               {"Infinity", FC_FAULT_NONFINITE, 0},
               {"\"\n\"", FC_FAULT_STRING, 1},
               {"\"a\x1f\"", FC_FAULT_STRING, 2},
               {"\"\\x\"", FC_FAULT_ESCAPE, 1},
               {"\"ab\\u12G4\"", FC_FAULT_ESCAPE, 3},
               {"\"\\uDC00\"", FC_FAULT_ESCAPE, 1},
               {"\"\\uD800\"", FC_FAULT_ESCAPE, 1},
               {"\"\\uD800\\uD800\"", FC_FAULT_ESCAPE, 1},
               {"\"\\uDC00\\uD800\"", FC_FAULT_ESCAPE, 1},
               {"\"\\uD800x\"", FC_FAULT_ESCAPE, 1},
               {"\"\\'\"", FC_FAULT_ESCAPE, 1},
               {"\"\\U0041\"", FC_FAULT_ESCAPE, 1},
               {"\"\x80\"", FC_FAULT_UTF8, 1},
               {"\"\xff\"", FC_FAULT_UTF8, 1},
               {"\"a\xc0\xaf\"", FC_FAULT_UTF8, 2},
               {"\"\xe0\x80\x80\"", FC_FAULT_UTF8, 1},
               {"\"\xed\xa0\x80\"", FC_FAULT_UTF8, 1},
               {"\"\xf4\x90\x80\x80\"", FC_FAULT_UTF8, 1},
               {"\"\xe6\xbc\"", FC_FAULT_UTF8, 1},
               {"\"\xf0\x80\x80\x80\"", FC_FAULT_UTF8, 1},
               {"{1:2}", FC_FAULT_KEY, 1},
               {"{,}", FC_FAULT_KEY, 1},
               {"{\"a\":1,}", FC_FAULT_KEY, 7},
               {"{a:1}", FC_FAULT_KEY, 1},
               {"{\"a\" 1}", FC_FAULT_COLON, 5},
               {"{\"a\",1}", FC_FAULT_COLON, 4},
               {"[1 2]", FC_FAULT_COMMA, 3},
               {"[1}", FC_FAULT_COMMA, 2},
               {"{\"a\":1]", FC_FAULT_COMMA, 6},
               {"{\"a\":1 \"b\":2}", FC_FAULT_COMMA, 7},
               {"[1:2]", FC_FAULT_COMMA, 2},
               {"[1e5.5]", FC_FAULT_COMMA, 4},
               {"[0x1]", FC_FAULT_COMMA, 2},
               {"1 1", FC_FAULT_TRAILING, 2},
               {"[]]", FC_FAULT_TRAILING, 2},
               {"{}{}", FC_FAULT_TRAILING, 2},
               {"nullnull", FC_FAULT_TRAILING, 4},
               {"1,", FC_FAULT_TRAILING, 1},
               {"\"\"x", FC_FAULT_TRAILING, 2},
               {"[1]//", FC_FAULT_TRAILING, 3}};

static void test_refused(void) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        size_t len = strlen(refused[i].text);
        fc_json_error error;
        CHECK_FOR(check_document(refused[i].text, len, strict) == FC_ESYNTAX, "%s",
                  refused[i].text);
        fc_json_walk(refused[i].text, len, &strict, &fc_json_sink_none, NULL, &error);
        CHECK_FOR(error.fault == refused[i].fault && error.at == refused[i].at, "%s: %s at %zu",
                  refused[i].text, fc_json_fault_text(error.fault), error.at);
    }
    CHECK(check_document("[\0]", 3, strict) == FC_ESYNTAX);
    CHECK(check_document("\"\0\"", 3, strict) == FC_ESYNTAX);
    CHECK(check_document("1\0", 2, strict) == FC_ESYNTAX);
    CHECK(fc_json_walk(NULL, 0, &strict, &fc_json_sink_none, NULL, NULL) == FC_ESYNTAX);
}

static void test_nonfinite_tokens(void) {
    const fc_json_limits lax = {FC_JSON_MAX_DEPTH, true};
    static const char text[] = "[NaN, Infinity,-Infinity, 1]";
    CHECK(check_document(text, sizeof text - 1, lax) == FC_OK);
    CHECK(check_document(text, sizeof text - 1, strict) == FC_ESYNTAX);
    static const char *const wrong[] = {"-NaN", "nan",       "inf",    "Infinityx",
                                        "[Na]", "+Infinity", "{NaN:1}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(check_document(wrong[i], strlen(wrong[i]), lax) == FC_ESYNTAX);
    }
}

static void test_events(void) {
    static const char text[] =
        "{\"a\":[1,-2.50,\"x\\n\"],\"b\":{\"c\":null},\"d\":[true,false,{},[]]}";
    static const char want[] = "{1 k:a [2 i:1e0/1=3ff0000000000000 f:-250e-2/5=c004000000000000 "
                               "s:x\n 3]2 k:b {2 k:c n 1}2 "
                               "k:d [2 t f {3 0}3 [3 0]3 4]2 3}1 ";
    transcript t = {0};
    CHECK(fc_json_walk(text, sizeof text - 1, &strict, &transcript_sink, &t, NULL) == FC_OK);
    CHECK_FOR(t.text && strcmp(t.text, want) == 0, "\n%s\n%s", t.text, want);
    free(t.text);
}

/* ---- Sinks that stop, fail, or hand over ------------------------------------------------------
 */

typedef struct counting {
    int events, stop_at;
} counting;

static fc_status count_event(fc_json_walker *w) {
    counting *c = w->self;
    return c->events++ == c->stop_at ? FC_ESTOP : FC_OK;
}
static fc_status count_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)kind, (void)at;
    return count_event(w);
}
static fc_status count_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t n) {
    (void)kind, (void)end, (void)n;
    return count_event(w);
}
static fc_status count_string(fc_json_walker *w, const fc_json_string *string) {
    (void)string;
    return count_event(w);
}
static fc_status count_number(fc_json_walker *w, const fc_json_number *number) {
    (void)number;
    return count_event(w);
}
static const fc_json_sink count_sink = {count_begin,  count_end,   count_string, count_number,
                                        count_string, count_begin, NULL};

static void test_sink_stops(void) {
    counting all = {0, -1};
    CHECK(fc_json_walk(sample, sizeof sample - 1, &strict, &count_sink, &all, NULL) == FC_OK);
    CHECK(all.events > 30);
    for (int k = 0; k < all.events; k++) {
        counting c = {0, k};
        fc_json_error error;
        CHECK(fc_json_walk(sample, sizeof sample - 1, &strict, &count_sink, &c, &error) ==
              FC_ESTOP);
        CHECK(c.events == k + 1 && error.fault == FC_FAULT_NONE && error.at <= sizeof sample);
    }
}

/* The outer sink lets a counting sink take over at each array, which gives back at its end. */
typedef struct handing {
    const fc_json_sink *outer;
    int outside, inside;
    uint32_t depth;
} handing;

static fc_status inner_any(fc_json_walker *w, const fc_json_number *number) {
    (void)number;
    ((handing *)w->self)->inside++;
    return FC_OK;
}
static fc_status inner_end(fc_json_walker *w, fc_json_kind kind, const char *end, size_t n) {
    (void)kind, (void)end, (void)n;
    handing *h = w->self;
    if (w->depth == h->depth) w->sink = h->outer;
    return FC_OK;
}
static fc_json_sink inner_sink;
static fc_status outer_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    (void)at;
    handing *h = w->self;
    if (kind == FC_JSON_ARRAY) {
        h->depth = w->depth;
        w->sink = &inner_sink;
    }
    return FC_OK;
}
static fc_status outer_number(fc_json_walker *w, const fc_json_number *number) {
    (void)number;
    ((handing *)w->self)->outside++;
    return FC_OK;
}

static void test_sink_hands_over(void) {
    static const char text[] = "{\"a\":1,\"b\":[2,[3],{\"c\":4}],\"d\":5,\"e\":[],\"f\":6}";
    inner_sink = fc_json_sink_none;
    inner_sink.number = inner_any;
    inner_sink.end = inner_end;
    fc_json_sink outer = fc_json_sink_none;
    outer.begin = outer_begin;
    outer.number = outer_number;
    handing h = {&outer, 0, 0, 0};
    CHECK(fc_json_walk(text, sizeof text - 1, &strict, &outer, &h, NULL) == FC_OK);
    CHECK(h.outside == 3 && h.inside == 3);
}

/* ---- Limits -----------------------------------------------------------------------------------
 */

static void test_depth(void) {
    char text[1000];
    for (uint32_t max = 0; max <= FC_JSON_MAX_DEPTH; max += max < 4 ? 1 : 49) {
        const fc_json_limits limits = {max, false};
        for (uint32_t n = 1; n <= max + 3; n++) {
            for (int filled = 0; filled < 2; filled++) {
                memset(text, '[', n);
                text[n] = '1';
                memset(text + n + (filled ? 1 : 0), ']', n);
                bool want = filled ? n <= max : n <= max + 1;
                fc_status status = check_document(text, 2 * n + (filled ? 1 : 0), limits);
                CHECK_FOR((status == FC_OK) == want, "%u of %u, %d", n, max, filled);
            }
        }
    }
    const fc_json_limits over = {FC_JSON_MAX_DEPTH + 1, false};
    CHECK(fc_json_walk("1", 1, &over, &fc_json_sink_none, NULL, NULL) == FC_EINVALID);
}

static void test_hundred_thousand_deep(void) {
    static const char *const units[] = {"[", "{\"a\":", "[{\"a\":"};
    for (size_t i = 0; i < 3; i++) {
        size_t unit = strlen(units[i]), n = 100000;
        char *text = malloc(unit * n);
        if (!text) abort();
        for (size_t k = 0; k < n; k++) memcpy(text + unit * k, units[i], unit);
        fc_json_error error;
        CHECK(fc_json_walk(text, unit * n, &strict, &fc_json_sink_none, NULL, &error) ==
              FC_ESYNTAX);
        CHECK(error.fault == FC_FAULT_DEPTH);
        free(text);
    }
}

static void test_digits(void) {
    char text[FC_JSON_MAX_DIGITS + 20];
    for (size_t n = FC_JSON_MAX_DIGITS - 1; n <= FC_JSON_MAX_DIGITS + 2; n++) {
        for (int minus = 0; minus < 2; minus++) {
            size_t len = 0;
            if (minus) text[len++] = '-';
            memset(text + len, '3', n);
            len += n;
            bool want = n <= FC_JSON_MAX_DIGITS;
            CHECK((check_document(text, len, strict) == FC_OK) == want);
            memcpy(text + len, "e-5", 3);
            CHECK((check_document(text, len + 3, strict) == FC_OK) == want);
            text[minus + 1] = '.'; /* behind the dot there is no limit */
            CHECK(check_document(text, len, strict) == FC_OK);
        }
    }
}

/* ---- Exhaustive -------------------------------------------------------------------------------
 */

static void test_cut_at_each_byte(void) {
    for (size_t len = 0; len < sizeof sample; len++) {
        fc_status status = check_document(sample, len, strict);
        CHECK((status == FC_OK) == (len >= sizeof sample - 3)); /* the last two are white space */
        if (status == FC_OK) continue;
        fc_json_error error;
        fc_json_walk(sample, len, &strict, &fc_json_sink_none, NULL, &error);
        /* A cut inside a character of UTF-8 may also be called that. */
        CHECK_FOR(error.fault == FC_FAULT_END || error.fault == FC_FAULT_UTF8, "%zu: %s", len,
                  fc_json_fault_text(error.fault));
    }
}

static void test_each_byte_changed(void) {
    char text[sizeof sample];
    for (size_t at = 0; at < sizeof sample - 1; at++) {
        memcpy(text, sample, sizeof sample);
        /* Each value where the text is strange anyway, else those that mean something. */
        static const char some[] =
            "\"\\{}[],:-+.eE019 \n\tntfuNI/\x01\x7f\x80\xbf\xc2\xe0\xed\xf0\xf4\xff";
        for (size_t k = 0; k < sizeof some; k++) {
            text[at] = some[k];
            check_document(text, sizeof sample - 1, strict);
        }
    }
}

static void test_each_byte_left_out(void) {
    char text[sizeof sample];
    for (size_t at = 0; at < sizeof sample - 1; at++) {
        memcpy(text, sample, at);
        memcpy(text + at, sample + at + 1, sizeof sample - 2 - at);
        check_document(text, sizeof sample - 2, strict);
    }
}

/* Strings, numbers and white space of every length, alone and in arrays, so that each end falls on
 * each place of a vector. */
static void test_each_length(void) {
    char text[420];
    for (size_t n = 0; n <= 200; n++) {
        for (int variant = 0; variant < 8; variant++) {
            size_t len = 0;
            if (variant & 1) text[len++] = '[';
            switch (variant >> 1) {
            case 0:
                text[len++] = '"';
                memset(text + len, 'x', n);
                len += n;
                text[len++] = '"';
                break;
            case 1:
                memset(text + len, '4', n + 1);
                len += n + 1;
                break;
            case 2:
                memset(text + len, n % 2 ? ' ' : '\n', n);
                len += n;
                text[len++] = '7';
                break;
            default:
                text[len++] = '"';
                memset(text + len, 'y', n);
                if (n > 3) memcpy(text + len + n / 2, n % 3 ? "\\n" : "\xc3\xa9", 2);
                len += n;
                text[len++] = '"';
            }
            if (variant & 1) text[len++] = ']';
            CHECK_FOR(check_document(text, len, strict) == FC_OK, "%zu %d", n, variant);
            check_document(text, len - 1, strict);
        }
    }
}

/* ---- Page guards ------------------------------------------------------------------------------
 */

/* A page that may be used with one behind it that may not. */
static char *guarded_page(size_t *size) {
    *size = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + *size, *size, PROT_NONE) != 0) abort();
    return pages;
}

/* In a child: walk texts that end at the guard. Documents of every length up to 200 and, as the
 * text's end is fixed, of every alignment of its start. */
static int walk_at_guard(void) {
    size_t size;
    char *page = guarded_page(&size);
    static const char *const fills[] = {"\"",      "1",        " ", "-1.5,", "\"abc\",",
                                        "\\u00e9", "\xc3\xa9", "[", "t",     "{\"a\":1,"};
    int wrong = 0;
    FOR_EACH_LEVEL(level) {
        for (size_t k = 0; k < sizeof fills / sizeof *fills; k++) {
            size_t unit = strlen(fills[k]);
            for (size_t len = 0; len <= 200; len++) {
                for (int open = 0; open < 3; open++) {
                    char *at = page + size - len;
                    for (size_t i = 0; i < len; i++) at[i] = fills[k][i % unit];
                    if (len && open) *at = open == 1 ? '[' : '"';
                    fc_json_error error;
                    fc_json_walk(at, len, &strict, &fc_json_sink_none, NULL, &error);
                    wrong += error.at > len;
                    fc_json_number number;
                    const char *end = fc_json_number_scan(at, at + len, true, &number);
                    wrong += end && end > at + len;
                    fc_utf8_valid(at, len);
                    fc_hash64(at, len, 0);
                }
            }
        }
    }
    return wrong;
}

static int read_behind_guard(void) {
    size_t size;
    volatile char *page = guarded_page(&size);
    return page[size];
}

/* The child's exit code, or -1 if a signal ended it. */
static int in_child(int (*run)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* the sanitizer would only report it */
        signal(SIGBUS, SIG_DFL);
        _exit(run() != 0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) abort();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_page_guards(void) {
    CHECK(in_child(read_behind_guard) == -1); /* the guard bites */
    CHECK(in_child(walk_at_guard) == 0);
}

static const harness_test tests[] = {TEST(test_accepted),
                                     TEST(test_refused),
                                     TEST(test_nonfinite_tokens),
                                     TEST(test_events),
                                     TEST(test_sink_stops),
                                     TEST(test_sink_hands_over),
                                     TEST(test_depth),
                                     TEST(test_hundred_thousand_deep),
                                     TEST(test_digits),
                                     TEST(test_cut_at_each_byte),
                                     TEST(test_each_byte_changed),
                                     TEST(test_each_byte_left_out),
                                     TEST(test_each_length),
                                     TEST(test_page_guards)};
TEST_MAIN(tests)
