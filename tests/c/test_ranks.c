/* Two sorted samples without Python: each statistic against its definition, permutations against
 * samples made of them, exact distributions against counting, and every failing allocation. */
#include "fastcore/drift_ranks.h"

#include <math.h>

#include "drift/gaps.h"
#include "failing.h"
#include "fastcore/drift_pvalues.h"
#include "harness.h"

static bool near(double a, double b) { return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)); }

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static uint64_t next(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static double share(const double *x, size_t n, double v) {
    size_t below = 0;
    for (size_t i = 0; i < n; i++) below += x[i] <= v;
    return (double)below / (double)n;
}

static double midrank(const double *pool, size_t total, double v) {
    double rank = 0.5;
    for (size_t i = 0; i < total; i++) rank += pool[i] < v ? 1 : pool[i] == v ? 0.5 : 0;
    return rank;
}

static double squares_by_definition(const double *pool, size_t total, const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double off = midrank(pool, total, x[i]) - (double)(i + 1);
        sum += off * off;
    }
    return sum;
}

static void check_pair(const double *x, size_t n, const double *y, size_t m) {
    fc_ranks r;
    size_t total = n + m;
    double *pool = malloc(total * sizeof *pool), above = 0, below = 0, u = 0, w1 = 0, energy = 0;
    CHECK(fc_ranks_compare(&fc_alloc_libc, x, n, y, m, 1 | 2 | 4 | 8 | 64 | 128 | 256 | 1024, &r) ==
          FC_OK);
    memcpy(pool, x, n * sizeof *x);
    memcpy(pool + n, y, m * sizeof *y);
    qsort(pool, total, sizeof *pool, by_value);
    for (size_t i = 0; i < total; i++) {
        double apart = share(x, n, pool[i]) - share(y, m, pool[i]);
        above = fmax(above, apart);
        below = fmax(below, -apart);
        if (i + 1 == total) break;
        w1 += fabs(apart) * (pool[i + 1] - pool[i]);
        energy += 2 * apart * apart * (pool[i + 1] - pool[i]);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) u += x[i] > y[j] ? 1 : x[i] == y[j] ? 0.5 : 0;
    CHECK(fabs(r.above - above) < 1e-14 && fabs(r.below - below) < 1e-14);
    CHECK(r.u == u);
    CHECK(fabs(r.w1 - w1) <= 1e-11 * w1 && fabs(r.energy - sqrt(energy)) <= 1e-11 * r.energy);
    double a = (double)n, b = (double)m, k = a * b;
    double big =
        a * squares_by_definition(pool, total, x, n) + b * squares_by_definition(pool, total, y, m);
    CHECK(fabs(r.cvm - (big / (k * (a + b)) - (4 * k - 1) / (6 * (a + b)))) < 1e-10);
    free(pool);
}

/* Few levels, so that there are ties, or many. */
static void fill(double *x, size_t n, unsigned levels, uint64_t *state) {
    for (size_t i = 0; i < n; i++) x[i] = (double)(next(state) % levels) / 8;
    qsort(x, n, sizeof *x, by_value);
}

static void test_statistics(void) {
    uint64_t state = 1;
    static double x[1500], y[1500];
    for (int round = 0; round < 60; round++) {
        size_t n = 1 + next(&state) % 40, m = 1 + next(&state) % 40;
        unsigned levels = round % 3 ? 1000000 : 5;
        fill(x, n, levels, &state);
        fill(y, m, levels, &state);
        check_pair(x, n, y, m);
    }
    fill(x, 1500, 1u << 30, &state); /* some blocks of groups */
    fill(y, 1300, 1u << 30, &state);
    check_pair(x, 1500, y, 1300);
    fill(x, 1500, 3, &state);
    check_pair(x, 1500, y, 2);
    check_pair(y, 2, x, 1500);
}

