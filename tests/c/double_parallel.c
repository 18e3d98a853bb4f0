/* In place of src/base/parallel.c under ThreadSanitizer, which does not see OpenMP's barriers: the
 * same contract with plain threads, so that races between a kernel's tasks are reported. */
#include <pthread.h>
#include <stdatomic.h>

#include "fastcore/base.h"

enum { MOST = 8 };

typedef struct region {
    size_t count;
    fc_task run;
    void *ctx;
    atomic_size_t next;
} region;

static void *work(void *of) {
    region *r = of;
    size_t i;
    while ((i = atomic_fetch_add(&r->next, 1)) < r->count) r->run(r->ctx, i);
    return NULL;
}

int fc_parallel_threads(int threads) { return threads < 2 ? 1 : threads < MOST ? threads : MOST; }

void fc_parallel(size_t count, int threads, fc_task run, void *ctx) {
    region r = {count, run, ctx, 0};
    pthread_t others[MOST];
    int begun = 0;
    threads = fc_parallel_threads(threads);
    while (begun < threads - 1 && pthread_create(&others[begun], NULL, work, &r) == 0) begun++;
    work(&r);
    for (int i = 0; i < begun; i++) pthread_join(others[i], NULL);
}
