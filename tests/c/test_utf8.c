/* UTF-8: validation at every level against the definition, measuring. */
#include "harness.h"
#include "oracle.h"

/* Every level says what the definition says, for exact blocks. */
static void check_text(const char *text, size_t len) {
    bool want = oracle_utf8_valid(text, len);
    char *copy = harness_copy(text, len);
    FOR_EACH_LEVEL(level) {
        bool got = fc_utf8_valid(copy, len);
        CHECK_FOR(got == want, "level %s, %zu bytes, %02x %02x", fc_cpu_name((fc_cpu_level)level),
                  len, len ? (unsigned char)text[0] : 0, len > 1 ? (unsigned char)text[1] : 0);
    }
    free(copy);
}

static void test_every_one_and_two_bytes(void) {
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char text[2] = {(char)a, (char)b};
            check_text(text, 2);
        }
        char one = (char)a;
        check_text(&one, 1);
    }
    check_text("", 0);
}

/* Three and four bytes at the edges of each range, in ASCII before and behind: also across the
 * borders of vectors. */
static void test_edges_at_every_offset(void) {
    static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
                                          0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
                                          0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF};
    enum { N = sizeof edges };
    uint64_t seed = 11;
    for (size_t a = 9; a < N; a++) {
        for (size_t b = 0; b < N; b++) {
            for (size_t c = 0; c < N; c++) {
                for (size_t d = 0; d < N; d += 3) {
                    char text[160];
                    memset(text, 'x', sizeof text);
                    size_t len = harness_random(&seed) % 140 + 5,
                           at = harness_random(&seed) % (len - 4);
                    unsigned char four[4] = {edges[a], edges[b], edges[c], edges[d]};
                    memcpy(text + at, four, 4);
                    bool want = oracle_utf8_valid(text, len);
                    FOR_EACH_LEVEL(level) { CHECK(fc_utf8_valid(text, len) == want); }
                }
            }
        }
    }
}

static size_t put(char *to, uint32_t point) {
    if (point < 0x80) return to[0] = (char)point, 1;
    if (point < 0x800)
        return to[0] = (char)(0xC0 | point >> 6), to[1] = (char)(0x80 | (point & 63)), 2;
    if (point < 0x10000) {
        to[0] = (char)(0xE0 | point >> 12);
        to[1] = (char)(0x80 | (point >> 6 & 63));
        to[2] = (char)(0x80 | (point & 63));
        return 3;
    }
    to[0] = (char)(0xF0 | point >> 18);
    to[1] = (char)(0x80 | (point >> 12 & 63));
    to[2] = (char)(0x80 | (point >> 6 & 63));
    to[3] = (char)(0x80 | (point & 63));
    return 4;
}

/* Random valid texts of every length, then one byte changed, then cut off. */
static void test_random_texts(void) {
    static const uint32_t kinds[] = {0x80, 0x800, 0x10000, 0x110000};
    uint64_t seed = 5;
    for (int round = 0; round < 6000; round++) {
        char text[220];
        size_t len = 0, aim = harness_random(&seed) % 200;
        while (len < aim) {
            uint32_t point = (uint32_t)(harness_random(&seed) % kinds[harness_random(&seed) % 4]);
            if (round % 3 == 0) point %= 0x80;
            if (point >= 0xD800 && point <= 0xDFFF) point = 'z';
            len += put(text + len, point);
        }
        check_text(text, len);
        if (!len) continue;
        check_text(text, harness_random(&seed) % len);
        text[harness_random(&seed) % len] = (char)harness_random(&seed);
        check_text(text, len);
    }
}

static const harness_test tests[] = {TEST(test_every_one_and_two_bytes),
                                     TEST(test_edges_at_every_offset), TEST(test_random_texts)};
TEST_MAIN(tests)
