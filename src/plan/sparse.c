/* Sparse runs: the non-zeros of each row, one behind the other (CSR). */
#include <string.h>

#include "plan/run.h"

/* Where a part stands: its own arrays begin where its rows could, and are moved together later. */
typedef struct fc_rows_out {
    fc_source_kind kind;
    void *values;
    int32_t *indices;
    size_t used;
} fc_rows_out;

#define FC_PUT_NAME put_rows64
#define FC_PUT_VALUE double
#include "plan/sparse_template.h"
#define FC_PUT_NAME put_rows32
#define FC_PUT_VALUE float
#include "plan/sparse_template.h"

/* Integers: they must hold what they are given. */
static fc_status put_whole(fc_rows_out *out, size_t column, double value) {
    out->indices[out->used] = (int32_t)column;
    return fc_store_cell(value, out->kind, out->values, out->used++);
}

static fc_status put_piece(fc_rows_out *out, const fc_piece_spec *piece, const fc_panel *panel,
                           const void *values, size_t row, size_t column) {
    if (panel->type == FC_PLAN_CSR) {
        const fc_csr *from = values;
        for (size_t i = from->heads[row]; i < from->heads[row + 1]; i++)
            FC_TRY(put_whole(out, column + (size_t)from->columns[i], from->values[i]));
        return FC_OK;
    }
    size_t width = panel->width;
    for (size_t j = 0, i = row * width; j < width; j++, i++) {
        if (piece->onehot) {
            int32_t at = ((const int32_t *)values)[i];
            if (at >= 0 && (size_t)at < piece->width)
                FC_TRY(put_whole(out, column + (size_t)at, 1.0));
            continue;
        }
        double value = panel->type == FC_PLAN_F64   ? ((const double *)values)[i]
                       : panel->type == FC_PLAN_F32 ? (double)((const float *)values)[i]
                                                    : ((const int32_t *)values)[i];
        if (value != 0) FC_TRY(put_whole(out, column + j, value));
    }
    return FC_OK;
}

/* The non-zeros of a block, behind those that are there; ends[r]: where they are then. */
static fc_status put_block(fc_rows_out *out, const fc_frame *frame, size_t rows, int32_t *ends) {
    const fc_plan *plan = frame->plan;
    if (out->kind <= FC_SOURCE_F32) {
        (out->kind == FC_SOURCE_F64 ? put_rows64 : put_rows32)(out, frame, rows, ends);
        return FC_OK;
    }
    for (size_t r = 0; r < rows; r++) {
        size_t column = 0;
        for (uint32_t i = 0; i < plan->piece_count; column += plan->pieces[i++].width) {
            const fc_piece_spec *piece = &plan->pieces[i];
            FC_TRY(put_piece(out, piece, &plan->panels[piece->panel], frame->panel[piece->panel], r,
                             column));
        }
        ends[r] = (int32_t)out->used;
    }
    return FC_OK;
}

/* A sparse run, shared by its parts. */
typedef struct fc_sparse {
    const fc_plan *plan;
    const fc_totals *totals;
    const fc_source *sources;
    fc_source_kind kind;
    char *values;
    int32_t *indices, *indptr; /* indptr[row + 1] counts from the beginning of the row's part */
} fc_sparse;

static fc_status run_sparse(void *ctx, size_t begin, size_t rows) {
    const fc_sparse *run = ctx;
    fc_frame frame;
    FC_TRY(fc_frame_open(&frame, run->totals, run->sources, rows));
    size_t block = run->plan->block, end = begin + rows, room = begin * run->plan->row_bound;
    char *values = run->values + room * fc_source_kind_size(run->kind);
    fc_rows_out csr = {run->kind, values, run->indices + room, 0};
    fc_status status = FC_OK;
    for (size_t first = begin; first < end && status == FC_OK; first += block) {
        size_t n = end - first < block ? end - first : block;
        status = fc_frame_run(&frame, first, n, UINT32_MAX, NULL);
        if (status == FC_OK) status = put_block(&csr, &frame, n, run->indptr + first + 1);
    }
    fc_frame_close(&frame, status);
    return status;
}

