/* Building a plan: the specification is checked here once, so that runs need no checks. */
#include "plan/watch.h"

#include <string.h>

#define FC_FAMILY(name) extern const fc_family fc_family_##name;
#include "plan/families.def"
#undef FC_FAMILY

static const fc_family *const families[] = {
#define FC_FAMILY(name) &fc_family_##name,
#include "plan/families.def"
#undef FC_FAMILY
};
enum { FAMILY_COUNT = sizeof families / sizeof families[0] };

const char *fc_plan_family_name(size_t index) {
    return index < FAMILY_COUNT ? families[index]->name : NULL;
}

static const fc_family *family_find(const char *name) {
    for (size_t i = 0; i < FAMILY_COUNT; i++)
        if (strcmp(families[i]->name, name) == 0) return families[i];
    return NULL;
}

size_t fc_plan_type_size(fc_plan_type type) {
    switch (type) {
    case FC_PLAN_F64: return sizeof(double);
    case FC_PLAN_TEXT: return sizeof(fc_text);
    case FC_PLAN_CSR: return 0;
    default: return 4;
    }
}

static bool ragged(fc_plan_type type) { return type == FC_PLAN_TEXT || type == FC_PLAN_CSR; }

static fc_status invalid(const char **why, const char *text) {
    *why = text;
    return FC_EINVALID;
}

static fc_status add_panels(fc_plan *plan, const fc_plan_spec *spec, const char **why) {
    for (uint32_t i = 0; i < spec->panel_count; i++) {
        const fc_panel_spec *from = &spec->panels[i];
        fc_panel *panel = &plan->panels[i];
        panel->type = from->type;
        panel->width = from->width;
        if (from->type == FC_PLAN_CSR) {
            if (from->width != 1) return invalid(why, "a sparse panel has one source");
            panel->width = from->columns;
        }
        uint32_t *sources = fc_arena_zeros(&plan->arena, (size_t)from->width + 1, sizeof *sources);
        if (!sources) return FC_ENOMEM;
        for (uint32_t j = 0; j < from->width; j++) {
            if (from->sources[j] >= spec->source_count)
                return invalid(why, "a panel names a source that does not exist");
            sources[j] = from->sources[j];
        }
        panel->sources = sources;
    }
    return FC_OK;
}

static fc_status add_step(fc_plan *plan, const fc_step_spec *from, uint32_t index,
                          const char **why) {
    uint32_t made = plan->input_count + index;
    fc_step *step = &plan->steps[index];
    step->family = family_find(from->family);
    if (!step->family) return invalid(why, "unknown family");
    if (!from->input_count) return invalid(why, "a step without input");
    size_t n = from->input_count;
    uint32_t *inputs = fc_arena_zeros(&plan->arena, n, sizeof *inputs);
    uint32_t *widths = fc_arena_zeros(&plan->arena, n, sizeof *widths);
    fc_plan_type *types = fc_arena_zeros(&plan->arena, n, sizeof *types);
    if (!inputs || !widths || !types) return FC_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        uint32_t panel = from->inputs[i];
        if (panel >= made) return invalid(why, "a step reads a panel that is made later");
        inputs[i] = panel;
        widths[i] = plan->panels[panel].width;
        types[i] = plan->panels[panel].type;
        if (ragged(types[i]) && !step->family->ragged)
            return invalid(why, "a family that reads no such panel");
    }
    if (from->type == FC_PLAN_TEXT || (from->type == FC_PLAN_CSR && !step->family->ragged))
        return invalid(why, "a family that makes no such panel");
    if (from->input_count > plan->max_inputs) plan->max_inputs = from->input_count;
    step->inputs = inputs;
    step->input_count = from->input_count;
    step->made = made;
    plan->panels[made].type = from->type;
    plan->panels[made].width = from->width;
    fc_shape shape = {from->input_count, types, widths, from->type, from->width, plan->loops};
    fc_status status = step->family->build(&plan->arena, &shape, &from->blob, &step->state);
    if (status == FC_EINVALID) *why = step->family->name;
    return status;
}

