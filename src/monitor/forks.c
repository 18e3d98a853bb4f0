/* Telling a child from its parent, at the price of one load. */
#include <pthread.h>
#include <stdatomic.h>

#include "fastcore/monitor.h"

/* Of the process: a fork concerns every store in it. */
static _Atomic uint64_t forks;
static _Atomic int registered;

static void count_fork(void) { atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed); }

uint64_t fc_forks(void) {
    if (FC_UNLIKELY(!atomic_load_explicit(&registered, memory_order_relaxed)) &&
        !atomic_exchange(&registered, 1))
        pthread_atfork(NULL, NULL, count_fork);
    return atomic_load_explicit(&forks, memory_order_relaxed);
}