/* Moves the parts' non-zeros together, behind those of the first part. */
static void join_parts(const fc_sparse *run, size_t rows, size_t part_rows) {
    size_t size = fc_source_kind_size(run->kind);
    for (size_t first = part_rows; first < rows; first += part_rows) {
        size_t n = rows - first < part_rows ? rows - first : part_rows;
        size_t from = first * run->plan->row_bound, to = (size_t)run->indptr[first];
        size_t used = (size_t)run->indptr[first + n];
        for (size_t r = 1; r <= n; r++) run->indptr[first + r] += (int32_t)to;
        if (from == to) continue;
        memmove(run->values + to * size, run->values + from * size, used * size);
        memmove(run->indices + to, run->indices + from, used * sizeof *run->indices);
    }
}

fc_status fc_plan_run_csr(const fc_plan *plan, const fc_source *sources, size_t rows,
                          fc_source_kind kind, void *values, int32_t *indices, int32_t *indptr,
                          int threads) {
    if (kind > FC_SOURCE_U8 || plan->ragged) return FC_EINVALID;
    size_t bound;
    if (!fc_size_mul(rows, plan->row_bound, &bound) || bound > INT32_MAX) return FC_ELIMIT;
    indptr[0] = 0;
    if (!rows) return FC_OK;
    fc_totals totals;
    size_t part_rows = fc_plan_part_rows(plan, rows, threads);
    FC_TRY(fc_totals_open(&totals, plan, part_rows >= rows));
    fc_sparse run = {plan, &totals, sources, kind, values, indices, indptr};
    fc_status status = fc_plan_run_parts(rows, part_rows, threads, run_sparse, &run);
    fc_totals_close(&totals, status, rows);
    FC_TRY(status);
    join_parts(&run, rows, part_rows);
    return FC_OK;
}

/* ---- Without a bound: each part keeps what it found on the heap until all are known ------- */

typedef struct fc_part_found {
    void *values;
    int32_t *indices;
    size_t used, room;
} fc_part_found;

struct fc_plan_found {
    const fc_plan *plan;
    fc_totals totals;
    const fc_source *sources;
    fc_source_kind kind;
    int32_t *indptr; /* indptr[row + 1] counts from the beginning of the row's part */
    size_t part_rows, count;
    int threads;
    fc_part_found parts[];
};

/* The values that the pieces of a block can have at most. */
static size_t block_bound(const fc_frame *frame, size_t rows) {
    const fc_plan *plan = frame->plan;
    size_t bound = 0;
    for (uint32_t i = 0; i < plan->piece_count; i++) {
        const fc_panel *panel = &plan->panels[plan->pieces[i].panel];
        const fc_csr *csr = frame->panel[plan->pieces[i].panel];
        bound += panel->type == FC_PLAN_CSR ? csr->used : rows * panel->width;
    }
    return bound;
}

static fc_status part_reserve(const fc_alloc *alloc, fc_part_found *part, size_t size,
                              size_t more) {
    size_t needed = part->used + more; /* both are in memory */
    if (needed <= part->room) return FC_OK;
    if (needed > INT32_MAX) return FC_ELIMIT;
    size_t room = needed + needed / 2;
    void *values = alloc->resize(alloc->ctx, part->values, room * size);
    if (!values) return FC_ENOMEM;
    part->values = values;
    int32_t *indices = alloc->resize(alloc->ctx, part->indices, room * sizeof *indices);
    if (!indices) return FC_ENOMEM;
    part->indices = indices;
    part->room = room;
    return FC_OK;
}

