/* Marks to counts, against counting them one by one: widths, offsets, many rounds, every level. */
#include "harness.h"

#include <stdlib.h>

#include "plan/marks.h"

enum { BITS = 40000 };

static void against_one_by_one(void) {
    static uint64_t bits[BITS / 64 + 1];
    uint64_t state = 3;
    for (size_t i = 0; i < BITS / 64 + 1; i++)
        bits[i] = harness_random(&state) & harness_random(&state);
    const fc_cpu_level levels[] = {FC_CPU_GENERIC, FC_CPU_AVX512};
    const size_t widths[] = {1, 2, 3, 30, 31, 63, 64}, ends[] = {0, 1, 64, 700, 1000, BITS};
    for (size_t level = 0; level < 2; level++)
        for (size_t w = 0; w < 7; w++) {
            fc_cpu_force(levels[level]);
            size_t width = widths[w];
            uint64_t want[FC_MARKS_WIDTH] = {0};
            fc_marks *marks = fc_marks_place(malloc(fc_marks_bytes(width)), width);
            for (size_t round = 0; round < 40; round++) {
                size_t end = ends[harness_random(&state) % 6];
                size_t first = round % 3 ? 0 : harness_random(&state) % (end + 1);
                size_t column = round % 5 ? 0 : harness_random(&state) % width;
                fc_marks_add(marks, bits, first, end, column);
                for (size_t i = first; i < end; i++)
                    want[(column + i) % width] += bits[i / 64] >> i % 64 & 1;
            }
            fc_marks_flush(marks);
            for (size_t j = 0; j < width; j++)
                CHECK_FOR(marks->counts[j] == want[j], "width %zu, column %zu", width, j);
            free(marks);
        }
    fc_cpu_force(FC_CPU_AVX512);
}

static const harness_test tests[] = {TEST(against_one_by_one)};
TEST_MAIN(tests)
