/* Numbers: scanning at every level, and the nearest double of every literal. The expected double
 * comes from exact integers where a case is built, and from strtod in the C locale everywhere. */
#include <locale.h>
#include <math.h>

#include "fastcore/json.h"
#include "harness.h"

typedef struct heard {
    fc_json_number number;
    double value;
    int64_t integer;
    bool is_integer;
} heard;

static fc_status hear(fc_json_walker *w, const fc_json_number *number) {
    heard *h = w->self;
    h->number = *number;
    h->value = fc_json_number_double(number);
    h->is_integer = fc_json_number_int64(number, &h->integer);
    return FC_OK;
}

static const fc_json_limits limits = {FC_JSON_MAX_DEPTH, true};

static bool read_number(const char *text, size_t len, heard *out) {
    fc_json_sink sink = fc_json_sink_none;
    sink.number = hear;
    return fc_json_walk(text, len, &limits, &sink, out, NULL) == FC_OK;
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* At each level, and by fc_json_number_scan: this double, from a block of exactly this size. */
static void check_double(const char *text, double want) {
    size_t len = strlen(text);
    char *copy = harness_copy(text, len);
    FOR_EACH_LEVEL(level) {
        heard h;
        CHECK_FOR(read_number(copy, len, &h), "%.60s", text);
        CHECK_FOR(bits_of(h.value) == bits_of(want), "%.60s (%zu) at %s: %.17g, not %.17g", text,
                  len, fc_cpu_name((fc_cpu_level)level), h.value, want);
    }
    fc_json_number scanned;
    const char *end = fc_json_number_scan(copy, copy + len, false, &scanned);
    CHECK_FOR(end == copy + len, "%.60s", text);
    CHECK(end && bits_of(fc_json_number_double(&scanned)) == bits_of(want));
    free(copy);
}

static void check_strtod(const char *text) {
    /* The integer -0 is +0: there is only one integer zero. */
    check_double(text, strcmp(text, "-0") == 0 ? 0.0 : strtod(text, NULL));
}

/* ---- Exact decimals of binary numbers: an integer in base 10**9 ------------------------------ */

enum { WORDS = 140 };
typedef struct decimal {
    uint32_t word[WORDS]; /* lowest first */
    int used, places;     /* the last `places` decimal digits are behind the dot */
} decimal;

static void decimal_times(decimal *d, uint32_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < d->used; i++) {
        carry += (uint64_t)d->word[i] * factor;
        d->word[i] = (uint32_t)(carry % 1000000000);
        carry /= 1000000000;
    }
    if (carry) d->word[d->used++] = (uint32_t)carry;
}

/* mantissa * 2**exponent; a negative exponent as 5**n with n more places. */
static decimal decimal_make(uint64_t mantissa, int exponent) {
    decimal d = {.used = 3, .places = exponent < 0 ? -exponent : 0};
    d.word[0] = (uint32_t)(mantissa % 1000000000);
    d.word[1] = (uint32_t)(mantissa / 1000000000 % 1000000000);
    d.word[2] = (uint32_t)(mantissa / 1000000000 / 1000000000);
    for (; exponent > 0; exponent--) decimal_times(&d, 2);
    for (; exponent < 0; exponent++) decimal_times(&d, 5);
    return d;
}

/* As digits and an exponent: "123e-4". Returns the number of digits. */
static size_t decimal_print(const decimal *d, char *out, int add_last, const char *more) {
    char digits[WORDS * 9 + 1];
    size_t n = 0;
    for (int i = d->used - 1; i >= 0; i--) n += (size_t)sprintf(digits + n, "%09u", d->word[i]);
    size_t skip = strspn(digits, "0");
    /* Adding or subtracting one in the last place; the last digit is a 5 or there is room. */
    digits[n - 1] = (char)(digits[n - 1] + add_last);
    sprintf(out, "%s%se-%zu", digits + skip, more, (size_t)d->places + strlen(more));
    return n - skip;
}

