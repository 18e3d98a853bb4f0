/* Parallel regions, the one place that uses OpenMP, made safe across fork.
 *
 * GNU's runtime keeps a pool of threads for each thread that has run a region. A forked child
 * inherits the description of its caller's pool but not the threads, and waits for them for ever.
 * So a handler that runs before each fork ends that pool, if none of our regions runs; the next
 * region makes a new one. Where a region runs (in another thread), the runtime must not be touched,
 * and the child stays on one thread. So does a child that was forked past the handlers. */
#include "fastcore/base.h"

#ifdef _OPENMP
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { NOBODY = 0, SERIAL = -1 };

/* Held while one of the values behind it is used, and from the beginning of a fork to its end: no
 * region begins in between. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static bool registered; /* the handlers */
static int running;     /* regions, in all threads */
static bool clean;      /* of the fork under way: the child inherits no pool */

/* The process that may use OpenMP: NOBODY before the first region, SERIAL if this one may not. */
static _Atomic long owner;

/* This thread runs a task. */
static _Thread_local bool inside;

/* omp_pause_resource_all is no call for the inside of a region, be it somebody else's. */
static void before_fork(void) {
    pthread_mutex_lock(&gate);
    clean = atomic_load(&owner) == getpid() && running == 0 && !omp_in_parallel() &&
            omp_pause_resource_all(omp_pause_hard) == 0;
}

static void after_fork_here(void) { pthread_mutex_unlock(&gate); }

static void after_fork_child(void) {
    atomic_store(&owner, clean ? (long)getpid() : SERIAL);
    running = 0;
    inside = false;
    pthread_mutex_unlock(&gate);
}

/* Without the lock, which nobody may be there to release in a child forked past the handlers. */
static bool may_begin(void) {
    long pid = atomic_load(&owner);
    return !inside && (pid == NOBODY || pid == getpid());
}

static bool begin(void) {
    if (!may_begin()) return false;
    pthread_mutex_lock(&gate);
    if (!registered)
        registered = pthread_atfork(before_fork, after_fork_here, after_fork_child) == 0;
    if (registered) {
        atomic_store(&owner, (long)getpid());
        running++;
    }
    bool begun = registered;
    pthread_mutex_unlock(&gate);
    return begun;
}

static void end(void) {
    pthread_mutex_lock(&gate);
    running--;
    pthread_mutex_unlock(&gate);
}

int fc_parallel_threads(int threads) {
    if (threads < 2 || !may_begin()) return 1;
    return threads < FC_PARALLEL_MAX ? threads : FC_PARALLEL_MAX;
}

static bool in_region(size_t count, int threads, fc_task run, void *ctx) {
    if (count < 2 || (threads = fc_parallel_threads(threads)) < 2 || !begin()) return false;
    if ((size_t)threads > count) threads = (int)count;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < count; i++) {
        inside = true;
        run(ctx, i);
        inside = false;
    }
    end();
    return true;
}

#else

int fc_parallel_threads(int threads) {
    (void)threads;
    return 1;
}

static bool in_region(size_t count, int threads, fc_task run, void *ctx) {
    (void)count, (void)threads, (void)run, (void)ctx;
    return false;
}

#endif

void fc_parallel(size_t count, int threads, fc_task run, void *ctx) {
    if (in_region(count, threads, run, ctx)) return;
    for (size_t i = 0; i < count; i++) run(ctx, i);
}