static void test_refusals(void) {
    fc_ranks r;
    const double falls[] = {1, 3, 2}, nan[] = {1, 2, NAN}, only_nan[] = {NAN}, fine[] = {1, 2, 3};
    CHECK(fc_ranks_compare(&fc_alloc_libc, falls, 3, fine, 3, 1, &r) == FC_EINVALID);
    CHECK(fc_ranks_compare(&fc_alloc_libc, fine, 3, nan, 3, 1, &r) == FC_EINVALID);
    CHECK(fc_ranks_compare(&fc_alloc_libc, only_nan, 1, fine, 3, 1, &r) == FC_EINVALID);
    CHECK(fc_ranks_compare(&fc_alloc_libc, fine, 0, fine, 3, 1, &r) == FC_EINVALID);
    const uint32_t sizes[] = {1, 2, 1}, group[] = {0, 1, 1, 2};
    const fc_pool pool = {fine, sizes, 3, group, 4};
    static const int64_t twice[] = {0, 0}, far[] = {0, 4}, negative[] = {-1, 2};
    CHECK(fc_ranks_permuted(&fc_alloc_libc, &pool, 2, twice, 1, 1, &r) == FC_EINVALID);
    CHECK(fc_ranks_permuted(&fc_alloc_libc, &pool, 2, far, 1, 1, &r) == FC_EINVALID);
    CHECK(fc_ranks_permuted(&fc_alloc_libc, &pool, 2, negative, 1, 1, &r) == FC_EINVALID);
    CHECK(fc_ranks_permuted(&fc_alloc_libc, &pool, 4, far, 0, 1, &r) == FC_EINVALID);
    CHECK(fc_ranks_permuted(&fc_alloc_libc, &pool, 0, far, 0, 1, &r) == FC_EINVALID);
}

/* Each choice is what comparing the chosen with the others says. */
static void test_permutations(void) {
    const double values[] = {-1, 0, 2, 5, 7};
    const uint32_t sizes[] = {1, 3, 1, 2, 1}, group[] = {4, 1, 0, 1, 2, 3, 1, 3};
    const fc_pool pool = {values, sizes, 5, group, 8};
    for (unsigned flag = 1; flag <= 2048; flag *= 2)
        for (int64_t i = 0; i < 8; i++)
            for (int64_t j = i + 1; j < 8; j++) {
                const int64_t chosen[] = {i, j};
                double x[2] = {values[group[i]], values[group[j]]}, y[6];
                size_t at = 0;
                for (int64_t k = 0; k < 8; k++)
                    if (k != i && k != j) y[at++] = values[group[k]];
                qsort(x, 2, sizeof *x, by_value);
                qsort(y, 6, sizeof *y, by_value);
                fc_ranks a = {0}, b = {0};
                CHECK(fc_ranks_permuted(&fc_alloc_libc, &pool, 2, chosen, 1, flag, &a) == FC_OK);
                CHECK(fc_ranks_compare(&fc_alloc_libc, x, 2, y, 6, flag, &b) == FC_OK);
                CHECK(a.above == b.above && a.below == b.below && a.u == b.u && a.cvm == b.cvm);
                CHECK(a.ad == b.ad && a.w1 == b.w1 && a.energy == b.energy && a.bws == b.bws);
                CHECK(near(a.t, b.t) || fabs(a.t - b.t) < 1e-12);
            }
}