/* The middle between the double of `bits` and the next: to even; a little more: up; less: down. */
static size_t check_middle(uint64_t bits) {
    char text[WORDS * 9 + 80];
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int biased = (int)(bits >> 52);
    uint64_t mantissa = biased ? fraction | (uint64_t)1 << 52 : fraction;
    int exponent = (biased ? biased : 1) - 1075;
    decimal d = decimal_make(2 * mantissa + 1, exponent - 1);
    double low = from_bits(bits), up = from_bits(bits + 1), even = bits & 1 ? up : low;
    size_t digits = decimal_print(&d, text, 0, "");
    check_double(text, even);
    /* With more behind it: zeros change nothing, anything else decides, however far away. */
    decimal_print(&d, text, 0, "00000000000000000000");
    check_double(text, even);
    decimal_print(&d, text, 0, "0000000000000000000000000000001");
    check_double(text, up);
    if (d.word[0] % 10 != 0 && d.word[0] % 10 != 9) {
        decimal_print(&d, text, -1, "9999999999999999999999");
        check_double(text, low);
        decimal_print(&d, text, 1, "");
        check_double(text, up);
        decimal_print(&d, text, -1, "");
        check_double(text, low);
    }
    return digits;
}

static void test_middles(void) {
    uint64_t seed = 42;
    size_t longest = 0;
    static const uint64_t corners[] = {0,
                                       1,
                                       2,
                                       3,
                                       0x000FFFFFFFFFFFFE,
                                       0x000FFFFFFFFFFFFF,
                                       0x0010000000000000,
                                       0x0010000000000001,
                                       0x001FFFFFFFFFFFFF,
                                       0x3FF0000000000000,
                                       0x3FEFFFFFFFFFFFFF,
                                       0x4340000000000000,
                                       0x4340000000000001,
                                       0x7FEFFFFFFFFFFFFE,
                                       0x7FEFFFFFFFFFFFFF};
    for (size_t i = 0; i < sizeof corners / sizeof *corners; i++) {
        size_t n = check_middle(corners[i]);
        if (n > longest) longest = n;
    }
    for (int i = 0; i < 400; i++) {
        uint64_t bits = harness_random(&seed) >> 1;
        if (i % 3 == 0) bits >>= 8; /* subnormal and tiny */
        if (i % 3 == 1) bits = (bits & 0x001FFFFFFFFFFFFF) | (uint64_t)(900 + i) << 52;
        if (bits >> 52 == 0x7FF) continue;
        size_t n = check_middle(bits);
        if (n > longest) longest = n;
    }
    CHECK_FOR(longest >= 760, "%zu", longest); /* the longest middles there are */
}

/* Short literals on or next to a middle: these are decided without the long way, or need it. */
static void test_short_middles(void) {
    uint64_t seed = 43;
    for (int i = 0; i < 20000; i++) {
        char text[64];
        uint64_t odd = (uint64_t)1 << 53 | harness_random(&seed) >> 11 | 1;
        switch (i % 4) {
        case 0: sprintf(text, "%llu", (unsigned long long)odd); break;
        case 1: sprintf(text, "%llu.5", (unsigned long long)(odd >> 1)); break;
        case 2: sprintf(text, "%llu%s", (unsigned long long)odd, ".000000000000000000001"); break;
        default:
            sprintf(text, "%llue%d", (unsigned long long)odd, (int)(harness_random(&seed) % 8));
        }
        check_strtod(text);
    }
}

