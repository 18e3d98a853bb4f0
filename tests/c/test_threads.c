/* Any number of walks at once: eight threads read one text, the first of them while the CPU's level
 * is still unknown. Under `make tsan` a race would be reported. */
#include <pthread.h>

#include "harness.h"
#include "transcript.h"

enum { THREADS = 8, ROUNDS = 50 };

static const char text[] =
    "[{\"a\":1.5,\"b\":[true,null,\"x\\u00e9\"],\"name\":\"\xe6\xbc\xa2\xe5\xad\x97 in a text "
    "that is longer than a vector\"},0.1234567890123456789]";

static void *walk_often(void *out) {
    const fc_json_limits limits = {FC_JSON_MAX_DEPTH, false};
    transcript *last = out;
    for (int i = 0; i < ROUNDS; i++) {
        last->len = 0;
        if (fc_json_walk(text, sizeof text - 1, &limits, &transcript_sink, last, NULL) != FC_OK) {
            last->broken = true;
        }
    }
    return NULL;
}

static void test_walks_at_once(void) {
    pthread_t threads[THREADS];
    transcript results[THREADS] = {{0}};
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, walk_often, &results[i]) != 0) abort();
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        CHECK(!results[i].broken && results[i].len > 100);
        CHECK(results[i].text && strcmp(results[i].text, results[0].text) == 0);
    }
    for (int i = 0; i < THREADS; i++) free(results[i].text);
}

static const harness_test tests[] = {TEST(test_walks_at_once)};
TEST_MAIN(tests)
