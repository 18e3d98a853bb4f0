/* Sparse runs: the non-zeros of each row, one behind the other (CSR). */
#include <string.h>

#include "plan/run.h"

/* Where a part stands: its own arrays begin where its rows could, and are moved together later. */
typedef struct fc_csr {
    fc_plan_type type;
    void *values;
    int32_t *indices;
    size_t used;
} fc_csr;

static inline void csr_put(fc_csr *csr, size_t column, double value) {
    csr->indices[csr->used] = (int32_t)column;
    if (csr->type == FC_PLAN_F64)
        ((double *)csr->values)[csr->used++] = value;
    else
        ((float *)csr->values)[csr->used++] = (float)value;
}

/* Adds the non-zeros of row `row` of a piece that begins at `column`. */
static void csr_piece(fc_csr *csr, const fc_piece_spec *piece, const fc_panel *panel,
                      const void *values, size_t row, size_t column) {
    size_t width = panel->width;
    for (size_t j = 0; j < width; j++) {
        if (piece->onehot) {
            int32_t at = ((const int32_t *)values)[row * width + j];
            if (at >= 0 && (size_t)at < piece->width) csr_put(csr, column + (size_t)at, 1.0);
            continue;
        }
        double value = panel->type == FC_PLAN_F64
                           ? ((const double *)values)[row * width + j]
                           : (double)((const float *)values)[row * width + j];
        if (value != 0) csr_put(csr, column + j, value);
    }
}

/* A sparse run, shared by its parts. */
typedef struct fc_sparse {
    const fc_plan *plan;
    const fc_source *sources;
    fc_plan_type type;
    char *values;
    int32_t *indices, *indptr; /* indptr[row + 1] counts from the beginning of the row's part */
} fc_sparse;

static void csr_row(fc_csr *csr, const fc_frame *frame, size_t row) {
    const fc_plan *plan = frame->plan;
    size_t column = 0;
    for (uint32_t i = 0; i < plan->piece_count; i++) {
        const fc_piece_spec *piece = &plan->pieces[i];
        csr_piece(csr, piece, &plan->panels[piece->panel], frame->panel[piece->panel], row, column);
        column += piece->width;
    }
}

static fc_status run_sparse(void *ctx, size_t begin, size_t rows) {
    const fc_sparse *run = ctx;
    fc_frame frame;
    FC_TRY(fc_frame_open(&frame, run->plan, run->sources, rows));
    size_t block = run->plan->block, end = begin + rows, room = begin * run->plan->row_bound;
    char *values = run->values + room * fc_plan_type_size(run->type);
    fc_csr csr = {run->type, values, run->indices + room, 0};
    fc_status status = FC_OK;
    for (size_t first = begin; first < end && status == FC_OK; first += block) {
        size_t n = end - first < block ? end - first : block;
        status = fc_frame_run(&frame, first, n, UINT32_MAX, NULL);
        for (size_t r = 0; r < n && status == FC_OK; r++) {
            csr_row(&csr, &frame, r);
            run->indptr[first + r + 1] = (int32_t)csr.used;
        }
    }
    fc_frame_close(&frame);
    return status;
}

/* Moves the parts' non-zeros together, behind those of the first part. */
static void join_parts(const fc_sparse *run, size_t rows, size_t part_rows) {
    size_t size = fc_plan_type_size(run->type);
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
                          fc_plan_type type, void *values, int32_t *indices, int32_t *indptr,
                          int threads) {
    if (type == FC_PLAN_I32) return FC_EINVALID;
    size_t bound;
    if (!fc_size_mul(rows, plan->row_bound, &bound) || bound > INT32_MAX) return FC_ELIMIT;
    indptr[0] = 0;
    if (!rows) return FC_OK;
    fc_sparse run = {plan, sources, type, values, indices, indptr};
    size_t part_rows = fc_plan_part_rows(plan, rows, threads);
    FC_TRY(fc_plan_run_parts(rows, part_rows, threads, run_sparse, &run));
    join_parts(&run, rows, part_rows);
    return FC_OK;
}
