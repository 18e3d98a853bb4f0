/* Columns to rows: every width, length, size of cells and SIMD level; nothing beyond the matrix is
 * written and nothing beyond the columns read. */
#include "harness.h"

#include "plan/weave.h"

enum { COLUMNS = 19, ROWS = 21, WIDTH = COLUMNS + 2 };

static void all_shapes(size_t size) {
    for (size_t rows = 0; rows <= ROWS; rows++)
        for (size_t count = 0; count <= COLUMNS; count++) {
            const void *columns[COLUMNS] = {NULL};
            unsigned char *cells[COLUMNS], out[(ROWS + 1) * WIDTH * 8], want[sizeof out];
            memset(out, 0xee, sizeof out);
            memset(want, 0xee, sizeof want);
            for (size_t j = 0; j < count; j++) {
                cells[j] = malloc(rows * size + !rows); /* exactly: the sanitizer sees the end */
                if (!cells[j]) abort();
                for (size_t i = 0; i < rows * size; i++) {
                    cells[j][i] = (unsigned char)(j * 37 + i * 11);
                    want[i / size * WIDTH * size + (j + 1) * size + i % size] = cells[j][i];
                }
                columns[j] = cells[j];
            }
            fc_weave(columns, count, size, rows, out + size, WIDTH * size);
            CHECK_FOR(memcmp(out, want, sizeof out) == 0, "%zu x %zu of %zu", rows, count, size);
            for (size_t j = 0; j < count; j++) free(cells[j]);
        }
}

static void at_every_level(void) {
    fc_cpu_level best = fc_cpu_current();
    for (int level = 0; level <= (int)best; level++) {
        if (fc_cpu_force((fc_cpu_level)level) != (fc_cpu_level)level) continue;
        all_shapes(4);
        all_shapes(8);
    }
    CHECK(fc_cpu_force(best) == best);
}

static const harness_test tests[] = {TEST(at_every_level)};
TEST_MAIN(tests)
