/* Calling borrowed loops; the contract is in fastcore/loops.h. */
#include "plan/family.h"

const fc_loop *fc_loop_find(const fc_shape *shape, fc_loop_name name, fc_plan_type type) {
    if (!shape->loops || type == FC_PLAN_I32) return NULL;
    const fc_loop *loop = type == FC_PLAN_F64 ? &shape->loops->d[name] : &shape->loops->f[name];
    return loop->fn ? loop : NULL;
}

void fc_loop_run64(const fc_loop *loop, const double *x, double *y, size_t n) {
    char *args[] = {(char *)(uintptr_t)x, (char *)y};
    intptr_t count = (intptr_t)n, steps[] = {sizeof *x, sizeof *y};
    loop->fn(args, &count, steps, loop->data);
}

void fc_loop_run32(const fc_loop *loop, const float *x, float *y, size_t n) {
    char *args[] = {(char *)(uintptr_t)x, (char *)y};
    intptr_t count = (intptr_t)n, steps[] = {sizeof *x, sizeof *y};
    loop->fn(args, &count, steps, loop->data);
}
