/* Dense runs into memory of any strides, Fortran's order among them: some blocks at a time into
 * rows without gaps, and from there column by column, while they are in cache. */
#include <string.h>

#include "plan/run.h"

/* What the rows of a few blocks should not pass: they are written and read again at once. */
enum { STRIDED_SCRATCH = 256 * 1024 };

typedef struct fc_strided {
    const fc_totals *totals;
    const fc_source *sources;
    fc_plan_type type;
    char *out;
    ptrdiff_t row_stride, column_stride;
} fc_strided;

#define FC_SPREAD(type)                                                                            \
    for (size_t j = 0; j < width; j++, out += column_stride) {                                     \
        const type *x = (const type *)from + j;                                                    \
        char *y = out;                                                                             \
        for (size_t r = 0; r < rows; r++, x += width, y += row_stride) *(type *)(void *)y = *x;    \
    }

static void spread(const void *from, size_t width, size_t rows, size_t size, char *out,
                   ptrdiff_t row_stride, ptrdiff_t column_stride) {
    if (size == 8) {
        FC_SPREAD(uint64_t)
    } else {
        FC_SPREAD(uint32_t)
    }
}

/* How many rows are computed at a time: whole blocks, at least one. */
static size_t chunk_rows(const fc_plan *plan, size_t row_bytes, size_t rows) {
    size_t blocks = STRIDED_SCRATCH / (row_bytes * plan->block + 1);
    size_t chunk = (blocks ? blocks : 1) * plan->block;
    return chunk < rows ? chunk : rows;
}

static fc_status run_strided(void *ctx, size_t begin, size_t rows) {
    const fc_strided *run = ctx;
    const fc_plan *plan = run->totals->plan;
    size_t size = fc_plan_type_size(run->type), row_bytes = plan->width * size;
    size_t chunk = chunk_rows(plan, row_bytes, rows), count = plan->source_count, bytes;
    size_t head = count * sizeof(fc_source);
    if (!fc_size_mul(chunk, row_bytes, &bytes) || bytes > SIZE_MAX - head - 1) return FC_ENOMEM;
    char *memory = plan->alloc->get(plan->alloc->ctx, head + bytes + 1);
    if (!memory) return FC_ENOMEM;
    fc_source *sources = (fc_source *)(void *)memory;
    void *scratch = memory + head;
    fc_source_kind kind = run->type == FC_PLAN_F64 ? FC_SOURCE_F64 : FC_SOURCE_F32;
    fc_status status = FC_OK;
    for (size_t done = 0; done < rows && status == FC_OK; done += chunk) {
        size_t first = begin + done, n = rows - done < chunk ? rows - done : chunk;
        for (size_t i = 0; i < count; i++) {
            sources[i] = run->sources[i];
            sources[i].data = (const char *)sources[i].data + (ptrdiff_t)first * sources[i].stride;
            sources[i].valid_offset += (int64_t)first;
        }
        status =
            fc_plan_run_counted(run->totals, sources, n, kind, scratch, (ptrdiff_t)row_bytes, 1);
        if (status == FC_OK)
            spread(scratch, plan->width, n, size, run->out + (ptrdiff_t)first * run->row_stride,
                   run->row_stride, run->column_stride);
    }
    plan->alloc->release(plan->alloc->ctx, memory);
    return status;
}

fc_status fc_plan_run_strided(const fc_plan *plan, const fc_source *sources, size_t rows,
                              fc_plan_type type, void *out, ptrdiff_t row_stride,
                              ptrdiff_t column_stride, int threads) {
    if (type != FC_PLAN_F64 && type != FC_PLAN_F32) return FC_EINVALID;
    if (!rows || !plan->width) return FC_OK;
    fc_totals totals;
    FC_TRY(fc_totals_open(&totals, plan, false));
    fc_strided run = {&totals, sources, type, out, row_stride, column_stride};
    size_t part_rows = fc_plan_part_rows(plan, rows, threads);
    fc_status status = fc_plan_run_parts(rows, part_rows, threads, run_strided, &run);
    fc_totals_close(&totals, status, rows);
    return status;
}
