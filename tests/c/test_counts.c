/* Counting without Python: cells of sorted points, few edges, and the sums of a column, each
 * against a naive count and the same at every level. */
#include <math.h>

#include "drift/gaps.h"
#include "fastcore/drift.h"
#include "harness.h"
#include "oracle.h"

static uint32_t naive_cell(const double *v, size_t n, double x) {
    uint32_t below = 0;
    for (size_t i = 0; i < n; i++) below += v[i] <= x;
    return 2 * below - (below && v[below - 1] == x);
}

static void check_points(const double *v, size_t n, const double *x, size_t m) {
    fc_arena arena;
    fc_points p;
    fc_arena_init(&arena, &fc_alloc_libc);
    CHECK(fc_points_init(&p, &arena, v, n) == FC_OK);
    uint64_t *want = calloc(2 * n + 1, 8), *got = calloc(2 * n + 1, 8);
    for (size_t i = 0; i < m; i++) {
        if (isnan(x[i])) continue;
        uint32_t cell = naive_cell(v, n, x[i]);
        CHECK_FOR(fc_points_cell(&p, x[i]) == cell, "%a among %zu", x[i], n);
        want[cell]++;
    }
    fc_points_count(&p, x, m, got);
    CHECK(!memcmp(want, got, (2 * n + 1) * 8));
    free(want);
    free(got);
    fc_arena_free(&arena);
}

static void test_cells(void) {
    static const double hard[] = {NAN,
                                  INFINITY,
                                  -INFINITY,
                                  0.0,
                                  -0.0,
                                  5e-324,
                                  -5e-324,
                                  1.7976931348623157e308,
                                  -1.7976931348623157e308,
                                  1e300,
                                  1,
                                  2,
                                  3};
    static const double sets[][4] = {{1, 2, 3, 4},
                                     {-1.7e308, 0, 1e-300, 1.7e308},
                                     {0, 5e-324, 1e-323, 1.5e-323},
                                     {1, 1.0000000000000002, 1.0000000000000004, 1e300}};
    uint64_t state = 9;
    double *x = malloc(3000 * sizeof *x), v[500];
    FOR_EACH_LEVEL(level) {
        for (size_t s = 0; s < 4; s++)
            for (size_t n = 0; n <= 4; n++) check_points(sets[s], n, hard, 13);
        for (int round = 0; round < 20; round++) {
            size_t n = 0;
            double at = -50;
            while (n < 500 && harness_random(&state) % 200) {
                at += round % 2 ? 1 : (double)(harness_random(&state) % 1000) / 100 + 1e-3;
                v[n++] = round % 3 ? at : exp(at / 10);
                if (n > 1 && !(v[n - 2] < v[n - 1])) n--;
            }
            for (size_t i = 0; i < 3000; i++) {
                x[i] = (double)(int64_t)(harness_random(&state) % 20000) / 100 - 60;
                if (n && i % 3 == 0) x[i] = v[harness_random(&state) % n];
                if (i < 13) x[i] = hard[i];
            }
            check_points(v, n, x, 3000 - (size_t)round);
        }
    }
    free(x);
}

static const double odd[] = {NAN,
                             INFINITY,
                             -INFINITY,
                             0.0,
                             -0.0,
                             5e-324,
                             -5e-324,
                             1e-45,
                             3.4e38,
                             -3.4e38,
                             1.7976931348623157e308,
                             0.1,
                             0.5,
                             -2};
enum { ODD = sizeof odd / sizeof *odd };

/* What a column may hold: mostly numbers near the edges, some of them equal to one. */
static double draw(uint64_t *state, const double *edges, size_t edge_count, int wild) {
    uint64_t die = harness_random(state) % 16;
    if (wild && die < 3) return odd[harness_random(state) % ODD];
    if (edge_count && die < 8) return edges[harness_random(state) % edge_count];
    return (double)(harness_random(state) % 4000) / 100 - 20;
}