static fc_status add_pieces(fc_plan *plan, const fc_plan_spec *spec, const char **why) {
    for (uint32_t i = 0; i < spec->piece_count; i++) {
        const fc_piece_spec *from = &spec->pieces[i];
        if (from->panel >= plan->panel_count) return invalid(why, "a piece without its panel");
        const fc_panel *panel = &plan->panels[from->panel];
        if (panel->type == FC_PLAN_TEXT) return invalid(why, "a piece of texts");
        if (from->onehot && panel->type != FC_PLAN_I32)
            return invalid(why, "one-hot pieces are I32 panels");
        if (!from->onehot && from->width != panel->width)
            return invalid(why, "a dense piece is as wide as its panel");
        plan->pieces[i] = *from;
        plan->ragged |= panel->type == FC_PLAN_CSR;
        if (!fc_size_add(plan->width, from->width, &plan->width) ||
            !fc_size_add(plan->row_bound, panel->width, &plan->row_bound))
            return invalid(why, "too wide");
    }
    if (plan->ragged) plan->row_bound = SIZE_MAX;
    if (plan->width > INT32_MAX) return invalid(why, "too wide");
    return FC_OK;
}

/* Rows per block: the panels together should stay in the second-level cache, and a narrow plan's
 * in the first. */
static fc_status choose_block(fc_plan *plan, const char **why) {
    size_t row_bytes = 0;
    for (uint32_t i = 0; i < plan->panel_count; i++) {
        const fc_panel *panel = &plan->panels[i];
        size_t bytes = panel->type == FC_PLAN_CSR ? fc_csr_bytes(1) - fc_csr_bytes(0)
                                                  : (size_t)panel->width * 16; /* it fits */
        if (!ragged(panel->type)) bytes = (size_t)panel->width * 8;
        if (!fc_size_add(row_bytes, bytes, &row_bytes)) return invalid(why, "too wide");
    }
    size_t rows = row_bytes ? FC_PLAN_SCRATCH / row_bytes : FC_PLAN_BLOCK;
    /* A multiple of 16: where output begins at a cache line, so does that of each block. */
    rows = rows > FC_PLAN_BLOCK ? FC_PLAN_BLOCK : rows;
    plan->block = rows < 16 ? 8 : rows & ~(size_t)15;
    return FC_OK;
}

static fc_status fill(fc_plan *plan, const fc_plan_spec *spec, const char **why) {
    plan->loops = spec->loops;
    plan->source_count = spec->source_count;
    plan->input_count = spec->panel_count;
    plan->step_count = spec->step_count;
    plan->piece_count = spec->piece_count;
    size_t panels;
    if (!fc_size_add(spec->panel_count, spec->step_count, &panels) || panels > UINT32_MAX / 2)
        return invalid(why, "too many panels");
    plan->panel_count = (uint32_t)panels;
    plan->panels = fc_arena_zeros(&plan->arena, panels + 1, sizeof *plan->panels);
    plan->steps = fc_arena_zeros(&plan->arena, (size_t)spec->step_count + 1, sizeof *plan->steps);
    plan->pieces =
        fc_arena_zeros(&plan->arena, (size_t)spec->piece_count + 1, sizeof *plan->pieces);
    if (!plan->panels || !plan->steps || !plan->pieces) return FC_ENOMEM;
    FC_TRY(add_panels(plan, spec, why));
    for (uint32_t i = 0; i < spec->step_count; i++) FC_TRY(add_step(plan, &spec->steps[i], i, why));
    plan->loops = NULL;
    FC_TRY(add_pieces(plan, spec, why));
    FC_TRY(fc_plan_fuse(plan));
    fc_status status = fc_plan_watch(plan, spec);
    if (status == FC_EINVALID) return invalid(why, "no such column is counted");
    if (status != FC_OK) return status;
    FC_TRY(choose_block(plan, why));
    return fc_plan_lay_row(plan);
}

fc_status fc_plan_new(const fc_alloc *alloc, const fc_plan_spec *spec, fc_plan **out,
                      const char **why) {
    *why = "";
    *out = NULL;
    fc_plan *plan = alloc->get(alloc->ctx, sizeof *plan);
    if (!plan) return FC_ENOMEM;
    memset(plan, 0, sizeof *plan);
    plan->alloc = alloc;
    fc_arena_init(&plan->arena, alloc);
    fc_status status = fill(plan, spec, why);
    if (status != FC_OK) {
        fc_plan_free(plan);
        return status;
    }
    *out = plan;
    return FC_OK;
}

void fc_plan_free(fc_plan *plan) {
    if (!plan) return;
    fc_arena_free(&plan->arena);
    plan->alloc->release(plan->alloc->ctx, plan);
}

size_t fc_plan_width(const fc_plan *plan) { return plan->width; }
size_t fc_plan_row_bound(const fc_plan *plan) { return plan->row_bound; }
