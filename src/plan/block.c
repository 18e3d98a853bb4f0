/* The executor of one block: every step on panels that stay in cache. A single row is a block of
 * one, so that rows and batches cannot differ. */
#include <string.h>

#include "plan/elementwise.h"
#include "plan/marks.h"
#include "plan/run.h"

static size_t round_up(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

size_t fc_panel_bytes(const fc_panel *panel, size_t rows) {
    if (panel->type == FC_PLAN_CSR) return fc_csr_bytes(rows);
    return round_up(panel->width * rows * fc_plan_type_size(panel->type) + 1);
}

fc_status fc_frame_open(fc_frame *frame, const fc_totals *totals, const fc_source *sources,
                        size_t rows) {
    const fc_plan *plan = totals->plan;
    size_t n = plan->panel_count;
    size_t block = rows < plan->block ? rows : plan->block;
    /* The number of panels and their widths were bounded when the plan was built. */
    size_t head = round_up((2 * n + plan->max_inputs + 1) * sizeof(void *));
    size_t kinds = totals->of || (totals->alone && plan->counts)
                       ? (size_t)plan->source_count * FC_COUNT_KINDS
                       : 0;
    size_t counted = head;
    head += round_up(kinds * sizeof(uint64_t));
    size_t marks = head;
    if (kinds) head += round_up(plan->marks_bytes);
    size_t bytes = head + 64;
    for (size_t i = 0; i < n; i++) bytes += fc_panel_bytes(&plan->panels[i], block);
    frame->memory = NULL;
    if (bytes > sizeof frame->small) {
        frame->memory = plan->alloc->get(plan->alloc->ctx, bytes);
        if (!frame->memory) return FC_ENOMEM;
    }
    void *memory = frame->memory ? frame->memory : frame->small;
    char *at = (char *)round_up((size_t)(uintptr_t)memory);
    frame->plan = plan;
    frame->sources = sources;
    frame->own = (char **)at;
    frame->panel = (const void **)(frame->own + n);
    frame->inputs = frame->panel + n;
    frame->streamed = false;
    frame->totals = totals;
    frame->counted = kinds ? (uint64_t *)(void *)(at + counted) : NULL;
    frame->marks = at + marks;
    if (kinds) memset(frame->counted, 0, kinds * sizeof(uint64_t));
    for (uint32_t i = 0; kinds && plan->marks_bytes && i < plan->step_count; i++)
        if (plan->steps[i].marks)
            fc_marks_place(frame->marks + plan->steps[i].marks_at,
                           plan->panels[plan->steps[i].inputs[0]].width);
    at += head;
    for (size_t i = 0; i < n; i++) {
        frame->own[i] = at;
        if (plan->panels[i].type == FC_PLAN_CSR) fc_csr_place(at, block, plan->alloc);
        at += fc_panel_bytes(&plan->panels[i], block);
    }
    return FC_OK;
}

/* What steps have marked, and with that all that was counted, to the totals. */
static void count_marks(const fc_frame *frame, fc_status status) {
    const fc_plan *plan = frame->plan;
    for (uint32_t i = 0; plan->marks_bytes && i < plan->step_count; i++) {
        const fc_step *step = &plan->steps[i];
        if (!step->marks) continue;
        fc_marks *marks = (fc_marks *)(void *)(frame->marks + step->marks_at);
        const fc_panel *panel = &plan->panels[step->inputs[0]];
        fc_marks_flush(marks);
        for (uint32_t j = 0; j < panel->width; j++)
            if (panel->counted[j])
                frame->counted[panel->sources[j] * (size_t)FC_COUNT_KINDS + FC_COUNT_MISSING] +=
                    marks->counts[j];
    }
    fc_totals_add(frame->totals, frame->counted, status);
}

void fc_frame_close(fc_frame *frame, fc_status status) {
    if (frame->counted) count_marks(frame, status);
    for (uint32_t i = 0; i < frame->plan->panel_count; i++)
        if (frame->plan->panels[i].type == FC_PLAN_CSR)
            fc_csr_release((fc_csr *)(void *)frame->own[i]);
    if (frame->memory) frame->plan->alloc->release(frame->plan->alloc->ctx, frame->memory);
}

static fc_status run_lanes(const fc_frame *frame, const fc_step *step, void *out, size_t rows,
                           bool past) {
    void *marks = frame->counted && step->marks ? frame->marks + step->marks_at : NULL;
    return fc_lanes_run_as(step->state, frame->inputs[0], out, rows, past, marks);
}

fc_status fc_frame_run(fc_frame *frame, size_t first, size_t rows, uint32_t direct, void *target) {
    const fc_plan *plan = frame->plan;
    for (uint32_t i = 0; i < plan->input_count; i++) {
        const fc_panel *panel = &plan->panels[i];
        if (panel->type == FC_PLAN_CSR) {
            fc_csr *csr = (fc_csr *)(void *)frame->own[i];
            const fc_source *source = &frame->sources[panel->sources[0]];
            FC_TRY(fc_csr_load(csr, source, panel->width, first, rows));
            frame->panel[i] = csr;
            continue;
        }
        const void *there = fc_plan_in_place(panel, frame->sources, first);
        if (!there) {
            fc_plan_load(panel, frame->sources, first, rows, frame->own[i]);
            there = frame->own[i];
        }
        if (plan->panels[i].type == FC_PLAN_I32)
            fc_watch_codes(plan, i, (int32_t *)(void *)frame->own[i], rows, frame->counted);
        else if (plan->panels[i].type != FC_PLAN_TEXT)
            fc_watch_floats(plan, i, there, rows, frame->counted);
        frame->panel[i] = there;
    }
    for (uint32_t i = 0; i < plan->step_count; i++) {
        const fc_step *step = &plan->steps[i];
        bool last = target && step->made == direct;
        void *out = last ? target : frame->own[step->made];
        for (uint32_t j = 0; j < step->input_count; j++)
            frame->inputs[j] = frame->panel[step->inputs[j]];
        bool past = last && frame->streamed;
        FC_TRY(step->family->run == fc_lanes_run
                   ? run_lanes(frame, step, out, rows, past)
                   : step->family->run(step->state, frame->inputs, out, rows));
        if (step->searches)
            fc_watch_search(plan, step, frame->inputs[0], out, rows, frame->counted);
        frame->panel[step->made] = out;
    }
    return FC_OK;
}
