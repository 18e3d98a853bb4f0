/* The executor: block after block, every step on panels that stay in cache. A single row is a
 * block of one, so that rows and batches cannot differ. */
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "plan/plan_inner.h"

/* What one run needs besides the plan: pointers to the panels of the current block. */
typedef struct fc_frame {
    const fc_plan *plan;
    const fc_source *sources;
    void *memory;
    char **own;         /* the panel's place in scratch memory */
    const void **panel; /* where the panel's values are in this block */
    const void **inputs;
} fc_frame;

static size_t round_up(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

static fc_status frame_open(fc_frame *frame, const fc_plan *plan, const fc_source *sources,
                            size_t rows) {
    size_t n = plan->panel_count;
    size_t block = rows < plan->block ? rows : plan->block;
    /* The number of panels and their widths were bounded when the plan was built. */
    size_t head = round_up((2 * n + plan->max_inputs + 1) * sizeof(void *));
    size_t bytes = head + 64;
    for (size_t i = 0; i < n; i++) bytes += round_up(plan->panels[i].width * block * 8 + 1);
    frame->memory = plan->alloc->get(plan->alloc->ctx, bytes);
    if (!frame->memory) return FC_ENOMEM;
    char *at = (char *)round_up((size_t)(uintptr_t)frame->memory);
    frame->plan = plan;
    frame->sources = sources;
    frame->own = (char **)at;
    frame->panel = (const void **)(frame->own + n);
    frame->inputs = frame->panel + n;
    at += head;
    for (size_t i = 0; i < n; i++) {
        frame->own[i] = at;
        at += round_up(plan->panels[i].width * block * fc_plan_type_size(plan->panels[i].type) + 1);
    }
    return FC_OK;
}

static void frame_close(fc_frame *frame) {
    frame->plan->alloc->release(frame->plan->alloc->ctx, frame->memory);
}

/* Loads and runs one block. `target`, if not NULL, takes the place of the last panel's memory. */
static fc_status frame_run(fc_frame *frame, size_t first, size_t rows, uint32_t direct,
                           void *target) {
    const fc_plan *plan = frame->plan;
    for (uint32_t i = 0; i < plan->input_count; i++) {
        const void *there = fc_plan_in_place(&plan->panels[i], frame->sources, first);
        if (!there) {
            fc_plan_load(&plan->panels[i], frame->sources, first, rows, frame->own[i]);
            there = frame->own[i];
        }
        frame->panel[i] = there;
    }
    for (uint32_t i = 0; i < plan->step_count; i++) {
        const fc_step *step = &plan->steps[i];
        uint32_t made = plan->input_count + i;
        void *out = target && made == direct ? target : frame->own[made];
        for (uint32_t j = 0; j < step->input_count; j++)
            frame->inputs[j] = frame->panel[step->inputs[j]];
        FC_TRY(step->family->run(step->state, frame->inputs, out, rows));
        frame->panel[made] = out;
    }
    return FC_OK;
}

/* Copies a dense panel into the output, converting where the types differ. */
#define FC_STORE(from_type, to_type)                                                               \
    for (size_t r = 0; r < rows; r++) {                                                            \
        const from_type *x = (const from_type *)panel + r * width;                                 \
        to_type *y = (to_type *)(void *)(out + (ptrdiff_t)r * stride);                             \
        for (size_t j = 0; j < width; j++) y[j] = (to_type)x[j];                                   \
    }

static void store_dense(const void *panel, fc_plan_type from, size_t width, size_t rows,
                        fc_plan_type type, char *out, ptrdiff_t stride) {
    if (from == FC_PLAN_F64 && type == FC_PLAN_F64) {
        FC_STORE(double, double)
    } else if (from == FC_PLAN_F64) {
        FC_STORE(double, float)
    } else if (type == FC_PLAN_F64) {
        FC_STORE(float, double)
    } else {
        FC_STORE(float, float)
    }
}

static void store_onehot(const int32_t *columns, size_t count, size_t width, size_t rows,
                         fc_plan_type type, char *out, ptrdiff_t stride) {
    for (size_t r = 0; r < rows; r++, out += stride, columns += count) {
        memset(out, 0, width * fc_plan_type_size(type));
        for (size_t j = 0; j < count; j++) {
            if (columns[j] < 0 || (size_t)columns[j] >= width) continue;
            if (type == FC_PLAN_F64)
                ((double *)(void *)out)[columns[j]] = 1.0;
            else
                ((float *)(void *)out)[columns[j]] = 1.0f;
        }
    }
}

static void store(const fc_frame *frame, size_t rows, fc_plan_type type, char *out,
                  ptrdiff_t stride) {
    const fc_plan *plan = frame->plan;
    for (uint32_t i = 0; i < plan->piece_count; i++) {
        const fc_piece_spec *piece = &plan->pieces[i];
        const fc_panel *panel = &plan->panels[piece->panel];
        const void *values = frame->panel[piece->panel];
        if (piece->onehot)
            store_onehot(values, panel->width, piece->width, rows, type, out, stride);
        else
            store_dense(values, panel->type, panel->width, rows, type, out, stride);
        out += piece->width * fc_plan_type_size(type);
    }
}

/* The panel that may be computed straight into the output: the only piece, made by a step, of the
 * output's type, and rows without gaps. UINT32_MAX if there is none. */
static uint32_t direct_panel(const fc_plan *plan, fc_plan_type type, ptrdiff_t stride) {
    if (plan->piece_count != 1 || plan->pieces[0].onehot) return UINT32_MAX;
    uint32_t panel = plan->pieces[0].panel;
    if (panel < plan->input_count || plan->panels[panel].type != type) return UINT32_MAX;
    if (stride != (ptrdiff_t)(plan->width * fc_plan_type_size(type))) return UINT32_MAX;
    return panel;
}

/* Output of at least this many bytes is stored past the caches: it would not stay in them, and
 * fetching each line before it is overwritten costs a third of the memory traffic. */
enum { STREAM_BYTES = 8 << 20 };

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

static void stream(char *out, const char *panel, size_t bytes) {
#if defined(__SSE2__)
    size_t head = -(uintptr_t)out & 15;
    if (head > bytes) head = bytes;
    memcpy(out, panel, head);
    size_t at = head;
    for (; at + 64 <= bytes; at += 64)
        for (size_t i = 0; i < 64; i += 16)
            _mm_stream_si128((__m128i *)(void *)(out + at + i),
                             _mm_loadu_si128((const __m128i *)(const void *)(panel + at + i)));
    memcpy(out + at, panel + at, bytes - at);
    _mm_sfence();
#else
    memcpy(out, panel, bytes);
#endif
}

fc_status fc_plan_run(const fc_plan *plan, const fc_source *sources, size_t rows, fc_plan_type type,
                      void *out, ptrdiff_t row_stride) {
    if (type == FC_PLAN_I32) return FC_EINVALID;
    if (!rows) return FC_OK;
    fc_frame frame;
    FC_TRY(frame_open(&frame, plan, sources, rows));
    uint32_t direct = direct_panel(plan, type, row_stride);
    bool streamed = direct != UINT32_MAX && may_stream(out, rows, row_stride);
    fc_status status = FC_OK;
    for (size_t first = 0; first < rows && status == FC_OK; first += plan->block) {
        size_t n = rows - first < plan->block ? rows - first : plan->block;
        char *to = (char *)out + (ptrdiff_t)first * row_stride;
        bool in_place = direct != UINT32_MAX && !streamed;
        status = frame_run(&frame, first, n, direct, in_place ? to : NULL);
        if (status != FC_OK || in_place) continue;
        if (streamed)
            stream(to, frame.panel[direct], n * (size_t)row_stride);
        else
            store(&frame, n, type, to, row_stride);
    }
    frame_close(&frame);
    return status;
}

/* ---- Sparse rows ---------------------------------------------------------------------------- */

/* Where a sparse run stands. */
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

fc_status fc_plan_run_csr(const fc_plan *plan, const fc_source *sources, size_t rows,
                          fc_plan_type type, void *values, int32_t *indices, int32_t *indptr) {
    if (type == FC_PLAN_I32) return FC_EINVALID;
    size_t bound;
    if (!fc_size_mul(rows, plan->row_bound, &bound) || bound > INT32_MAX) return FC_ELIMIT;
    indptr[0] = 0;
    if (!rows) return FC_OK;
    fc_frame frame;
    FC_TRY(frame_open(&frame, plan, sources, rows));
    fc_csr csr = {type, values, indices, 0};
    fc_status status = FC_OK;
    for (size_t first = 0; first < rows && status == FC_OK; first += plan->block) {
        size_t n = rows - first < plan->block ? rows - first : plan->block;
        status = frame_run(&frame, first, n, UINT32_MAX, NULL);
        for (size_t r = 0; r < n && status == FC_OK; r++) {
            size_t column = 0;
            for (uint32_t i = 0; i < plan->piece_count; i++) {
                const fc_piece_spec *piece = &plan->pieces[i];
                csr_piece(&csr, piece, &plan->panels[piece->panel], frame.panel[piece->panel], r,
                          column);
                column += piece->width;
            }
            indptr[first + r + 1] = (int32_t)csr.used;
        }
    }
    frame_close(&frame);
    return status;
}
