/* Status texts, CPU levels, hashing. */
#include "harness.h"

static void test_texts(void) {
    for (int status = FC_OK; status <= FC_ESTOP; status++) {
        const char *text = fc_status_text((fc_status)status);
        CHECK(text && *text);
        for (int other = FC_OK; other < status; other++) {
            CHECK(strcmp(text, fc_status_text((fc_status)other)) != 0);
        }
    }
    CHECK(fc_status_text((fc_status)99) != NULL);
    CHECK(fc_cpu_name((fc_cpu_level)99) != NULL);
}

static void test_levels(void) {
    fc_cpu_level best = fc_cpu_current();
    CHECK(fc_cpu_force(FC_CPU_GENERIC) == FC_CPU_GENERIC);
    CHECK(fc_cpu_current() == FC_CPU_GENERIC);
    CHECK(strcmp(fc_cpu_name(fc_cpu_current()), "generic") == 0);
    CHECK(fc_cpu_force(best) == best);
    CHECK(fc_cpu_force(FC_CPU_AVX512) >= best);
    fc_cpu_force(best);
}

static void test_hash_is_stable(void) {
    /* It may be stored, so these values are part of the format. */
    CHECK_FOR(fc_hash64("", 0, 0) == UINT64_C(0x84A4568EEE53E678), "%llx",
              (unsigned long long)fc_hash64("", 0, 0));
    CHECK_FOR(fc_hash64("income", 6, 1) == UINT64_C(0x5802D508A4580A22), "%llx",
              (unsigned long long)fc_hash64("income", 6, 1));
    CHECK_FOR(fc_hash64("a longer text than sixteen bytes", 32, 2) == UINT64_C(0x04DF8FF82A5CE83A),
              "%llx", (unsigned long long)fc_hash64("a longer text than sixteen bytes", 32, 2));
}

/* No byte, no length and no seed goes unused; 40,000 texts give 40,000 hashes. */
static int compare_hashes(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_hash_spreads(void) {
    enum { COUNT = 40000 };
    static uint64_t hashes[COUNT];
    size_t n = 0;
    unsigned char text[100] = {0};
    for (size_t len = 0; len < 100; len++) {
        hashes[n++] = fc_hash64(text, len, 0);
        for (size_t at = 0; at < len; at++) {
            for (int value = 1; value < 8; value++) {
                text[at] = (unsigned char)(value * 31);
                if (n < COUNT) hashes[n++] = fc_hash64(text, len, 0);
            }
            text[at] = 0;
        }
    }
    qsort(hashes, n, sizeof *hashes, compare_hashes);
    size_t equal = 0;
    for (size_t i = 1; i < n; i++) equal += hashes[i] == hashes[i - 1];
    CHECK_FOR(equal == 0, "%zu of %zu", equal, n);
    for (uint64_t seed = 1; seed < 64; seed++) {
        CHECK(fc_hash64("x", 1, seed) != fc_hash64("x", 1, seed - 1));
    }
    /* Tables use the low bits: they are spread too. */
    unsigned buckets[64] = {0};
    for (int i = 0; i < 6400; i++) {
        char name[16];
        int len = snprintf(name, sizeof name, "f%d", i);
        buckets[fc_hash64(name, (size_t)len, 0) % 64]++;
    }
    for (int i = 0; i < 64; i++) CHECK_FOR(buckets[i] > 50 && buckets[i] < 160, "%u", buckets[i]);
}

static void test_hash_reads_no_further(void) {
    uint64_t seed = 3;
    for (size_t len = 0; len < 70; len++) {
        char text[70];
        for (size_t i = 0; i < len; i++) text[i] = (char)harness_random(&seed);
        char *copy = harness_copy(text, len);
        CHECK(fc_hash64(copy, len, 5) == fc_hash64(text, len, 5));
        free(copy);
    }
}

static const harness_test tests[] = {TEST(test_texts), TEST(test_levels), TEST(test_hash_is_stable),
                                     TEST(test_hash_spreads), TEST(test_hash_reads_no_further)};
TEST_MAIN(tests)
