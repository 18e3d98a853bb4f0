/* Element-wise steps that follow each other become one, so that what lies between them is never
 * stored. Done once, when a plan is built; the values are the same. */
#include "plan/elementwise.h"
#include "plan/plan_inner.h"

static bool is_lanes(const fc_step *step) { return step->family->run == fc_lanes_run; }

/* How often each panel is read, by steps and by pieces of output. */
static void count_uses(const fc_plan *plan, uint32_t *uses) {
    for (uint32_t i = 0; i < plan->step_count; i++)
        for (uint32_t j = 0; j < plan->steps[i].input_count; j++) uses[plan->steps[i].inputs[j]]++;
    for (uint32_t i = 0; i < plan->piece_count; i++) uses[plan->pieces[i].panel]++;
}

/* The element-wise step before `at` that it alone reads, or NULL. */
static fc_step *before(const fc_plan *plan, const fc_step *at, const uint32_t *uses) {
    if (!is_lanes(at) || at->inputs[0] < plan->input_count || uses[at->inputs[0]] != 1) return NULL;
    fc_step *step = &plan->steps[at->inputs[0] - plan->input_count];
    return is_lanes(step) ? step : NULL;
}

fc_status fc_plan_fuse(fc_plan *plan) {
    uint32_t *uses = fc_arena_zeros(&plan->arena, (size_t)plan->panel_count + 1, sizeof *uses);
    if (!uses) return FC_ENOMEM;
    count_uses(plan, uses);
    for (uint32_t i = 0; i < plan->step_count; i++) {
        fc_step *step = &plan->steps[i], *earlier = before(plan, step, uses);
        if (!earlier) continue;
        fc_lanes *both;
        FC_TRY(fc_lanes_chain(&plan->arena, earlier->state, step->state, &both));
        if (!both) continue;
        plan->panels[earlier->made].width = 0;
        earlier->dead = true;
        step->state = both;
        step->inputs = earlier->inputs;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < plan->step_count; i++) {
        if (plan->steps[i].dead) continue;
        if (is_lanes(&plan->steps[i])) FC_TRY(fc_lanes_finish(&plan->arena, plan->steps[i].state));
        plan->steps[kept++] = plan->steps[i];
    }
    plan->step_count = kept;
    return FC_OK;
}