static void test_random_literals(void) {
    uint64_t seed = 44;
    for (int i = 0; i < 60000; i++) {
        char text[128];
        double value = from_bits(harness_random(&seed));
        if (i % 8 == 3) value = from_bits(harness_random(&seed) >> 12); /* subnormal */
        if (!isfinite(value)) continue;
        unsigned long long n = harness_random(&seed);
        int power = (int)(harness_random(&seed) % 720) - 370;
        switch (i % 6) {
        case 0: sprintf(text, "%.17g", value); break;
        case 1: sprintf(text, "%.*e", (int)(n % 40), value); break;
        case 2: sprintf(text, "%llue%d", n, power); break;
        case 3: sprintf(text, "%.*e", (int)(n % 20), value); break;
        case 4:
            sprintf(text, "%s%llu.%0*llu", n & 1 ? "-" : "", n >> (n % 64), (int)(n % 18) + 1,
                    n >> 40);
            break;
        default: sprintf(text, "%.*f", (int)(n % 18), (double)(n >> 11) / 9007199254740992.0);
        }
        check_strtod(text);
    }
}

/* One number of each length from 1 to 800 digits, with the dot at every kind of place. */
static void test_every_length(void) {
    uint64_t seed = 45;
    for (size_t len = 1; len <= 800; len += len < 70 ? 1 : 13) {
        for (int variant = 0; variant < 12; variant++) {
            char text[900];
            size_t n = 0;
            if (variant & 1) text[n++] = '-';
            for (size_t i = 0; i < len; i++) {
                text[n++] = (char)('0' + harness_random(&seed) % 10);
            }
            char *first = text + (variant & 1);
            if (*first == '0') *first = '7';
            if (variant >= 4 && len > 1) {
                /* Without a leading zero a dot may stand behind any digit but the last. */
                size_t dot = variant < 8 ? 1 : harness_random(&seed) % (len - 1) + 1;
                memmove(first + dot + 1, first + dot, len - dot);
                first[dot] = '.';
                n++;
            }
            if (variant % 4 >= 2)
                n += (size_t)sprintf(text + n, "e%d", variant * 17 - 100 - (int)len);
            text[n] = 0;
            check_strtod(text);
        }
    }
}

