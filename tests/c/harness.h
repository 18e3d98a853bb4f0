/* A test program in C: functions with CHECKs, a table of them, one line at the end. */
#ifndef FASTCORE_TESTS_HARNESS_H
#define FASTCORE_TESTS_HARNESS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastcore/base.h"

typedef struct harness_test {
    const char *name;
    void (*run)(void);
} harness_test;

static int harness_faults; /* of the test that runs */

/* Says what failed and goes on: the rest of a test often tells why. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond) && harness_faults++ < 10) {                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                             \
        }                                                                                          \
    } while (0)

/* The same, with what is needed to see the case. */
#define CHECK_FOR(cond, ...)                                                                       \
    do {                                                                                           \
        if (!(cond) && harness_faults++ < 10) {                                                    \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond);                             \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
        }                                                                                          \
    } while (0)

#define TEST(function) {#function, function}

static inline int harness_main(const char *file, const harness_test *tests, size_t count) {
    int failed = 0;
    for (size_t i = 0; i < count; i++) {
        harness_faults = 0;
        tests[i].run();
        if (harness_faults) {
            failed++;
            fprintf(stderr, "FAILED %s: %s (%d faults)\n", file, tests[i].name, harness_faults);
        }
    }
    printf("%s: %d passed, %d failed\n", file, (int)count - failed, failed);
    return failed != 0;
}

#define TEST_MAIN(tests)                                                                           \
    int main(void) { return harness_main(__FILE__, tests, sizeof(tests) / sizeof *(tests)); }

/* A small generator (Marsaglia's xorshift): the same numbers on every run and machine. */
static inline uint64_t harness_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* An exact copy in its own block, so that the sanitizer sees a read on either side of it. */
static inline char *harness_copy(const char *data, size_t len) {
    char *block = malloc(len ? len : 1);
    if (!block) abort();
    memcpy(block, data, len);
    return block;
}

/* The levels that this machine has, each once. FOR_EACH_LEVEL leaves the best one in force. */
#define FOR_EACH_LEVEL(level)                                                                      \
    for (int level = FC_CPU_GENERIC; level <= FC_CPU_AVX512; level++)                              \
        if ((int)fc_cpu_force((fc_cpu_level)level) != level) {                                     \
        } else

#endif
