/* One body, compiled once for each SIMD level. */
#ifndef FASTCORE_BASE_SIMD_H
#define FASTCORE_BASE_SIMD_H

#include "fastcore/base.h"

/* Asks for what lies 4 KB ahead: past the second cache a processor does not look far enough ahead
 * by itself when there is arithmetic in between. Any address may be asked for. */
#define FC_AHEAD(pointer) __builtin_prefetch((const void *)((uintptr_t)(pointer) + 4096))

/* Defines `name` out of `name_body` (always inlined), compiled once for each SIMD level; the
 * body fixes the order of its arithmetic (element-wise, or in a stated number of lanes), so that
 * all forms agree bit for bit. */
#define FC_BODY static inline __attribute__((always_inline))
#if defined(__x86_64__)
#define FC_SIMD_FORMS(type, name, params, args)                                                    \
    static inline type name##_generic params { return name##_body args; }                          \
    __attribute__((target("avx2"))) static inline type name##_avx2 params {                        \
        return name##_body args;                                                                   \
    }                                                                                              \
    __attribute__((                                                                                \
        target("avx2,avx512f,avx512bw,avx512vl"))) static inline type name##_avx512 params {       \
        return name##_body args;                                                                   \
    }                                                                                              \
    static inline type name params {                                                               \
        switch (fc_cpu_current()) {                                                                \
        case FC_CPU_AVX512: return name##_avx512 args;                                             \
        case FC_CPU_AVX2: return name##_avx2 args;                                                 \
        default: return name##_generic args;                                                       \
        }                                                                                          \
    }
#else
#define FC_SIMD_FORMS(type, name, params, args)                                                    \
    static inline type name params { return name##_body args; }
#endif

#endif