/* Lengths around those of blocks and vectors; copies end where they may be read. */
static void test_at_least(void) {
    uint64_t state = 3;
    for (int round = 0; round < 400; round++) {
        static const size_t lengths[] = {2047, 2048, 2049, 2111, 4100};
        size_t n = round < 330 ? (size_t)round / 2 : lengths[round % 5];
        size_t edge_count = (size_t)round % (FC_FEW_EDGES + 1);
        double edges[FC_FEW_EDGES];
        float narrow[FC_FEW_EDGES];
        for (size_t e = 0; e < edge_count; e++)
            edges[e] = e % 5 == 3 ? 0.1 * (double)e : (double)e - 7;
        if (edge_count > 2) edges[0] = -1e300, edges[edge_count - 1] = 1e300;
        fc_edges_f32(edges, edge_count, narrow);
        double *x = malloc(n * sizeof *x + !n);
        float *y = malloc(n * sizeof *y + !n);
        uint64_t wide[FC_FEW_EDGES] = {0}, single[FC_FEW_EDGES] = {0}, present = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = draw(&state, edges, edge_count, round % 2);
            y[i] = (float)x[i];
            present += !isnan(x[i]);
            for (size_t e = 0; e < edge_count; e++)
                wide[e] += x[i] >= edges[e], single[e] += (double)y[i] >= edges[e];
        }
        FOR_EACH_LEVEL(level) {
            uint64_t got[FC_FEW_EDGES] = {0};
            fc_at_least_f64(x, n, edges, edge_count, got);
            CHECK_FOR(!memcmp(got, wide, sizeof got), "%zu values, %zu edges", n, edge_count);
            memset(got, 0, sizeof got);
            fc_at_least_f32(y, n, narrow, edge_count, got);
            CHECK_FOR(!memcmp(got, single, sizeof got), "%zu floats, %zu edges", n, edge_count);
            CHECK_FOR(fc_present_f64(x, n) == present, "%zu values", n);
            CHECK_FOR(fc_present_f32(y, n) == present, "%zu floats", n);
        }
        free(x);
        free(y);
    }
}

/* The definition: lanes of i mod 8, finite values only. */
static fc_quality naive_quality(const double *x, size_t n, double shift) {
    fc_quality q = {.min = INFINITY, .max = -INFINITY};
    double sum[8] = {0}, squares[8] = {0};
    for (size_t i = 0; i < n; i++) {
        q.missing += isnan(x[i]);
        q.pos_inf += x[i] == INFINITY;
        q.neg_inf += x[i] == -INFINITY;
        if (!isfinite(x[i])) continue;
        double from = x[i] - shift;
        sum[i % 8] += from;
        squares[i % 8] += from * from;
        if (x[i] < q.min) q.min = x[i];
        if (x[i] > q.max) q.max = x[i];
    }
    q.sum = ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
    q.squares = ((squares[0] + squares[4]) + (squares[2] + squares[6])) +
                ((squares[1] + squares[5]) + (squares[3] + squares[7]));
    return q;
}

static void check_quality(const fc_quality *got, const fc_quality *want, size_t n) {
    CHECK_FOR(got->missing == want->missing && got->pos_inf == want->pos_inf &&
                  got->neg_inf == want->neg_inf,
              "%zu values", n);
    CHECK_FOR(!memcmp(&got->sum, &want->sum, 16), "%zu values: %a %a, %a %a", n, got->sum,
              want->sum, got->squares, want->squares);
    /* Which zero is the least may differ: they are equal. */
    CHECK_FOR(got->min == want->min && got->max == want->max, "%zu values", n);
}

static void test_quality(void) {
    uint64_t state = 5;
    for (int round = 0; round < 300; round++) {
        static const size_t lengths[] = {1023, 1024, 1025, 2048, 3077};
        size_t n = round < 200 ? (size_t)round / 2 : lengths[round % 5];
        double *x = malloc(n * sizeof *x + !n), *z = malloc(n * sizeof *z + !n);
        float *y = malloc(n * sizeof *y + !n);
        /* None that is not finite; some; and one alone, in the last block. */
        for (size_t i = 0; i < n; i++) x[i] = draw(&state, NULL, 0, round % 3 == 0);
        if (round % 3 == 1 && n) x[n - 1 - (size_t)round % (n < 9 ? n : 9)] = odd[round % 3];
        for (size_t i = 0; i < n; i++) y[i] = (float)x[i], z[i] = (double)y[i];
        fc_quality wide = naive_quality(x, n, 0.25), single = naive_quality(z, n, 0.25);
        FOR_EACH_LEVEL(level) {
            fc_quality got;
            bool finite = round % 2;
            fc_quality_f64(x, n, 0.25, &finite, &got);
            check_quality(&got, &wide, n);
            finite = true;
            fc_quality_f32(y, n, 0.25, &finite, &got);
            check_quality(&got, &single, n);
        }
        free(x);
        free(y);
        free(z);
    }
}

/* Edges of every kind: even ones, those of a distribution (two in a bucket), single ones far away,
 * more than there are fields for, such that are one as float32, and such that are not finite there.
 */
static size_t draw_edges(uint64_t *state, int round, double *edges) {
    static const double spread[] = {0.28, 0.43, 0.59, 0.78, 1.0, 1.29, 1.69, 2.32, 3.6};
    size_t n = 1 + harness_random(state) % 14;
    for (size_t e = 0; e < n; e++) edges[e] = (double)e - 4;
    if (round % 6 == 1) memcpy(edges, spread, sizeof spread), n = 9;
    if (round % 6 == 2) edges[n] = edges[n - 1] + 1e6, n++;
    if (round % 6 == 3)
        for (size_t e = 0; e < n; e++) edges[e] = 3 + (double)e * 1e-12;
    if (round % 6 == 4) edges[0] = -1e300, edges[n] = 1e300, n++;
    if (round % 6 == 5)
        for (size_t e = 0; e < n; e++) edges[e] = 1e9 + (double)e / 4;
    return n;
}

