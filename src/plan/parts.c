/* A run in parts, for several threads. Where one part ends and the next begins changes no value:
 * the rows of a block do not know of each other. */
#include <stdatomic.h>

#include "plan/run.h"

/* Parts for each thread, so that none waits long for the slowest. */
enum { PARTS_PER_THREAD = 8 };

size_t fc_plan_part_rows(const fc_plan *plan, size_t rows, int threads) {
    threads = fc_parallel_threads(threads);
    if (threads < 2 || !rows) return rows;
    size_t blocks = (rows - 1) / plan->block + 1;
    size_t parts = (size_t)threads * PARTS_PER_THREAD;
    size_t part_rows = ((blocks - 1) / parts + 1) * plan->block;
    return part_rows < rows ? part_rows : rows;
}

typedef struct fc_parts {
    size_t rows, part_rows;
    fc_part part;
    void *run;
    _Atomic uint64_t fault; /* the least so far of (part, status); UINT64_MAX for none */
} fc_parts;

enum { STATUS_BITS = 8 };

static void run_part(void *ctx, size_t index) {
    fc_parts *parts = ctx;
    uint64_t known = atomic_load_explicit(&parts->fault, memory_order_relaxed);
    if (index > known >> STATUS_BITS) return; /* an earlier part has failed */
    size_t first = index * parts->part_rows, left = parts->rows - first;
    size_t rows = left < parts->part_rows ? left : parts->part_rows;
    fc_status status = parts->part(parts->run, first, rows);
    if (status == FC_OK) return;
    uint64_t mine = (uint64_t)index << STATUS_BITS | (uint64_t)status;
    while (mine < known && !atomic_compare_exchange_weak(&parts->fault, &known, mine)) continue;
}

fc_status fc_plan_run_parts(size_t rows, size_t part_rows, int threads, fc_part part, void *run) {
    if (part_rows >= rows) return part(run, 0, rows);
    fc_parts parts = {rows, part_rows, part, run, UINT64_MAX};
    fc_parallel((rows - 1) / part_rows + 1, threads, run_part, &parts);
    uint64_t fault = parts.fault;
    return fault == UINT64_MAX ? FC_OK : (fc_status)(fault & ((1 << STATUS_BITS) - 1));
}
