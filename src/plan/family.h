/* What a transformer family gives to plans, and the helpers that families share. */
#ifndef FC_PLAN_FAMILY_H
#define FC_PLAN_FAMILY_H

#include "base/simd.h"
#include "fastcore/plan.h"

/* The panels of a step: known when it is built. */
typedef struct fc_shape {
    uint32_t input_count;
    const fc_plan_type *types; /* of the inputs */
    const uint32_t *widths;
    fc_plan_type type; /* of the output */
    uint32_t width;
    const fc_loops *loops; /* to copy from while building; may be NULL */
} fc_shape;

typedef struct fc_family {
    const char *name;
    /* Checks shape and parameters (FC_EINVALID) and makes the state in the arena. */
    fc_status (*build)(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state);
    /* Runs `rows` rows: inputs and output are rows x width values without gaps; the output is no
     * input. FC_OK or FC_EREFUSED. */
    fc_status (*run)(const void *state, const void *const *inputs, void *out, size_t rows);
    /* Whether it knows what TEXT and CSR panels are; no other family is given one. Such an input is
     * an array of fc_text, or a `const fc_csr *`; a CSR output is an `fc_csr *`, to be cleared. */
    bool ragged;
} fc_family;

/* The parameter `name` if it has that kind and exactly `count` items (any number for SIZE_MAX),
 * else NULL. */
const fc_blob_item *fc_blob_find(const fc_blob *blob, const char *name, char kind, size_t count);
/* The int64 parameter `name` of one item, or `otherwise` if absent. */
int64_t fc_blob_flag(const fc_blob *blob, const char *name, int64_t otherwise);
/* A copy in the arena; NULL if memory is short. */
const double *fc_blob_doubles(fc_arena *arena, const fc_blob_item *item);
const int64_t *fc_blob_ints(fc_arena *arena, const fc_blob_item *item);
const char *fc_blob_bytes(fc_arena *arena, const fc_blob_item *item);

/* The borrowed loop of that name for values of `type`, or NULL if there is none. */
const fc_loop *fc_loop_find(const fc_shape *shape, fc_loop_name name, fc_plan_type type);
/* y[i] = loop(x[i]) for n values side by side; y may be x. Never raises: whoever would warn as
 * NumPy does looks for an infinity, or a NaN, that was none before, and refuses. */
void fc_loop_run64(const fc_loop *loop, const double *x, double *y, size_t n);
void fc_loop_run32(const fc_loop *loop, const float *x, float *y, size_t n);

/* Parameters of an element-wise step, repeated sixteen times unless there are FC_TILE of them: the
 * loop over a panel then runs over long stretches whatever the width, and vectorises. */
enum { FC_TILE = 512 };
typedef struct fc_tile {
    size_t width;
    size_t period; /* a multiple of the width; 0 for none */
    const double *d;
    const float *f; /* the same, rounded */
} fc_tile;
fc_status fc_tile_make(fc_arena *arena, const double *values, uint32_t width, fc_tile *out);

/* Calls `expr` with `at`, the offset of a stretch, and `n`, its length. */
#define FC_TILE_LOOP(total, tile_period, at, n)                                                    \
    for (size_t at = 0, n;                                                                         \
         at < (total) && (n = (total) - at < (tile_period) ? (total) - at : (tile_period), true);  \
         at += n)

/* Whether `x` is an infinity, as a mask that ORs: scikit-learn refuses them at each step. */
static inline int64_t fc_inf64(double x) {
    return -(int64_t)(__builtin_fabs(x) == __builtin_inf());
}
static inline int32_t fc_inf32(float x) {
    return -(int32_t)(__builtin_fabsf(x) == __builtin_inff());
}

/* The same for an infinity or NaN, where scikit-learn takes neither. */
static inline int64_t fc_wild64(double x) { return -(int64_t)!(__builtin_fabs(x) <= __DBL_MAX__); }
static inline int32_t fc_wild32(float x) { return -(int32_t)!(__builtin_fabsf(x) <= __FLT_MAX__); }

#endif
