/* Sums of a Gaussian kernel, and Fisher's test, without Python. */
#include <math.h>

#include "failing.h"
#include "fastcore/drift_pvalues.h"
#include "fastcore/drift_vectors.h"
#include "harness.h"

enum { N = 70, M = 9, D = 3 };

static double first[N * D], second[M * D];

static void fill(void) {
    uint64_t state = 1;
    for (int i = 0; i < (N + M) * D; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        double x = (double)(state >> 33) / 4e9 - 0.5;
        if (i < N * D)
            first[i] = x;
        else
            second[i - N * D] = x + 0.1;
    }
}

static double between(const double *a, const double *b) {
    double square = 0;
    for (int k = 0; k < D; k++) square += (a[k] - b[k]) * (a[k] - b[k]);
    return exp(-0.7 * square);
}

static void test_sums(void) {
    fill();
    double want[3] = {0};
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++) want[0] += between(first + i * D, first + j * D);
        for (int j = 0; j < M; j++) want[2] += between(first + i * D, second + j * D);
    }
    for (int i = 0; i < M; i++)
        for (int j = 0; j < i; j++) want[1] += between(second + i * D, second + j * D);
    uint64_t labels[2][3] = {{UINT64_MAX, (1 << (N - 64)) - 1, 0}, {1, 0, 0}};
    fc_rbf task = {first, second, N, M, D, 0.7, labels[0], 2, 1};
    CHECK(fc_rbf_tiles(N, M) == 3);
    double bits[7] = {0};
    FOR_EACH_LEVEL(level) {
        double got[7];
        CHECK(fc_rbf_sums(&fc_alloc_libc, &task, got, got + 3) == FC_OK);
        for (int s = 0; s < 3; s++) CHECK(fabs(got[s] / want[s] - 1) < 1e-7);
        CHECK(fabs(got[3] / want[0] - 1) < 1e-6 && fabs(got[4] / want[1] - 1) < 1e-6);
        CHECK(got[5] == 0 && fabs(got[6] / (want[0] + want[1] + want[2]) - 1) < 0.1);
        if (level == FC_CPU_GENERIC) memcpy(bits, got, sizeof bits);
        CHECK(!memcmp(bits, got, sizeof bits));
    }
}

static void test_failing_memory(void) {
    fc_rbf task = {first, second, N, M, D, 0.7, NULL, 0, 1};
    double sums[3];
    int k = 0;
    for (fc_status status = FC_ENOMEM; status != FC_OK; k++) {
        failing f = {.fail_at = k};
        fc_alloc alloc = failing_alloc(&f);
        status = fc_rbf_sums(&alloc, &task, sums, NULL);
        CHECK(f.held == 0 && (status == FC_OK || status == FC_ENOMEM));
    }
    CHECK(k > 1);
    task.d = SIZE_MAX / 2;
    CHECK(fc_rbf_sums(&fc_alloc_libc, &task, sums, NULL) == FC_EINVALID);
}

static void test_fisher(void) {
    static const double table[] = {8, 2, 1, 5};
    CHECK(fabs(fc_fisher(table, 0) - 280.0 / 8008) < 1e-15);
    CHECK(fabs(fc_fisher(table, 1) - 280.0 / 11440) < 1e-15);
    CHECK(fc_fisher(table, -1) <= 1);
    static const double far[] = {5000, 0, 0, 5000}; /* less than any double */
    CHECK(fc_fisher(far, 0) == 0 && fc_fisher(far, -1) == 1);
}

static const harness_test tests[] = {TEST(test_sums), TEST(test_failing_memory), TEST(test_fisher)};
TEST_MAIN(tests)
