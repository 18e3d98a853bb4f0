/* Element-wise functions that kernels borrow from the process they run in.
 *
 * NumPy's `log1p`, `exp` and the like are its own vectorised loops, an ulp away from libm's on some
 * CPUs, and chosen when it is imported. A plan must give what this process's NumPy gives, so it is
 * built with a table of those loops as plain function pointers. What is missing in a table is NULL,
 * and a family that needs it is not built. */
#ifndef FASTCORE_LOOPS_H
#define FASTCORE_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NumPy's unary functions of floats by name, and an interval on which each raises no floating-point
 * exception: whoever fills the table compares there. */
#define FC_LOOP_ROWS(X)                                                                            \
    X(absolute, -4, 4)                                                                             \
    X(arccos, -1, 1)                                                                               \
    X(arccosh, 1, 9)                                                                               \
    X(arcsin, -1, 1)                                                                               \
    X(arcsinh, -4, 4)                                                                              \
    X(arctan, -4, 4)                                                                               \
    X(arctanh, -0.9, 0.9)                                                                          \
    X(cbrt, -4, 4)                                                                                 \
    X(ceil, -4, 4)                                                                                 \
    X(conjugate, -4, 4)                                                                            \
    X(cos, -9, 9)                                                                                  \
    X(cosh, -4, 4)                                                                                 \
    X(deg2rad, -90, 90)                                                                            \
    X(degrees, -4, 4)                                                                              \
    X(exp, -9, 9)                                                                                  \
    X(exp2, -9, 9)                                                                                 \
    X(expm1, -4, 4)                                                                                \
    X(fabs, -4, 4)                                                                                 \
    X(floor, -4, 4)                                                                                \
    X(log, 0.1, 9)                                                                                 \
    X(log10, 0.1, 9)                                                                               \
    X(log1p, -0.9, 9)                                                                              \
    X(log2, 0.1, 9)                                                                                \
    X(negative, -4, 4)                                                                             \
    X(positive, -4, 4)                                                                             \
    X(rad2deg, -4, 4)                                                                              \
    X(radians, -90, 90)                                                                            \
    X(reciprocal, 0.1, 9)                                                                          \
    X(rint, -4, 4)                                                                                 \
    X(sign, -4, 4)                                                                                 \
    X(sin, -9, 9)                                                                                  \
    X(sinh, -4, 4)                                                                                 \
    X(spacing, 0.1, 9)                                                                             \
    X(sqrt, 0, 9)                                                                                  \
    X(square, -4, 4)                                                                               \
    X(tan, -1, 1)                                                                                  \
    X(tanh, -4, 4)                                                                                 \
    X(trunc, -4, 4)

typedef enum fc_loop_name {
#define X(name, low, high) FC_LOOP_##name,
    FC_LOOP_ROWS(X)
#undef X
        FC_LOOP_COUNT
} fc_loop_name;

/* One loop: `args` are the input and the output, `steps` their strides in bytes. The value at a
 * place depends on the input there and on nothing else. Any thread may call it. */
typedef void (*fc_loop_fn)(char **args, const intptr_t *count, const intptr_t *steps, void *data);
typedef struct fc_loop {
    fc_loop_fn fn;
    void *data;
} fc_loop;

typedef struct fc_loops {
    fc_loop d[FC_LOOP_COUNT], f[FC_LOOP_COUNT]; /* of double, of float */
} fc_loops;

#ifdef __cplusplus
}
#endif
#endif
