/* Dense runs: block after block into the rows of the output. */
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "plan/elementwise.h"
#include "plan/run.h"

static fc_status store_csr(const fc_csr *csr, size_t width, size_t rows, fc_source_kind kind,
                           char *out, ptrdiff_t stride) {
    for (size_t r = 0; r < rows; r++, out += stride) {
        memset(out, 0, width * fc_source_kind_size(kind));
        for (size_t i = csr->heads[r]; i < csr->heads[r + 1]; i++) {
            double value = csr->values[i] + 0.0; /* SciPy adds to zero: no zero is negative */
            if (kind == FC_SOURCE_F64)
                ((double *)(void *)out)[csr->columns[i]] = value;
            else
                FC_TRY(fc_store_cell(value, kind, out, (size_t)csr->columns[i]));
        }
    }
    return FC_OK;
}

fc_status fc_store_piece(const fc_piece_spec *piece, const fc_panel *panel, const void *values,
                         size_t rows, fc_source_kind kind, char *out, ptrdiff_t stride) {
    if (piece->onehot)
        fc_store_onehot(values, panel->width, piece->width, rows, kind, out, stride);
    else if (panel->type == FC_PLAN_CSR)
        return store_csr(values, panel->width, rows, kind, out, stride);
    else
        return fc_store_dense(values, panel->type, panel->width, rows, kind, out, stride);
    return FC_OK;
}

static fc_status store(const fc_frame *frame, size_t rows, fc_source_kind kind, char *out,
                       ptrdiff_t stride) {
    const fc_plan *plan = frame->plan;
    for (uint32_t i = 0; i < plan->piece_count; i++) {
        const fc_piece_spec *piece = &plan->pieces[i];
        FC_TRY(fc_store_piece(piece, &plan->panels[piece->panel], frame->panel[piece->panel], rows,
                              kind, out, stride));
        out += piece->width * fc_source_kind_size(kind);
    }
    return FC_OK;
}

/* The panel that may be computed straight into the output: the only piece, made by a step, of the
 * output's type, and rows without gaps. UINT32_MAX if there is none. */
static uint32_t direct_panel(const fc_plan *plan, fc_source_kind kind, ptrdiff_t stride) {
    if (plan->piece_count != 1 || plan->pieces[0].onehot) return UINT32_MAX;
    uint32_t panel = plan->pieces[0].panel;
    if (panel < plan->input_count || !fc_source_matches(kind, plan->panels[panel].type))
        return UINT32_MAX;
    if (stride != (ptrdiff_t)(plan->width * fc_source_kind_size(kind))) return UINT32_MAX;
    return panel;
}

/* Output of at least this many bytes is stored past the caches: it would not stay in them, and
 * fetching each line before it is overwritten costs a third of the memory traffic. */
enum { STREAM_BYTES = 8 << 20, STAGE_BYTES = 192 << 10 };

static bool may_stream(const void *out, size_t rows, ptrdiff_t stride) {
#if defined(__SSE2__)
    size_t bytes;
    return fc_size_mul(rows, (size_t)stride, &bytes) && bytes >= STREAM_BYTES &&
           (uintptr_t)out % 8 == 0;
#else
    (void)out, (void)rows, (void)stride;
    return false;
#endif
}

#if defined(__SSE2__)
static inline void stream_line(char *out, const char *panel) {
    for (size_t i = 0; i < 64; i += 16)
        _mm_stream_si128((__m128i *)(void *)(out + i),
                         _mm_loadu_si128((const __m128i *)(const void *)(panel + i)));
}
#endif

/* To four places in turn, as in elementwise_template.h. */
static void stream(char *out, const char *panel, size_t bytes) {
#if defined(__SSE2__)
    enum { PLACES = FC_LANE_PLACES };
    size_t head = -(uintptr_t)out & 63;
    if (head > bytes) head = bytes;
    memcpy(out, panel, head);
    size_t quarter = (bytes - head) / PLACES & ~(size_t)63, at = head + PLACES * quarter;
    for (size_t i = head; i < head + quarter; i += 64)
        for (size_t k = i; k < at; k += quarter) stream_line(out + k, panel + k);
    memcpy(out + at, panel + at, bytes - at);
#else
    memcpy(out, panel, bytes);
#endif
}

