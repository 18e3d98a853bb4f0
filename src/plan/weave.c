/* Four columns at a time are turned in registers: written one after the other, each cell of a row
 * would be a store of its own to a line of the cache that was left long ago. */
#include "plan/weave.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* One column, cell by cell. */
static void one(const char *from, size_t size, size_t rows, char *out, size_t stride) {
    if (size == 8)
        for (size_t r = 0; r < rows; r++, from += 8, out += stride) memcpy(out, from, 8);
    else
        for (size_t r = 0; r < rows; r++, from += 4, out += stride) memcpy(out, from, 4);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void four64(const void *const *columns, size_t rows,
                                                   char *out, size_t stride) {
    const double *a = columns[0], *b = columns[1], *c = columns[2], *d = columns[3];
    for (size_t r = 0; r < rows; r += 4, out += 4 * stride) {
        __m256d va = _mm256_loadu_pd(a + r), vb = _mm256_loadu_pd(b + r);
        __m256d vc = _mm256_loadu_pd(c + r), vd = _mm256_loadu_pd(d + r);
        __m256d ab0 = _mm256_unpacklo_pd(va, vb), ab1 = _mm256_unpackhi_pd(va, vb);
        __m256d cd0 = _mm256_unpacklo_pd(vc, vd), cd1 = _mm256_unpackhi_pd(vc, vd);
        _mm256_storeu_pd((double *)(void *)out, _mm256_permute2f128_pd(ab0, cd0, 0x20));
        _mm256_storeu_pd((double *)(void *)(out + stride), _mm256_permute2f128_pd(ab1, cd1, 0x20));
        _mm256_storeu_pd((double *)(void *)(out + 2 * stride),
                         _mm256_permute2f128_pd(ab0, cd0, 0x31));
        _mm256_storeu_pd((double *)(void *)(out + 3 * stride),
                         _mm256_permute2f128_pd(ab1, cd1, 0x31));
    }
}

__attribute__((target("avx2"))) static void four32(const void *const *columns, size_t rows,
                                                   char *out, size_t stride) {
    const float *a = columns[0], *b = columns[1], *c = columns[2], *d = columns[3];
    for (size_t r = 0; r < rows; r += 4, out += 4 * stride) {
        __m128 va = _mm_loadu_ps(a + r), vb = _mm_loadu_ps(b + r);
        __m128 vc = _mm_loadu_ps(c + r), vd = _mm_loadu_ps(d + r);
        _MM_TRANSPOSE4_PS(va, vb, vc, vd);
        _mm_storeu_ps((float *)(void *)out, va);
        _mm_storeu_ps((float *)(void *)(out + stride), vb);
        _mm_storeu_ps((float *)(void *)(out + 2 * stride), vc);
        _mm_storeu_ps((float *)(void *)(out + 3 * stride), vd);
    }
}
#endif

void fc_weave(const void *const *columns, size_t count, size_t size, size_t rows, void *out,
              size_t stride) {
    size_t j = 0, whole = 0;
#if defined(__x86_64__)
    if (fc_cpu_current() >= FC_CPU_AVX2) {
        whole = rows & ~(size_t)3;
        for (; whole && j + 4 <= count; j += 4) {
            char *to = (char *)out + j * size;
            (size == 8 ? four64 : four32)(columns + j, whole, to, stride);
            for (size_t k = j; k < j + 4; k++)
                one((const char *)columns[k] + whole * size, size, rows - whole,
                    (char *)out + whole * stride + k * size, stride);
        }
    }
#endif
    for (; j < count; j++) one(columns[j], size, rows, (char *)out + j * size, stride);
}
