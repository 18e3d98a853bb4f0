/* From texts to codes, and every allocation that may fail on the way. */
#include "harness.h"

#include "failing.h"
#include "plan/lookup.h"

static void every_text_has_its_code(void) {
    enum { COUNT = 500 };
    static char bytes[COUNT * 8];
    static fc_lookup_text texts[COUNT];
    static int64_t offsets[COUNT + 2];
    size_t at = 0;
    for (int i = 0; i < COUNT; i++) {
        offsets[i] = (int64_t)at;
        int len = i ? snprintf(bytes + at, 8, "%d", i * 7) : 0;
        texts[i] = (fc_lookup_text){bytes + at, (size_t)len, i};
        at += (size_t)len;
    }
    offsets[COUNT] = (int64_t)at;
    memcpy(bytes + at, "78", 2); /* "7" and "8" are no multiples of 7 but one */
    offsets[COUNT + 1] = (int64_t)at + 2;
    fc_lookup *lookup;
    CHECK(fc_lookup_new(&fc_alloc_libc, texts, COUNT, &lookup) == FC_OK);
    for (int i = 0; i <= COUNT; i++) {
        size_t len = (size_t)(offsets[i + 1] - offsets[i]);
        CHECK(fc_lookup_find(lookup, bytes + offsets[i], len) == (i < COUNT ? i : -1));
    }
    fc_lookup_free(lookup);
}

static void an_empty_table_knows_nothing(void) {
    fc_lookup *lookup;
    CHECK(fc_lookup_new(&fc_alloc_libc, NULL, 0, &lookup) == FC_OK);
    CHECK(fc_lookup_find(lookup, "", 0) == -1 && fc_lookup_find(lookup, "a", 1) == -1);
    fc_lookup_free(lookup);
}

static void failing_allocations(void) {
    static const fc_lookup_text texts[] = {{"a", 1, 0}, {"bc", 2, 1}};
    for (int k = 0; k < 8; k++) {
        failing state = {0, k, 0};
        fc_alloc alloc = {failing_get, failing_resize, failing_release, &state};
        fc_lookup *lookup;
        fc_status status = fc_lookup_new(&alloc, texts, 2, &lookup);
        CHECK(status == (state.calls > k ? FC_ENOMEM : FC_OK) && (status == FC_OK) == !!lookup);
        fc_lookup_free(lookup);
        CHECK(state.held == 0);
    }
}

static const harness_test tests[] = {
    TEST(every_text_has_its_code),
    TEST(an_empty_table_knows_nothing),
    TEST(failing_allocations),
};
TEST_MAIN(tests)
