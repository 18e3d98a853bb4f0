/* Parallel regions: each task once, nested ones in order, and what a fork leaves to the child. The
 * same tests hold with OpenMP (`make openmp`) and without (`make check`, `make tsan`). */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum { TASKS = 500, THREADS = 8, PATIENCE = 60 };

#ifdef _OPENMP
enum { PARALLEL = true };
#else
enum { PARALLEL = false };
#endif

typedef struct counts {
    int runs[TASKS];  /* of each task, which has its place to itself */
    atomic_int order; /* tasks so far, if each came after its predecessor */
    pthread_t caller;
    atomic_int elsewhere;
} counts;

static void count_one(void *ctx, size_t index) {
    counts *c = ctx;
    if (atomic_fetch_add(&c->order, 1) != (int)index) atomic_store(&c->order, -TASKS * 2);
    if (!pthread_equal(c->caller, pthread_self())) atomic_fetch_add(&c->elsewhere, 1);
    c->runs[index]++;
}

/* Whether each of the first `count` tasks ran once, and no other. */
static bool each_once(const counts *c, size_t count) {
    for (size_t i = 0; i < TASKS; i++)
        if (c->runs[i] != (i < count)) return false;
    return true;
}

static bool run_all(size_t count, int threads, bool *in_order) {
    counts c = {.caller = pthread_self()};
    fc_parallel(count, threads, count_one, &c);
    *in_order = c.order == (int)count && c.elsewhere == 0;
    return each_once(&c, count);
}

static void test_each_task_once(void) {
    static const size_t sizes[] = {0, 1, 2, 3, 17, TASKS};
    bool in_order;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int threads = -1; threads <= 9; threads++)
            CHECK_FOR(run_all(sizes[s], threads, &in_order), "%zu tasks, %d threads", sizes[s],
                      threads);
}

static void test_one_thread_is_the_callers_in_order(void) {
    bool in_order;
    for (int threads = -1; threads <= 1; threads++) {
        CHECK(run_all(TASKS, threads, &in_order) && in_order);
        CHECK(fc_parallel_threads(threads) == 1);
    }
    CHECK(run_all(1, 4, &in_order) && in_order);
    CHECK(fc_parallel_threads(3) == (PARALLEL ? 3 : 1));
    CHECK(fc_parallel_threads(1 << 30) == (PARALLEL ? FC_PARALLEL_MAX : 1));
}

/* Both tasks must have begun before either ends: on one thread SIGALRM would end it. */
static void meet(void *ctx, size_t index) {
    (void)index;
    atomic_int *here = ctx;
    atomic_fetch_add(here, 1);
    while (atomic_load(here) < 2) sched_yield();
}

static void test_tasks_run_at_once(void) {
    atomic_int here = PARALLEL ? 0 : 2;
    alarm(PATIENCE);
    fc_parallel(2, 2, meet, &here);
    alarm(0);
    CHECK(here == (PARALLEL ? 2 : 4));
}

typedef struct nested {
    bool good[4], in_order[4];
    int threads[4];
} nested;

static void run_nested(void *ctx, size_t index) {
    nested *n = ctx;
    n->threads[index] = fc_parallel_threads(4);
    n->good[index] = run_all(TASKS, 4, &n->in_order[index]);
}

static void test_nested_regions_are_serial(void) {
    nested n = {0};
    fc_parallel(4, 2, run_nested, &n);
    for (int i = 0; i < 4; i++) {
        CHECK(n.good[i]);
        if (PARALLEL) CHECK(n.in_order[i] && n.threads[i] == 1);
    }
    CHECK(fc_parallel_threads(2) == (PARALLEL ? 2 : 1));
}

static void *many_regions(void *ctx) {
    bool *good = ctx, in_order;
    for (int i = 0; i < 20; i++) *good &= run_all(TASKS, 2, &in_order);
    return NULL;
}

static void test_regions_of_several_threads(void) {
    pthread_t threads[THREADS];
    bool good[THREADS];
    for (int i = 0; i < THREADS; i++) {
        good[i] = true;
        if (pthread_create(&threads[i], NULL, many_regions, &good[i]) != 0) abort();
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) CHECK(good[i]);
}

/* ---- Forks ---------------------------------------------------------------------------------- */

/* In a child: what a region does. The exit code has its threads, or 0 where it went wrong. */
static int judge(void) {
    bool in_order;
    int threads = fc_parallel_threads(2);
    if (!run_all(TASKS, 2, &in_order) || (threads == 1 && !in_order)) return 0;
    return threads;
}

static int wait_for(pid_t pid) {
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
}

/* The child dies of SIGALRM instead of waiting for ever. */
static int fork_and_judge(int generations) {
    pid_t pid = fork();
    if (pid) return wait_for(pid);
    alarm(PATIENCE);
    int code = judge();
    if (generations > 1 && code) code = fork_and_judge(generations - 1);
    _exit(code < 0 ? 0 : code);
}

static void test_a_child_after_a_region(void) {
    bool in_order;
    for (int i = 0; i < 5; i++) {
        CHECK(run_all(TASKS, 2, &in_order));
        CHECK(fork_and_judge(3) == (PARALLEL ? 2 : 1));
    }
    CHECK(run_all(TASKS, 2, &in_order));
}

/* A region with a task that waits until the fork is over. */
typedef struct blocked {
    atomic_bool begun, go;
} blocked;

static void wait_for_go(void *ctx, size_t index) {
    blocked *b = ctx;
    if (index) return;
    atomic_store(&b->begun, true);
    while (!atomic_load(&b->go)) sched_yield();
}

static void *region_that_waits(void *ctx) {
    fc_parallel(2, 2, wait_for_go, ctx);
    return NULL;
}

static void test_a_child_forked_while_a_region_runs(void) {
    blocked b = {false, false};
    pthread_t thread;
    bool in_order;
    CHECK(run_all(TASKS, 2, &in_order));
    if (pthread_create(&thread, NULL, region_that_waits, &b) != 0) abort();
    while (!atomic_load(&b.begun)) sched_yield();
    CHECK(fork_and_judge(3) == 1);
    atomic_store(&b.go, true);
    pthread_join(thread, NULL);
    CHECK(fork_and_judge(2) == (PARALLEL ? 2 : 1));
}

/* clone by hand: the C library runs no handlers. */
static void test_a_child_forked_past_the_handlers(void) {
    bool in_order;
    CHECK(run_all(TASKS, 2, &in_order));
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        alarm(PATIENCE);
        _exit(judge());
    }
    CHECK(wait_for(pid) == 1);
}

static void *forks(void *ctx) {
    bool *good = ctx;
    for (int i = 0; i < 5; i++) *good &= fork_and_judge(1) > 0;
    return NULL;
}

static void test_forks_and_regions_at_once(void) {
    pthread_t threads[4];
    bool good[4] = {true, true, true, true};
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, i % 2 ? forks : many_regions, &good[i]) != 0) abort();
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++) CHECK(good[i]);
}

static const harness_test tests[] = {
    TEST(test_one_thread_is_the_callers_in_order),
    TEST(test_each_task_once),
    TEST(test_tasks_run_at_once),
    TEST(test_nested_regions_are_serial),
    TEST(test_regions_of_several_threads),
    TEST(test_a_child_after_a_region),
    TEST(test_a_child_forked_while_a_region_runs),
    TEST(test_a_child_forked_past_the_handlers),
    TEST(test_forks_and_regions_at_once),
};
TEST_MAIN(tests)