/* Exact p-values against a count of all arrangements of 5 and 4 values. */
static void test_exact(void) {
    enum { N = 5, M = 4, ALL = 126 };
    double u[ALL], t[ALL], d[ALL];
    size_t count = 0;
    for (unsigned mask = 0; mask < 1u << (N + M); mask++) {
        double x[N + M], y[N + M];
        size_t n = 0, m = 0;
        for (unsigned k = 0; k < N + M; k++)
            if (mask >> k & 1)
                x[n++] = k;
            else
                y[m++] = k;
        if (n != N) continue;
        fc_ranks r;
        CHECK(fc_ranks_compare(&fc_alloc_libc, x, n, y, m, 1 | 2 | 4, &r) == FC_OK);
        u[count] = r.u, t[count] = r.cvm, d[count++] = r.above;
    }
    for (size_t i = 0; i < count; i++) {
        double at_u = 0, at_t = 0, at_d = 0, p, statistic;
        bool exact;
        for (size_t k = 0; k < count; k++) {
            at_u += u[k] >= u[i];
            at_t += t[k] >= t[i] - 1e-12;
            at_d += d[k] >= d[i] - 1e-12;
        }
        CHECK(fc_mannwhitney_sf(&fc_alloc_libc, (uint64_t)u[i], N, M, &p) == FC_OK);
        CHECK(near(p, at_u / ALL));
        CHECK(fc_cramer_exact_sf(&fc_alloc_libc, t[i], N, M, &p) == FC_OK);
        CHECK(near(p, at_t / ALL));
        CHECK(fc_ks_one_sided(&fc_alloc_libc, d[i], N, M, FC_KS_EXACT, &statistic, &p, &exact) ==
              FC_OK);
        CHECK(exact && near(p, at_d / ALL));
    }
}

static void test_limits(void) {
    double p;
    CHECK(fc_mannwhitney_sf(&fc_alloc_libc, UINT64_MAX / 4, UINT64_MAX / 2, 8, &p) == FC_ELIMIT);
    CHECK(fc_mannwhitney_sf(&fc_alloc_libc, 1u << 30, 1u << 20, 1u << 20, &p) == FC_ELIMIT);
    CHECK(fc_mannwhitney_sf(&fc_alloc_libc, 0, 3, 4, &p) == FC_OK && p == 1);
    CHECK(fc_mannwhitney_sf(&fc_alloc_libc, 13, 3, 4, &p) == FC_OK && p == 0);
    CHECK(fc_cramer_exact_sf(&fc_alloc_libc, 0, 3000, 4000, &p) == FC_ELIMIT);
    CHECK(fc_cramer_exact_sf(&fc_alloc_libc, 0, 0, 4, &p) == FC_EINVALID);
    CHECK(fc_cramer_limit_cdf(INFINITY) == 1 && fc_cramer_limit_cdf(-1) == 0);
    CHECK(isnan(fc_cramer_limit_cdf(NAN)) && isnan(fc_student_sf(NAN, 1)));
    CHECK(isnan(fc_student_sf(1, 0)) && fc_student_sf(INFINITY, 3) == 0);
    CHECK(fc_student_sf(-INFINITY, 3) == 1 && near(fc_student_sf(0, 3), 0.5));
    CHECK(near(fc_student_sf(1, 1), 0.25) && near(fc_student_sf(2, INFINITY), fc_norm_sf(2)));
    CHECK(near(fc_student_sf(1e200, 1), 1 / (3.14159265358979323846 * 1e200)));
}

/* Cells of points 1, 2, 3: gaps at the even places. */
static void test_gaps(void) {
    const uint64_t a[] = {0, 2, 0, 1, 0, 4, 0}, b[] = {1, 1, 2, 3, 0, 0, 1};
    const double x[] = {1, 1, 2, 3, 3, 3, 3}, y[] = {0, 1, 1.4, 1.6, 2, 2, 2, 9};
    fc_cell_ranks found;
    fc_ranks r;
    double p, q;
    const fc_infinite none = {0};
    fc_cells_ranks(a, b, 7, &none, &found);
    CHECK(fc_ranks_compare(&fc_alloc_libc, x, 7, y, 8, 2 | 4, &r) == FC_OK);
    CHECK(found.n == 7 && found.m == 8 && found.u == r.u && found.ties == r.ties && !found.apart);
    CHECK(near(found.cvm, r.cvm));
    CHECK(fc_cells_mannwhitney(&fc_alloc_libc, &found, &p) == FC_OK);
    CHECK(near(p, 2 * fc_mannwhitney_limit_sf(fmax(r.u, 56 - r.u), r.ties, 7, 8, 0.5)));
    CHECK(fc_cells_cramer(&fc_alloc_libc, &found, &p) == FC_OK);
    CHECK(fc_cramer_exact_sf(&fc_alloc_libc, r.cvm, 7, 8, &q) == FC_OK && near(p, q));
    const uint64_t huge[] = {0, (uint64_t)1 << 40}, few[] = {5, 0}, nothing[] = {0, 0};
    fc_cells_ranks(huge, few, 2, &none, &found);
    CHECK(isnan(found.cvm) && found.u == 5 * ldexp(1, 40));
    CHECK(fc_cells_cramer(&fc_alloc_libc, &found, &p) == FC_OK && isnan(p));
    fc_cells_ranks(huge, nothing, 2, &none, &found);
    CHECK(found.m == 0 && fc_cells_cramer(&fc_alloc_libc, &found, &p) == FC_OK && isnan(p));
}