static void test_profile(void) {
    uint64_t state = 11;
    int crowded = 0;
    for (int round = 0; round < 300; round++) {
        static const size_t lengths[] = {3967, 3968, 3969, 7936, 7951, 12200};
        size_t n = round < 200 ? (size_t)round : lengths[round % 6];
        double edges[FC_FEW_EDGES], shift = 0.25;
        size_t edge_count = draw_edges(&state, round, edges);
        double *x = malloc(n * sizeof *x + !n), *z = malloc(n * sizeof *z + !n);
        float *y = malloc(n * sizeof *y + !n);
        uint64_t wide[FC_FEW_EDGES] = {0}, single[FC_FEW_EDGES] = {0};
        for (size_t i = 0; i < n; i++) x[i] = draw(&state, edges, edge_count, round % 4 == 0);
        if (round % 4 == 1 && n) x[harness_random(&state) % n] = odd[harness_random(&state) % 3];
        for (size_t i = 0; i < n; i++) {
            y[i] = (float)x[i], z[i] = (double)y[i];
            for (size_t e = 0; e < edge_count; e++)
                wide[e] += x[i] >= edges[e], single[e] += z[i] >= edges[e];
        }
        fc_quality of_wide = naive_quality(x, n, shift), of_single = naive_quality(z, n, shift);
        FOR_EACH_LEVEL(level) {
            fc_bins_f64 bins;
            fc_bins_f32 narrow;
            fc_bins_init_f64(&bins, edges, edge_count);
            fc_bins_init_f32(&narrow, edges, edge_count);
            crowded |= (int)(bins.crowd | narrow.crowd << 2);
            uint64_t got[4][FC_FEW_EDGES] = {{0}};
            fc_quality quality;
            bool finite = round % 8 != 7;
            fc_bins_count_f64(&bins, x, n, got[0]);
            fc_bins_count_f32(&narrow, y, n, got[1]);
            fc_profile_f64(&bins, x, n, shift, &finite, &quality, got[2]);
            check_quality(&quality, &of_wide, n);
            finite = true;
            fc_profile_f32(&narrow, y, n, shift, &finite, &quality, got[3]);
            check_quality(&quality, &of_single, n);
            for (int k = 0; k < 4; k++)
                CHECK_FOR(!memcmp(got[k], k % 2 ? single : wide, sizeof wide),
                          "%zu values, %zu edges, form %d", n, edge_count, k);
        }
        free(x);
        free(y);
        free(z);
    }
    /* On such machines all forms were tried: one edge in a bucket, two, one of float32. */
    if (fc_cpu_current() == FC_CPU_AVX512) CHECK_FOR(crowded == 7, "%d", crowded);
}

/* The squares of finite values may be none: the quick form must not mistake them for infinities. */
static void test_overflowing_squares(void) {
    double x[16];
    for (int i = 0; i < 16; i++) x[i] = i % 2 ? 1e200 : 1;
    FOR_EACH_LEVEL(level) {
        fc_quality got;
        bool finite = true;
        fc_quality_f64(x, 16, 0, &finite, &got);
        CHECK(!got.missing && !got.pos_inf && !got.neg_inf);
        CHECK(got.squares == (double)INFINITY && got.min == 1 && got.max == 1e200);
    }
}

static void test_distance(void) {
    static const uint64_t a[] = {1, 0, 2, 1, 0}, b[] = {0, 3, 0, 1, 1};
    CHECK(fc_cells_distance(a, b, 5, 4, 5) == fabs(3.0 / 5 - 1.0 / 4));
    CHECK(fc_cells_distance(a, a, 5, 4, 4) == 0);
    const fc_infinite infinite = {1, 0, 0, 1};
    CHECK(fc_ends_distance(&infinite, 4, 5) == 0.25);
    CHECK(fc_ends_distance(&infinite, 10, 5) == fabs(1 - 4 / 5.0));
}

typedef struct sample {
    const double *values;
    bool copied;
} sample;

static const double *values_of(void *ctx, size_t at, size_t n, double *room) {
    const sample *s = ctx;
    if (!s->copied) return s->values + at;
    memcpy(room, s->values + at, n * sizeof *room);
    return room;
}

/* Both ways to the distance: one of them refuses only where nothing is there, or too much lies in
 * the buckets that decide. */