static fc_status find_part(void *ctx, size_t begin, size_t rows) {
    fc_plan_found *found = ctx;
    fc_part_found *part = &found->parts[begin / found->part_rows];
    const fc_alloc *alloc = found->plan->alloc;
    fc_frame frame;
    FC_TRY(fc_frame_open(&frame, &found->totals, found->sources, rows));
    size_t block = found->plan->block, end = begin + rows;
    size_t size = fc_source_kind_size(found->kind);
    fc_status status = FC_OK;
    for (size_t first = begin; first < end && status == FC_OK; first += block) {
        size_t n = end - first < block ? end - first : block;
        status = fc_frame_run(&frame, first, n, UINT32_MAX, NULL);
        if (status == FC_OK) status = part_reserve(alloc, part, size, block_bound(&frame, n));
        if (status != FC_OK) break;
        fc_rows_out csr = {found->kind, part->values, part->indices, part->used};
        status = put_block(&csr, &frame, n, found->indptr + first + 1);
        part->used = csr.used;
    }
    fc_frame_close(&frame, status);
    return status;
}

/* Makes indptr count from the beginning of all; FC_ELIMIT if it cannot. */
static fc_status found_add_up(const fc_plan_found *found, size_t rows, size_t *used) {
    size_t before = 0;
    for (size_t p = 0; p < found->count; p++) {
        size_t first = p * found->part_rows, left = rows - first;
        size_t n = left < found->part_rows ? left : found->part_rows;
        if (before + found->parts[p].used > INT32_MAX) return FC_ELIMIT;
        for (size_t r = 1; r <= n && before; r++) found->indptr[first + r] += (int32_t)before;
        before += found->parts[p].used;
    }
    *used = before;
    return FC_OK;
}

fc_status fc_plan_find_csr(const fc_plan *plan, const fc_source *sources, size_t rows,
                           fc_source_kind kind, int32_t *indptr, int threads, fc_plan_found **out,
                           size_t *used) {
    *out = NULL;
    *used = 0;
    if (kind > FC_SOURCE_U8) return FC_EINVALID;
    size_t part_rows = rows ? fc_plan_part_rows(plan, rows, threads) : 1;
    size_t count = rows ? (rows - 1) / part_rows + 1 : 0, bytes;
    if (!fc_size_mul(count, sizeof(fc_part_found), &bytes) ||
        !fc_size_add(bytes, sizeof(fc_plan_found), &bytes))
        return FC_ENOMEM;
    fc_plan_found *found = plan->alloc->get(plan->alloc->ctx, bytes);
    if (!found) return FC_ENOMEM;
    memset(found, 0, bytes);
    found->plan = plan;
    found->sources = sources;
    found->kind = kind;
    found->indptr = indptr;
    found->part_rows = part_rows;
    found->threads = threads;
    found->count = count;
    indptr[0] = 0;
    fc_status status = fc_totals_open(&found->totals, plan, count < 2);
    bool open = status == FC_OK;
    if (rows && open) status = fc_plan_run_parts(rows, part_rows, threads, find_part, found);
    if (status == FC_OK) status = found_add_up(found, rows, used);
    if (open) fc_totals_close(&found->totals, status, rows);
    if (status == FC_OK)
        *out = found;
    else
        fc_plan_found_free(found);
    return status;
}

typedef struct fc_taking {
    const fc_plan_found *found;
    char *values;
    int32_t *indices;
} fc_taking;

static void take_part(void *ctx, size_t index) {
    const fc_taking *taking = ctx;
    const fc_part_found *part = &taking->found->parts[index];
    size_t size = fc_source_kind_size(taking->found->kind), before = 0;
    for (size_t p = 0; p < index; p++) before += taking->found->parts[p].used;
    if (!part->used) return;
    memcpy(taking->values + before * size, part->values, part->used * size);
    memcpy(taking->indices + before, part->indices, part->used * sizeof *part->indices);
}

void fc_plan_found_take(const fc_plan_found *found, void *values, int32_t *indices) {
    fc_taking taking = {found, values, indices};
    fc_parallel(found->count, found->threads, take_part, &taking);
}

void fc_plan_found_free(fc_plan_found *found) {
    if (!found) return;
    const fc_alloc *alloc = found->plan->alloc;
    for (size_t p = 0; p < found->count; p++) {
        if (found->parts[p].values) alloc->release(alloc->ctx, found->parts[p].values);
        if (found->parts[p].indices) alloc->release(alloc->ctx, found->parts[p].indices);
    }
    alloc->release(alloc->ctx, found);
}
