/* PolynomialFeatures: every column is 1, an input column, or an earlier column times an input
 * column: scikit-learn's own recursion, so that x0 x1 x2 is (x1 x2) x0. NaN and infinities are
 * refused, and so are products that become infinite, of which scikit-learn warns.
 * Parameters: left (q, width: the earlier column; -1 for none), right (q, width: the input column;
 * -1 for none). Neither of them: the column of ones. */
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "plan/family.h"

/* Columns [first, end) are columns [left, ...) times one input column; with left < 0 they are the
 * input columns themselves from `right` on, or (right < 0) ones. */
typedef struct fc_stretch {
    uint32_t first, end;
    int32_t left, right;
} fc_stretch;

enum { FC_SHORT = 8 }; /* a row with a one in front that fits in one vector of doubles */

typedef struct fc_polynomial {
    fc_plan_type type;
    size_t in_width, width, count;
    const fc_stretch *stretches;
    /* Of short rows up to degree 2: both factors of each column in the row (1, x0, x1, ...). */
    bool pairs;
    const int64_t *a, *b; /* filled with zeros up to a multiple of eight */
} fc_polynomial;

static fc_status stretch(fc_arena *arena, fc_polynomial *self, const int64_t *left,
                         const int64_t *right) {
    fc_stretch *all = fc_arena_zeros(arena, self->width + 1, sizeof *all);
    if (!all) return FC_ENOMEM;
    for (size_t j = 0; j < self->width; j++) {
        int64_t l = left[j], r = right[j];
        if (l < -1 || r < -1 || l >= (int64_t)j || r >= (int64_t)self->in_width ||
            (l >= 0 && r < 0))
            return FC_EINVALID;
        fc_stretch *last = self->count ? &all[self->count - 1] : NULL;
        int64_t length = last ? (int64_t)(last->end - last->first) : 0;
        /* A stretch reads nothing that it writes. */
        bool goes_on = last && (l < 0 ? last->left < 0 && r >= 0 && last->right >= 0 &&
                                            r == last->right + length
                                      : last->left >= 0 && r == last->right &&
                                            l == last->left + length && l < last->first);
        if (goes_on)
            last->end++;
        else
            all[self->count++] = (fc_stretch){(uint32_t)j, (uint32_t)j + 1, (int32_t)l, (int32_t)r};
    }
    self->stretches = all;
    return FC_OK;
}

/* Fills a and b if every column is a product of two of 1, x0, x1 ... */
static fc_status pair(fc_arena *arena, fc_polynomial *self, const int64_t *left,
                      const int64_t *right) {
    size_t room = (self->width + 7) / 8 * 8;
    int64_t *a = fc_arena_zeros(arena, room + 1, sizeof *a);
    int64_t *b = fc_arena_zeros(arena, room + 1, sizeof *b);
    if (!a || !b) return FC_ENOMEM;
    self->pairs = self->in_width + 1 <= FC_SHORT;
    for (size_t j = 0; j < self->width; j++) {
        if (left[j] >= 0 && left[left[j]] >= 0) self->pairs = false;
        a[j] = left[j] < 0 ? 0 : right[left[j]] + 1;
        b[j] = right[j] + 1;
    }
    self->a = a;
    self->b = b;
    return FC_OK;
}

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *left = fc_blob_find(blob, "left", 'q', shape->width);
    const fc_blob_item *right = fc_blob_find(blob, "right", 'q', shape->width);
    if (!left || !right || shape->input_count != 1 || shape->types[0] != shape->type ||
        shape->type == FC_PLAN_I32 || shape->width > INT32_MAX || shape->widths[0] > INT32_MAX)
        return FC_EINVALID;
    fc_polynomial *self = fc_arena_zeros(arena, 1, sizeof *self);
    const int64_t *lefts = fc_blob_ints(arena, left), *rights = fc_blob_ints(arena, right);
    if (!self || !lefts || !rights) return FC_ENOMEM;
    self->type = shape->type;
    self->in_width = shape->widths[0];
    self->width = shape->width;
    *state = self;
    FC_TRY(stretch(arena, self, lefts, rights));
    return pair(arena, self, lefts, rights);
}

