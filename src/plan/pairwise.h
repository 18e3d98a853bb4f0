/* The sum of a row in the order of NumPy's `sum` along a contiguous axis (pairwise summation in
 * eight accumulators), so that row sums agree with it bit for bit. */
#ifndef FC_PLAN_PAIRWISE_H
#define FC_PLAN_PAIRWISE_H

#include <stddef.h>

/* Up to so many values are summed in one go, more are halved: 64-bit lengths at most 57 times. */
enum { FC_PAIRWISE_RUN = 128, FC_PAIRWISE_DEPTH = 64 };

/* `fc_pairwise_run_<type>` sums up to 128 values, `fc_pairwise_<type>` any number. The halves that
 * are not yet summed lie on a stack: the left half's sum is added to the right one's. */
#define FC_PAIRWISE(type)                                                                          \
    static inline type fc_pairwise_run_##type(const type *x, size_t n) {                           \
        type sum = 0;                                                                              \
        if (n < 8) {                                                                               \
            for (size_t i = 0; i < n; i++) sum += x[i];                                            \
            return sum;                                                                            \
        }                                                                                          \
        type r[8];                                                                                 \
        size_t i;                                                                                  \
        for (size_t l = 0; l < 8; l++) r[l] = x[l];                                                \
        for (i = 8; i + 8 <= n; i += 8)                                                            \
            for (size_t l = 0; l < 8; l++) r[l] += x[i + l];                                       \
        sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));                   \
        for (; i < n; i++) sum += x[i];                                                            \
        return sum;                                                                                \
    }                                                                                              \
    static inline type fc_pairwise_##type(const type *x, size_t n) {                               \
        struct {                                                                                   \
            size_t at, n;                                                                          \
            type left;                                                                             \
            int state; /* 0: to be summed; 1: its left half is summed; 2: and its right half */    \
        } stack[FC_PAIRWISE_DEPTH];                                                                \
        size_t top = 0;                                                                            \
        type sum = 0;                                                                              \
        stack[0].at = 0, stack[0].n = n, stack[0].state = 0;                                       \
        for (;;) {                                                                                 \
            size_t half = stack[top].n / 2;                                                        \
            half -= half % 8;                                                                      \
            if (stack[top].n <= FC_PAIRWISE_RUN) {                                                 \
                sum = fc_pairwise_run_##type(x + stack[top].at, stack[top].n);                     \
            } else if (stack[top].state == 0) {                                                    \
                stack[top].state = 1;                                                              \
                stack[top + 1].at = stack[top].at, stack[top + 1].n = half;                        \
                stack[++top].state = 0;                                                            \
                continue;                                                                          \
            } else if (stack[top].state == 1) {                                                    \
                stack[top].state = 2, stack[top].left = sum;                                       \
                stack[top + 1].at = stack[top].at + half;                                          \
                stack[top + 1].n = stack[top].n - half;                                            \
                stack[++top].state = 0;                                                            \
                continue;                                                                          \
            } else {                                                                               \
                sum = stack[top].left + sum;                                                       \
            }                                                                                      \
            if (!top--) return sum;                                                                \
        }                                                                                          \
    }
FC_PAIRWISE(double)
FC_PAIRWISE(float)

#endif
