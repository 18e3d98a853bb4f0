/* Columns of several panels side by side in a new one, converted to its type.
 * Parameters: panels (q, width: which input), columns (q, width: which of its columns). */
#include "plan/family.h"

typedef struct fc_join {
    fc_plan_type type;
    uint32_t width;
    const fc_plan_type *types;
    const int64_t *panels, *columns, *widths;
} fc_join;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *panels = fc_blob_find(blob, "panels", 'q', shape->width);
    const fc_blob_item *columns = fc_blob_find(blob, "columns", 'q', shape->width);
    if (!panels || !columns) return FC_EINVALID;
    fc_join *self = fc_arena_zeros(arena, 1, sizeof *self);
    int64_t *widths = fc_arena_zeros(arena, shape->input_count, sizeof *widths);
    fc_plan_type *types = fc_arena_zeros(arena, shape->input_count, sizeof *types);
    if (!self || !widths || !types || !(self->panels = fc_blob_ints(arena, panels)) ||
        !(self->columns = fc_blob_ints(arena, columns)))
        return FC_ENOMEM;
    for (uint32_t i = 0; i < shape->input_count; i++) {
        widths[i] = shape->widths[i];
        types[i] = shape->types[i];
        /* Codes are gathered into codes only, numbers into numbers. */
        if ((types[i] == FC_PLAN_I32) != (shape->type == FC_PLAN_I32)) return FC_EINVALID;
    }
    for (uint32_t j = 0; j < shape->width; j++) {
        int64_t panel = self->panels[j], column = self->columns[j];
        if (panel < 0 || panel >= shape->input_count || column < 0 || column >= widths[panel])
            return FC_EINVALID;
    }
    self->type = shape->type;
    self->width = shape->width;
    self->widths = widths;
    self->types = types;
    *state = self;
    return FC_OK;
}

#define FC_COLUMN(from_type, to_type)                                                              \
    do {                                                                                           \
        const from_type *x = (const from_type *)inputs[self->panels[j]] + self->columns[j];        \
        to_type *y = (to_type *)out + j;                                                           \
        for (size_t r = 0; r < rows; r++) y[r * width] = (to_type)x[r * step];                     \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_join *self = state;
    size_t width = self->width;
    for (size_t j = 0; j < width; j++) {
        size_t step = (size_t)self->widths[self->panels[j]];
        fc_plan_type from = self->types[self->panels[j]];
        if (from == FC_PLAN_I32)
            FC_COLUMN(int32_t, int32_t);
        else if (from == FC_PLAN_F64 && self->type == FC_PLAN_F64)
            FC_COLUMN(double, double);
        else if (from == FC_PLAN_F64)
            FC_COLUMN(double, float);
        else if (self->type == FC_PLAN_F64)
            FC_COLUMN(float, double);
        else
            FC_COLUMN(float, float);
    }
    return FC_OK;
}

const fc_family fc_family_join = {.name = "join", .build = build, .run = run};