#define FC_POLYNOMIAL(type, wild)                                                                  \
    do {                                                                                           \
        const type *x = in;                                                                        \
        type *y = out;                                                                             \
        for (size_t i = 0; i < rows * self->in_width; i++) bad |= wild(x[i]);                      \
        for (size_t r = 0; r < rows; r++, x += self->in_width, y += self->width)                   \
            for (size_t k = 0; k < self->count; k++) {                                             \
                const fc_stretch *s = &self->stretches[k];                                         \
                type *restrict to = y + s->first;                                                  \
                size_t n = s->end - s->first;                                                      \
                if (s->left < 0 && s->right < 0) {                                                 \
                    to[0] = 1;                                                                     \
                } else if (s->left < 0) {                                                          \
                    for (size_t i = 0; i < n; i++) to[i] = x[s->right + (ptrdiff_t)i];             \
                } else {                                                                           \
                    const type *restrict from = y + s->left;                                       \
                    type factor = x[s->right];                                                     \
                    for (size_t i = 0; i < n; i++) {                                               \
                        to[i] = from[i] * factor;                                                  \
                        bad |= wild(to[i]);                                                        \
                    }                                                                              \
                }                                                                                  \
            }                                                                                      \
    } while (0)

FC_BODY bool stretches_body(const fc_polynomial *self, const void *in, void *out, size_t rows) {
    int64_t bad = 0;
    if (self->type == FC_PLAN_F64)
        FC_POLYNOMIAL(double, fc_wild64);
    else
        FC_POLYNOMIAL(float, fc_wild32);
    return bad == 0;
}
FC_SIMD_FORMS(bool, stretches, (const fc_polynomial *self, const void *in, void *out, size_t rows),
              (self, in, out, rows))

#if defined(__x86_64__)
/* A row is one vector; its columns are two permutations of it, multiplied. */
__attribute__((target("avx512f"))) static bool
pairs_avx512(const fc_polynomial *self, const double *x, double *y, size_t rows) {
    const __m512d ones = _mm512_set1_pd(1.0), most = _mm512_set1_pd(__DBL_MAX__);
    const __mmask8 there = (__mmask8)(((1u << self->in_width) - 1) << 1);
    __mmask8 bad = 0;
    for (size_t r = 0; r < rows; r++, x += self->in_width, y += self->width) {
        __m512d row = _mm512_mask_expandloadu_pd(ones, there, x);
        bad |= _mm512_cmp_pd_mask(_mm512_abs_pd(row), most, _CMP_NLE_UQ);
        for (size_t j = 0; j < self->width; j += 8) {
            __m512d a = _mm512_permutexvar_pd(_mm512_loadu_si512(self->a + j), row);
            __m512d b = _mm512_permutexvar_pd(_mm512_loadu_si512(self->b + j), row);
            __m512d product = _mm512_mul_pd(a, b);
            bad |= _mm512_cmp_pd_mask(_mm512_abs_pd(product), most, _CMP_NLE_UQ);
            size_t left = self->width - j;
            if (left >= 8)
                _mm512_storeu_pd(y + j, product);
            else
                _mm512_mask_storeu_pd(y + j, (__mmask8)((1u << left) - 1), product);
        }
    }
    return !bad;
}
#endif

static fc_status run(const void *state, const void *const *inputs, void *out, size_t rows) {
    const fc_polynomial *self = state;
#if defined(__x86_64__)
    if (self->pairs && self->type == FC_PLAN_F64 && fc_cpu_current() == FC_CPU_AVX512)
        return pairs_avx512(self, inputs[0], out, rows) ? FC_OK : FC_EREFUSED;
#endif
    return stretches(self, inputs[0], out, rows) ? FC_OK : FC_EREFUSED;
}

const fc_family fc_family_polynomial = {.name = "polynomial", .build = build, .run = run};