static void test_corners(void) {
    static const char *const texts[] = {
        "0",
        "-0",
        "0.0",
        "-0.0",
        "0e0",
        "-0e5",
        "0e99999999999",
        "-0.000e-99999999999",
        "1",
        "-1",
        "1e99999999999",
        "-1e99999999999",
        "1e-99999999999",
        "-1e-99999999999",
        "1e18446744073709551616",
        "1e-18446744073709551616",
        "1e9223372036854775808",
        "0.0000000000000000000000000000000000000000000000000000000000000000000000001e73",
        "1e308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "4.9e-324",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "1e-400",
        "9007199254740992",
        "9007199254740993",
        "9007199254740995",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "9223372036854775808",
        "123456789012345678",
        "1234567890123456789",
        "12345678901234567890",
        "123456789012345678901",
        "1e22",
        "1e23",
        "8.5e22",
        "9e22",
        "0.1",
        "0.2",
        "0.3",
        "1e-5",
        "1E+5",
        "1E-5",
        "1.0000000000000000000000000",
        "1.00000000000000000000000000000000000001",
        "100000000000000000000000000000000",
        "1.5e+0003"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_strtod(texts[i]);
}

/* Exponents and lengths that bring each other back. */
static void test_long_texts(void) {
    size_t zeros = 5000;
    char *text = malloc(2 * zeros + 100);
    if (!text) abort();
    char *to = text + sprintf(text, "0.");
    memset(to, '0', zeros);
    sprintf(to + zeros, "1234e%zu", zeros);
    check_strtod(text);
    to = text + sprintf(text, "0.3");
    memset(to, '3', zeros);
    to[zeros] = 0;
    check_strtod(text);
    to = text + sprintf(text, "1");
    memset(to, '0', 4299);
    sprintf(to + 4299, "e-4299");
    check_strtod(text);
    free(text);
}

static void test_integers(void) {
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } cases[] = {{"0", true, 0},
                 {"-0", true, 0},
                 {"7", true, 7},
                 {"-12", true, -12},
                 {"1234567890123456789", true, 1234567890123456789},
                 {"9223372036854775807", true, INT64_MAX},
                 {"9223372036854775808", false, 0},
                 {"-9223372036854775808", true, INT64_MIN},
                 {"-9223372036854775809", false, 0},
                 {"9999999999999999999", false, 0},
                 {"18446744073709551616", false, 0},
                 {"10000000000000000000", false, 0},
                 {"100000000000000000000", false, 0},
                 {"-100000000000000000000000000000000000000", false, 0},
                 {"1.0", false, 0},
                 {"1e2", false, 0},
                 {"NaN", false, 0},
                 {"-Infinity", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = harness_copy(cases[i].text, strlen(cases[i].text));
        FOR_EACH_LEVEL(level) {
            heard h;
            CHECK(read_number(copy, strlen(cases[i].text), &h));
            CHECK_FOR(h.is_integer == cases[i].fits, "%s", cases[i].text);
            if (h.is_integer) CHECK_FOR(h.integer == cases[i].value, "%s", cases[i].text);
        }
        free(copy);
    }
}

static void test_nonfinite(void) {
    heard h;
    CHECK(read_number("NaN", 3, &h) && isnan(h.value) && h.number.kind == FC_JSON_NONFINITE);
    CHECK(read_number("Infinity", 8, &h) && h.value == INFINITY);
    CHECK(read_number("-Infinity", 9, &h) && h.value == -INFINITY && h.number.negative);
    fc_json_number n;
    CHECK(fc_json_number_scan("NaN", "NaN" + 3, false, &n) == NULL);
    static const char *const wrong[] = {"-NaN",    "nan",  "Nan", "Inf",
                                        "Infinit", "-Inf", "+1",  "infinity"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_FOR(!read_number(wrong[i], strlen(wrong[i]), &h), "%s", wrong[i]);
    }
}

/* The scanner stops behind the number and does not care what is there. */
static void test_scan_stops(void) {
    static const char *const texts[] = {"0",
                                        "-1",
                                        "12.5",
                                        "1e5",
                                        "123456789012345678",
                                        "0.12345678901234567",
                                        "1234567890123456789012345678901234567890.5"};
    static const char behind[] = ",]} \n\"xN\0-.";
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t k = 0; k < sizeof behind - 1; k++) {
            if (behind[k] == '.') continue; /* would be part of it, or an error */
            char text[80];
            size_t len = strlen(texts[i]);
            memset(text, behind[k], sizeof text);
            memcpy(text, texts[i], len);
            fc_json_number n;
            CHECK_FOR(fc_json_number_scan(text, text + sizeof text, false, &n) == text + len,
                      "%s, %c", texts[i], behind[k]);
            CHECK(n.text == text && n.len == len);
        }
    }
    fc_json_number n;
    static const char *const none[] = {"",   "-",   "01",  "-01", "1.", "1.e1", ".5",
                                       "1e", "1e+", "1.x", "--1", "+1", "e5",   "00"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char *copy = harness_copy(none[i], strlen(none[i]));
        CHECK_FOR(fc_json_number_scan(copy, copy + strlen(none[i]), true, &n) == NULL, "%s",
                  none[i]);
        free(copy);
    }
}

/* A locale with a decimal comma changes nothing (if the machine has one). */
static void test_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!setlocale(LC_ALL, names[i])) continue;
        heard h;
        CHECK(read_number("2.4703282292062328e-324", 23, &h) && h.value == 4.9e-324);
        CHECK(read_number("1.5", 3, &h) && h.value == 1.5);
    }
    setlocale(LC_ALL, "C");
}

static const harness_test tests[] = {TEST(test_corners),       TEST(test_middles),
                                     TEST(test_short_middles), TEST(test_random_literals),
                                     TEST(test_every_length),  TEST(test_long_texts),
                                     TEST(test_integers),      TEST(test_nonfinite),
                                     TEST(test_scan_stops),    TEST(test_locale)};
TEST_MAIN(tests)
