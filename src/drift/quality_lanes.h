/* The sums of quality.c at one SIMD level, which says FC_Q(name), FC_TARGET, FC_BYTES of a vector,
 * and FC_MIN(x, y) and FC_MAX(x, y): y unless x is less, or more. Included once for each. */

typedef double FC_Q(lanes) __attribute__((vector_size(FC_BYTES)));
typedef int64_t FC_Q(bits) __attribute__((vector_size(FC_BYTES)));
typedef float FC_Q(floats) __attribute__((vector_size(FC_BYTES / 2)));
enum { FC_Q(WIDTH) = FC_BYTES / 8, FC_Q(PARTS) = 64 / FC_BYTES };

typedef struct FC_Q(state) {
    FC_Q(lanes) sum[FC_Q(PARTS)], squares[FC_Q(PARTS)], min[FC_Q(PARTS)], max[FC_Q(PARTS)];
} FC_Q(state);

FC_BODY FC_TARGET void FC_Q(open)(FC_Q(state) * s, const fc_sums *from) {
    memcpy(s->sum, from->sum, sizeof s->sum);
    memcpy(s->squares, from->squares, sizeof s->squares);
    memcpy(s->min, from->min, sizeof s->min);
    memcpy(s->max, from->max, sizeof s->max);
}

FC_BODY FC_TARGET void FC_Q(close)(const FC_Q(state) * s, fc_sums *to) {
    memcpy(to->sum, s->sum, sizeof s->sum);
    memcpy(to->squares, s->squares, sizeof s->squares);
    memcpy(to->min, s->min, sizeof s->min);
    memcpy(to->max, s->max, sizeof s->max);
}

FC_BODY FC_TARGET FC_Q(lanes) FC_Q(load64)(const double *at) {
    FC_Q(lanes) x;
    memcpy(&x, at, sizeof x);
    return x;
}

FC_BODY FC_TARGET FC_Q(lanes) FC_Q(load32)(const float *at) {
    FC_Q(floats) x;
    memcpy(&x, at, sizeof x);
    return __builtin_convertvector(x, FC_Q(lanes));
}

/* Only those that are finite, and how many those are. */
FC_BODY FC_TARGET void FC_Q(add_some)(FC_Q(state) * s, int k, FC_Q(lanes) x, FC_Q(lanes) shift,
                                      FC_Q(bits) * finite, FC_Q(bits) * present) {
    FC_Q(bits) is = (x - x) == (FC_Q(lanes)){0}; /* an infinity or NaN minus itself is NaN */
    FC_Q(lanes) from = x - shift;
    s->sum[k] += (FC_Q(lanes))((FC_Q(bits))from & is);
    s->squares[k] += (FC_Q(lanes))((FC_Q(bits))(from * from) & is);
    FC_Q(bits) below = (x < s->min[k]) & is, above = (x > s->max[k]) & is;
    s->min[k] = (FC_Q(lanes))(((FC_Q(bits))x & below) | ((FC_Q(bits))s->min[k] & ~below));
    s->max[k] = (FC_Q(lanes))(((FC_Q(bits))x & above) | ((FC_Q(bits))s->max[k] & ~above));
    *finite -= is;
    *present -= x == x;
}

#define FC_FORM(type, size)                                                                        \
    FC_TARGET static void FC_Q(some##size)(const type *values, size_t n, double shift,             \
                                           fc_sums *to) {                                          \
        FC_Q(lanes) around = (FC_Q(lanes)){0} + shift;                                             \
        FC_Q(bits) finite = {0}, present = {0};                                                    \
        FC_Q(state) s;                                                                             \
        FC_Q(open)(&s, to);                                                                        \
        type rest[8];                                                                              \
        for (size_t at = 0; at < n; at += 8) {                                                     \
            const type *x = values + at;                                                           \
            if (n - at < 8) { /* filled up with NaN, which adds nothing */                         \
                for (size_t k = 0; k < 8; k++) rest[k] = k < n - at ? x[k] : (type)NAN;            \
                x = rest;                                                                          \
            }                                                                                      \
            for (int k = 0; k < FC_Q(PARTS); k++)                                                  \
                FC_Q(add_some)(&s, k, FC_Q(load##size)(x + k * FC_Q(WIDTH)), around, &finite,      \
                               &present);                                                          \
        }                                                                                          \
        for (int k = 0; k < FC_Q(WIDTH); k++)                                                      \
            to->finite += (uint64_t)finite[k], to->present += (uint64_t)present[k];                \
        FC_Q(close)(&s, to);                                                                       \
    }                                                                                              \
    /* All of them, a multiple of 8: right if the squares stay finite. */                          \
    FC_TARGET static bool FC_Q(all##size)(const type *values, size_t n, double shift,              \
                                          fc_sums *to) {                                           \
        FC_Q(lanes) around = (FC_Q(lanes)){0} + shift;                                             \
        FC_Q(state) s;                                                                             \
        FC_Q(open)(&s, to);                                                                        \
        for (size_t at = 0; at < n; at += 8) {                                                     \
            FC_AHEAD(values + at);                                                                 \
            for (int k = 0; k < FC_Q(PARTS); k++) {                                                \
                FC_Q(lanes)                                                                        \
                x = FC_Q(load##size)(values + at + k * FC_Q(WIDTH)), from = x - around;            \
                s.sum[k] += from;                                                                  \
                s.squares[k] += from * from;                                                       \
                s.min[k] = FC_MIN(x, s.min[k]);                                                    \
                s.max[k] = FC_MAX(x, s.max[k]);                                                    \
            }                                                                                      \
        }                                                                                          \
        for (int k = 0; k < FC_Q(PARTS); k++)                                                      \
            for (int j = 0; j < FC_Q(WIDTH); j++)                                                  \
                if (!isfinite(s.squares[k][j])) return false;                                      \
        to->finite += n, to->present += n;                                                         \
        FC_Q(close)(&s, to);                                                                       \
        return true;                                                                               \
    }

FC_FORM(double, 64)
FC_FORM(float, 32)
#undef FC_FORM
#undef FC_Q
#undef FC_TARGET
#undef FC_BYTES
#undef FC_MIN
#undef FC_MAX