static bool check_apart(const double *v, size_t points, const uint64_t *old, const double *x,
                        size_t n) {
    fc_arena arena;
    fc_points p;
    fc_arena_init(&arena, &fc_alloc_libc);
    CHECK(fc_points_init(&p, &arena, v, points) == FC_OK);
    uint64_t *cells = calloc(2 * points + 1, 8), of_old = 0, missing = 0;
    fc_points_count(&p, x, n, cells);
    for (size_t c = 0; c < 2 * points + 1; c++) of_old += old[c];
    for (size_t i = 0; i < n; i++) missing += isnan(x[i]);
    bool found = false;
    FOR_EACH_LEVEL(level) {
        for (int copied = 0; copied < 2; copied++) {
            sample s = {x, copied};
            double got = NAN;
            fc_status status = fc_points_distance(&p, &fc_alloc_libc, old, of_old, values_of, &s, n,
                                                  missing, &got);
            CHECK(status == FC_OK || status == FC_EREFUSED);
            if (status != FC_OK) continue;
            double want = fc_cells_distance(old, cells, 2 * points + 1, of_old, n - missing);
            CHECK_FOR(!memcmp(&got, &want, sizeof got), "%a, not %a", got, want);
            found = true;
        }
    }
    free(cells);
    fc_arena_free(&arena);
    return found;
}

static void test_apart(void) {
    uint64_t state = 17;
    int found = 0;
    enum { POINTS = 20000, VALUES = 300000 };
    double *v = malloc(POINTS * sizeof *v), *x = malloc(VALUES * sizeof *x);
    uint64_t *old = calloc(2 * POINTS + 1, 8);
    for (int round = 0; round < 40; round++) {
        static const size_t sizes[] = {255, 256, 300, 1000, 5000, POINTS};
        static const size_t lengths[] = {1, 255, 257, 6000, 20000, VALUES};
        size_t points = sizes[round % 6], n = lengths[round / 6 % 6];
        double at = -3;
        for (size_t i = 0; i < points; i++) {
            at += (double)(1 + harness_random(&state) % 1000) * (6.0 / 500 / (double)points);
            v[i] = round % 5 == 4 ? exp(at) : at;
        }
        memset(old, 0, (2 * POINTS + 1) * sizeof *old);
        /* A reference of points only, or one with values between them as well. */
        for (size_t c = 0; c < 2 * points + 1; c++)
            old[c] = round % 3 ? c % 2 : harness_random(&state) % 4;
        for (size_t i = 0; i < n; i++) {
            double sum = 0;
            for (int k = 0; k < 4; k++) sum += (double)(harness_random(&state) % 1000) / 1000;
            x[i] = round % 5 == 3 ? v[harness_random(&state) % points] : (sum - 2) * 2;
            if (round % 4 == 1 && i % 50 == 0) x[i] = odd[harness_random(&state) % ODD];
        }
        found += check_apart(v, points, old, x, n);
    }
    CHECK_FOR(found >= 15, "%d", found);
    free(v);
    free(x);
    free(old);
}

/* Other values each time, as where another thread writes to them. */
static const double *changing(void *ctx, size_t at, size_t n, double *room) {
    uint64_t *state = ctx;
    (void)at;
    for (size_t i = 0; i < n; i++)
        room[i] = i % 40 ? (double)(harness_random(state) % 1000) : odd[i % ODD];
    return room;
}

static void test_values_that_change(void) {
    enum { POINTS = 1000, VALUES = 300000 };
    double *v = malloc(POINTS * sizeof *v);
    uint64_t *old = calloc(2 * POINTS + 1, 8), state = 23;
    fc_arena arena;
    fc_points p;
    fc_arena_init(&arena, &fc_alloc_libc);
    for (size_t i = 0; i < POINTS; i++) v[i] = (double)i, old[2 * i + 1] = 1;
    CHECK(fc_points_init(&p, &arena, v, POINTS) == FC_OK);
    FOR_EACH_LEVEL(level) {
        for (size_t n = VALUES; n > 500; n /= 7) { /* with buckets that are kept, and without */
            double got = 0;
            fc_status status = fc_points_distance(&p, &fc_alloc_libc, old, POINTS, changing, &state,
                                                  n, n / 80, &got);
            CHECK((status == FC_OK || status == FC_EREFUSED) && isfinite(got));
        }
    }
    fc_arena_free(&arena);
    free(v);
    free(old);
}

static const harness_test tests[] = {TEST(test_cells),
                                     TEST(test_at_least),
                                     TEST(test_quality),
                                     TEST(test_profile),
                                     TEST(test_overflowing_squares),
                                     TEST(test_distance),
                                     TEST(test_apart),
                                     TEST(test_values_that_change)};
TEST_MAIN(tests)
