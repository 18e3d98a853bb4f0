/* The executor of one block: every step on panels that stay in cache. A single row is a block of
 * one, so that rows and batches cannot differ. */
#include "plan/elementwise.h"
#include "plan/run.h"

static size_t round_up(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

size_t fc_panel_bytes(const fc_panel *panel, size_t rows) {
    if (panel->type == FC_PLAN_CSR) return fc_csr_bytes(rows);
    return round_up(panel->width * rows * fc_plan_type_size(panel->type) + 1);
}

fc_status fc_frame_open(fc_frame *frame, const fc_plan *plan, const fc_source *sources,
                        size_t rows) {
    size_t n = plan->panel_count;
    size_t block = rows < plan->block ? rows : plan->block;
    /* The number of panels and their widths were bounded when the plan was built. */
    size_t head = round_up((2 * n + plan->max_inputs + 1) * sizeof(void *));
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
    at += head;
    for (size_t i = 0; i < n; i++) {
        frame->own[i] = at;
        if (plan->panels[i].type == FC_PLAN_CSR) fc_csr_place(at, block, plan->alloc);
        at += fc_panel_bytes(&plan->panels[i], block);
    }
    return FC_OK;
}

void fc_frame_close(fc_frame *frame) {
    for (uint32_t i = 0; i < frame->plan->panel_count; i++)
        if (frame->plan->panels[i].type == FC_PLAN_CSR)
            fc_csr_release((fc_csr *)(void *)frame->own[i]);
    if (frame->memory) frame->plan->alloc->release(frame->plan->alloc->ctx, frame->memory);
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
        frame->panel[i] = there;
    }
    for (uint32_t i = 0; i < plan->step_count; i++) {
        const fc_step *step = &plan->steps[i];
        bool last = target && step->made == direct;
        void *out = last ? target : frame->own[step->made];
        for (uint32_t j = 0; j < step->input_count; j++)
            frame->inputs[j] = frame->panel[step->inputs[j]];
        bool past = last && frame->streamed && step->family->run == fc_lanes_run;
        FC_TRY((past ? fc_lanes_stream : step->family->run)(step->state, frame->inputs, out, rows));
        frame->panel[step->made] = out;
    }
    return FC_OK;
}