/* Cells of the points 1 and 2, with infinite values in the first gap and in the last. */
static void test_infinite_in_gaps(void) {
    const uint64_t a[] = {3, 0, 0, 1, 2}, b[] = {2, 1, 0, 0, 3};
    const fc_infinite infinite = {2, 2, 2, 1};
    const double x[] = {-INFINITY, -INFINITY, 0, 2, INFINITY, INFINITY};
    const double y[] = {-INFINITY, -INFINITY, 1, 5, 6, INFINITY};
    fc_cell_ranks found;
    fc_ranks r;
    fc_cells_ranks(a, b, 5, &infinite, &found);
    CHECK(fc_ranks_compare(&fc_alloc_libc, x, 6, y, 6, 2 | 4, &r) == FC_OK);
    CHECK(found.u == r.u && found.ties == r.ties && near(found.cvm, r.cvm) && !found.apart);
    const uint64_t all[] = {4}, some[] = {3};
    const fc_infinite both = {1, 0, 3, 2};
    fc_cells_ranks(all, some, 1, &both, &found);
    CHECK(found.apart && found.u == 3 * (1 + 2 / 2.0) && found.ties == 5 * 24);
}

static fc_status all_of_them(const fc_alloc *alloc) {
    static const double x[] = {1, 2, 4}, y[] = {2, 3, 5, 8}, values[] = {1, 2, 3};
    static const uint32_t sizes[] = {1, 1, 1}, group[] = {0, 1, 2};
    static const int64_t chosen[] = {2};
    const fc_pool pool = {values, sizes, 3, group, 3};
    fc_ranks r;
    double p, statistic;
    bool exact;
    FC_TRY(fc_ranks_compare(alloc, x, 3, y, 4, FC_RANK_BWS, &r));
    FC_TRY(fc_ranks_permuted(alloc, &pool, 1, chosen, 1, FC_RANK_BWS, &r));
    FC_TRY(fc_mannwhitney_sf(alloc, 7, 3, 4, &p));
    FC_TRY(fc_mannwhitney_sf(alloc, 2, 3, 4, &p));
    FC_TRY(fc_ks_one_sided(alloc, 0.5, 3, 4, FC_KS_EXACT, &statistic, &p, &exact));
    return fc_cramer_exact_sf(alloc, 0.3, 3, 4, &p);
}

static void test_failing_allocations(void) {
    int fail_at = 0;
    for (;; fail_at++) {
        failing f = {0, fail_at, 0};
        fc_alloc alloc = failing_alloc(&f);
        fc_status status = all_of_them(&alloc);
        CHECK_FOR(f.held == 0, "%d", fail_at);
        if (status == FC_OK) break;
        CHECK(status == FC_ENOMEM);
    }
    CHECK(fail_at > 10);
}

int main(void) {
    static const harness_test tests[] = {
        TEST(test_statistics), TEST(test_refusals),         TEST(test_permutations),
        TEST(test_exact),      TEST(test_limits),           TEST(test_failing_allocations),
        TEST(test_gaps),       TEST(test_infinite_in_gaps),
    };
    return harness_main(__FILE__, tests, sizeof tests / sizeof *tests);
}
