/* One row out of cells: what a block of one would do, laid out when the plan is built. Panels that
 * are a piece of the output as they are, are computed where they belong in it. */
#include "plan/run.h"
#include "plan/watch.h"

static size_t round_up(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

fc_status fc_plan_lay_row(fc_plan *plan) {
    size_t n = plan->panel_count, column = 0;
    plan->row_places = fc_arena_zeros(&plan->arena, n + 1, sizeof *plan->row_places);
    plan->row_columns = fc_arena_zeros(&plan->arena, n + 1, sizeof *plan->row_columns);
    if (!plan->row_places || !plan->row_columns) return FC_ENOMEM;
    /* The number of panels and the sum of their bytes were bounded when they were added. */
    size_t at = round_up((n + plan->max_inputs + 1) * sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        plan->row_places[i] = at;
        at += fc_panel_bytes(&plan->panels[i], 1);
        plan->row_columns[i] = SIZE_MAX;
        plan->sparse |= plan->panels[i].type == FC_PLAN_CSR;
    }
    plan->row_bytes = at + 64;
    for (uint32_t i = 0; i < plan->piece_count; column += plan->pieces[i++].width) {
        const fc_piece_spec *piece = &plan->pieces[i];
        fc_plan_type type = plan->panels[piece->panel].type;
        bool floats = type == FC_PLAN_F64 || type == FC_PLAN_F32;
        if (piece->panel < plan->input_count || !floats) continue;
        plan->row_columns[piece->panel] = column; /* the last of several pieces */
    }
    return FC_OK;
}

static void load(const fc_panel *panel, const fc_cell *cells, void *out) {
    const uint32_t *from = panel->sources;
    size_t width = panel->width;
    if (panel->type == FC_PLAN_F64)
        for (size_t j = 0; j < width; j++) ((double *)out)[j] = cells[from[j]].number;
    else if (panel->type == FC_PLAN_F32)
        for (size_t j = 0; j < width; j++) ((float *)out)[j] = (float)cells[from[j]].number;
    else if (panel->type == FC_PLAN_I32)
        for (size_t j = 0; j < width; j++)
            ((int32_t *)out)[j] = fc_code_settle(cells[from[j]].code);
    else
        for (size_t j = 0; j < width; j++) ((fc_text *)out)[j] = cells[from[j]].text;
}

static fc_status run(const fc_plan *plan, const fc_cell *cells, fc_source_kind kind, char *memory,
                     char *out) {
    const void **panel = (const void **)(void *)memory, **inputs = panel + plan->panel_count;
    size_t size = fc_source_kind_size(kind), column = 0;
    for (uint32_t i = 0; i < plan->input_count; i++) {
        panel[i] = memory + plan->row_places[i];
        load(&plan->panels[i], cells, memory + plan->row_places[i]);
    }
    for (uint32_t i = 0; i < plan->step_count; i++) {
        const fc_step *step = &plan->steps[i];
        size_t at = plan->row_columns[step->made];
        bool there = at != SIZE_MAX && fc_source_matches(kind, plan->panels[step->made].type);
        char *made = there ? out + at * size : memory + plan->row_places[step->made];
        for (uint32_t j = 0; j < step->input_count; j++) inputs[j] = panel[step->inputs[j]];
        FC_TRY(step->family->run(step->state, inputs, made, 1));
        panel[step->made] = made;
    }
    for (uint32_t i = 0; i < plan->piece_count; column += plan->pieces[i++].width) {
        const fc_piece_spec *piece = &plan->pieces[i];
        const void *values = panel[piece->panel];
        char *to = out + column * size;
        if (values == to && !piece->onehot) continue;
        FC_TRY(fc_store_piece(piece, &plan->panels[piece->panel], values, 1, kind, to, 0));
    }
    fc_watch_row(plan, cells, panel);
    return FC_OK;
}

fc_status fc_plan_run_row(const fc_plan *plan, const fc_cell *cells, fc_source_kind kind,
                          void *out) {
    if (kind > FC_SOURCE_U8) return FC_EINVALID;
    for (size_t i = 0; plan->sparse && i < plan->input_count; i++)
        if (plan->panels[i].type == FC_PLAN_CSR) return FC_EREFUSED; /* no cell is a matrix */
    char small[FC_FRAME_SMALL], *memory = small, *block = NULL;
    if (plan->row_bytes > sizeof small) {
        memory = block = plan->alloc->get(plan->alloc->ctx, plan->row_bytes);
        if (!block) return FC_ENOMEM;
    }
    memory += -(uintptr_t)memory & 63;
    for (size_t i = plan->input_count; plan->sparse && i < plan->panel_count; i++)
        if (plan->panels[i].type == FC_PLAN_CSR)
            fc_csr_place(memory + plan->row_places[i], 1, plan->alloc);
    fc_status status = run(plan, cells, kind, memory, out);
    for (size_t i = plan->input_count; plan->sparse && i < plan->panel_count; i++)
        if (plan->panels[i].type == FC_PLAN_CSR)
            fc_csr_release((fc_csr *)(void *)(memory + plan->row_places[i]));
    if (block) plan->alloc->release(plan->alloc->ctx, block);
    return status;
}