/* A dense run, shared by its parts. */
typedef struct fc_dense {
    const fc_plan *plan;
    const fc_totals *totals;
    const fc_source *sources;
    fc_source_kind kind;
    char *out;
    ptrdiff_t stride;
    uint32_t direct;     /* see direct_panel */
    bool streamed, past; /* past the caches; by the step that makes the panel itself */
    size_t staged;       /* rows that are put together in cache before they are streamed; or 0 */
} fc_dense;

static fc_status run_dense(void *ctx, size_t begin, size_t rows) {
    const fc_dense *run = ctx;
    fc_frame frame;
    FC_TRY(fc_frame_open(&frame, run->totals, run->sources, rows));
    bool in_place = run->direct != UINT32_MAX && (!run->streamed || run->past);
    frame.streamed = run->past;
    const fc_alloc *alloc = run->plan->alloc;
    size_t block = run->staged ? run->staged : run->plan->block, end = begin + rows;
    char *stage = run->staged ? alloc->get(alloc->ctx, block * (size_t)run->stride) : NULL;
    fc_status status = run->staged && !stage ? FC_ENOMEM : FC_OK;
    for (size_t first = begin; first < end && status == FC_OK; first += block) {
        size_t n = end - first < block ? end - first : block;
        char *to = run->out + (ptrdiff_t)first * run->stride;
        status = fc_frame_run(&frame, first, n, run->direct, in_place ? to : NULL);
        if (status != FC_OK || in_place) continue;
        if (!run->streamed || stage)
            status = store(&frame, n, run->kind, stage ? stage : to, run->stride);
        if (run->streamed && status == FC_OK)
            stream(to, stage ? stage : frame.panel[run->direct], n * (size_t)run->stride);
    }
#if defined(__SSE2__)
    if (run->streamed) _mm_sfence(); /* these stores are ordered by nothing else */
#endif
    if (stage) alloc->release(alloc->ctx, stage);
    fc_frame_close(&frame, status);
    return status;
}

/* Rows put together at a time, if they lie side by side: those that stay in the second-level cache,
 * and no more than a block has. 0 if a row is too long for that. */
static size_t staged_rows(const fc_plan *plan, fc_source_kind kind, ptrdiff_t stride) {
    if (stride != (ptrdiff_t)(plan->width * fc_source_kind_size(kind))) return 0;
    size_t rows = STAGE_BYTES / (size_t)stride;
    return rows < plan->block ? rows : plan->block;
}

/* Whether the direct panel is made by a step that can stream by itself. */
static bool streams_itself(const fc_plan *plan, uint32_t direct) {
    for (uint32_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].made == direct) return plan->steps[i].family->run == fc_lanes_run;
    return false;
}

fc_status fc_plan_run_counted(const fc_totals *totals, const fc_source *sources, size_t rows,
                              fc_source_kind kind, void *out, ptrdiff_t row_stride, int threads) {
    const fc_plan *plan = totals->plan;
    if (kind > FC_SOURCE_U8) return FC_EINVALID;
    if (!rows) return FC_OK;
    fc_dense run = {plan, totals, sources, kind, out, row_stride, 0, false, false, 0};
    run.direct = direct_panel(plan, kind, row_stride);
    bool large = may_stream(out, rows, row_stride);
    if (large && run.direct == UINT32_MAX) run.staged = staged_rows(plan, kind, row_stride);
    run.streamed = large && (run.direct != UINT32_MAX || run.staged);
    run.past = run.streamed && streams_itself(plan, run.direct);
    size_t part_rows = fc_plan_part_rows(plan, rows, threads);
    return fc_plan_run_parts(rows, part_rows, threads, run_dense, &run);
}

fc_status fc_plan_run(const fc_plan *plan, const fc_source *sources, size_t rows,
                      fc_source_kind kind, void *out, ptrdiff_t row_stride, int threads) {
    fc_totals totals;
    bool alone = fc_plan_part_rows(plan, rows, threads) >= rows;
    FC_TRY(fc_totals_open(&totals, plan, alone));
    fc_status status = fc_plan_run_counted(&totals, sources, rows, kind, out, row_stride, threads);
    fc_totals_close(&totals, status, rows);
    return status;
}
