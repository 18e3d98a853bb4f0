/* Characters of scanned strings, counted and written in each width at every SIMD level, against the
 * decoded UTF-8 read byte by byte. */
#include "fastcore/json.h"
#include "harness.h"

static const char *const pieces[] = {
    "a",
    "plain text of some length, longer than a vector of thirty-two or sixty-four bytes",
    "\\n",
    "\\\"",
    "\\\\",
    "\\u0041",
    "\\u00e9",
    "\\u0000",
    "\\uffff",
    "\\ud83d\\ude00",
    "\\u007f",
    "\xc2\x80",
    "\xc3\xbf",
    "\xc4\x80",
    "\xdf\xbf",
    "\xe0\xa0\x80",
    "\xef\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf4\x8f\xbf\xbf",
    "\x7f",
    "seventeen  chars.",
    "x\\/y"};

/* The code points of valid UTF-8. */
static size_t points_of(const char *text, size_t len, uint32_t *out) {
    const unsigned char *p = (const unsigned char *)text, *end = p + len;
    size_t n = 0;
    while (p < end) {
        int more = *p < 0x80 ? 0 : *p < 0xE0 ? 1 : *p < 0xF0 ? 2 : 3;
        uint32_t point = more ? *p & (0x3Fu >> more) : *p;
        for (p++; more--; p++) point = point << 6 | (*p & 0x3Fu);
        out[n++] = point;
    }
    return n;
}

static uint32_t unit(const void *at, int width, size_t i) {
    return width == 1   ? ((const uint8_t *)at)[i]
           : width == 2 ? ((const uint16_t *)at)[i]
                        : ((const uint32_t *)at)[i];
}

static void check(const char *raw, size_t len) {
    char *copy = harness_copy(raw, len), decoded[4096];
    uint32_t points[4096], largest = 0, ceiling;
    fc_json_string string = {copy, len, memchr(copy, '\\', len) != NULL, true};
    for (size_t i = 0; i < len; i++) string.ascii &= (unsigned char)copy[i] < 0x80;
    size_t count = points_of(decoded, fc_json_string_decode(&string, decoded), points);
    for (size_t i = 0; i < count; i++) largest = points[i] > largest ? points[i] : largest;
    CHECK_FOR(fc_json_string_chars(&string, &ceiling) == count, "%.*s", (int)len, raw);
    uint32_t expected = largest < 0x80      ? 0x7F
                        : largest < 0x100   ? 0xFF
                        : largest < 0x10000 ? 0xFFFF
                                            : 0x10FFFF;
    CHECK_FOR(ceiling == expected, "%.*s: %x", (int)len, raw, ceiling);
    for (int width = ceiling < 0x100 ? 1 : ceiling < 0x10000 ? 2 : 4; width <= 4; width *= 2) {
        void *out = malloc(count ? count * (size_t)width : 1); /* exactly, for the sanitizer */
        fc_json_string_write(&string, width, out, count);
        bool same = true;
        for (size_t i = 0; i < count; i++) same &= unit(out, width, i) == points[i];
        CHECK_FOR(same, "%.*s in units of %d", (int)len, raw, width);
        free(out);
    }
    free(copy);
}

static void test_strings(void) {
    uint64_t seed = 11;
    for (int round = 0; round < 6000; round++) {
        char raw[2048];
        size_t len = 0, parts = harness_random(&seed) % 24;
        /* Few kinds in one string, so that every width is met often. */
        size_t kinds = 1 + harness_random(&seed) % (sizeof pieces / sizeof *pieces);
        for (size_t i = 0; i < parts; i++) {
            const char *piece = pieces[harness_random(&seed) % kinds];
            size_t n = strlen(piece);
            memcpy(raw + len, piece, n);
            len += n;
        }
        check(raw, len);
    }
    for (size_t len = 0; len < 200; len++) {
        char raw[256];
        memset(raw, 'x', sizeof raw);
        check(raw, len);
        memcpy(raw + len, "\xe2\x82\xac", 3);
        check(raw, len + 3);
        memcpy(raw + len, "\\t", 2);
        check(raw, len + 2);
    }
    static char many[40000]; /* more than the lanes of a count can hold */
    memset(many, 0xC3, sizeof many);
    for (size_t i = 1; i < sizeof many; i += 2) many[i] = (char)0xA9;
    fc_json_string string = {many, sizeof many, false, false};
    uint32_t ceiling;
    CHECK(fc_json_string_chars(&string, &ceiling) == sizeof many / 2 && ceiling == 0xFF);
}

static void test_every_level(void) {
    fc_cpu_level best = fc_cpu_current();
    for (int level = FC_CPU_GENERIC; level <= FC_CPU_AVX512; level++) {
        if (fc_cpu_force((fc_cpu_level)level) != (fc_cpu_level)level) continue;
        test_strings();
    }
    CHECK(fc_cpu_force(best) == best);
}

static const harness_test tests[] = {TEST(test_every_level)};
TEST_MAIN(tests)
