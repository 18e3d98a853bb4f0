/* Feature selection: some columns of a panel, in order, as they are. Where the selector takes no
 * NaN, every column is looked at, also those that are left away: scikit-learn validates all.
 * Parameters: columns (q, width), finite (q, 1: NaN and infinities anywhere are refused). */
#include "plan/family.h"

typedef struct fc_pick {
    fc_plan_type type;
    size_t in_width, width;
    const int64_t *columns;
    bool finite;
} fc_pick;

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *columns = fc_blob_find(blob, "columns", 'q', shape->width);
    if (!columns || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32)
        return FC_EINVALID;
    fc_pick *self = fc_arena_zeros(arena, 1, sizeof *self);
    if (!self || !(self->columns = fc_blob_ints(arena, columns))) return FC_ENOMEM;
    for (size_t j = 0; j < shape->width; j++)
        if (self->columns[j] < 0 || self->columns[j] >= shape->widths[0]) return FC_EINVALID;
    self->type = shape->type;
    self->in_width = shape->widths[0];
    self->width = shape->width;
    self->finite = fc_blob_flag(blob, "finite", 0) != 0;
    *state = self;
    return FC_OK;
}

FC_BODY bool finite64_body(const double *x, size_t total) {
    int64_t bad = 0;
    for (size_t i = 0; i < total; i++) bad |= fc_wild64(x[i]);
    return bad == 0;
}
FC_SIMD_FORMS(bool, finite64, (const double *x, size_t total), (x, total))

FC_BODY bool finite32_body(const float *x, size_t total) {
    int32_t bad = 0;
    for (size_t i = 0; i < total; i++) bad |= fc_wild32(x[i]);
    return bad == 0;
}
FC_SIMD_FORMS(bool, finite32, (const float *x, size_t total), (x, total))

#define FC_PICK(type)                                                                              \
    do {                                                                                           \
        const type *x = inputs[0];                                                                 \
        type *y = out;                                                                             \
        for (size_t r = 0; r < rows; r++, x += self->in_width)                                     \
            for (size_t j = 0; j < self->width; j++) *y++ = x[self->columns[j]];                   \
    } while (0)

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_pick *self = state;
    size_t total = rows * self->in_width;
    if (self->finite &&
        !(self->type == FC_PLAN_F64 ? finite64(inputs[0], total) : finite32(inputs[0], total)))
        return FC_EREFUSED;
    if (self->type == FC_PLAN_F64)
        FC_PICK(double);
    else
        FC_PICK(float);
    return FC_OK;
}

const fc_family fc_family_pick = {.name = "pick", .build = build, .run = run};
