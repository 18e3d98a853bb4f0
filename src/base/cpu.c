/* Which SIMD level to use: asked of the CPU once, minus what the environment switches off. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fastcore/base.h"

/* 0: not yet known; otherwise level + 1. Two threads may both find and store the same value, so
 * relaxed order is enough. */
static _Atomic unsigned current;

static bool disabled(const char *name) {
    const char *list = getenv("FASTCORE_DISABLE_CPU");
    size_t len = strlen(name);
    while (list && *list) {
        size_t n = strcspn(list, ", ");
        if (n == len && memcmp(list, name, len) == 0) return true;
        list += n;
        list += strspn(list, ", ");
    }
    return false;
}

static fc_cpu_level detect(void) {
#if defined(__x86_64__)
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                __builtin_cpu_supports("bmi2") && !disabled("avx2");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") && !disabled("avx512");
    return avx512 ? FC_CPU_AVX512 : avx2 ? FC_CPU_AVX2 : FC_CPU_GENERIC;
#elif defined(__aarch64__)
    return disabled("neon") ? FC_CPU_GENERIC : FC_CPU_NEON; /* part of the baseline */
#else
    (void)disabled;
    return FC_CPU_GENERIC;
#endif
}

fc_cpu_level fc_cpu_current(void) {
    unsigned known = atomic_load_explicit(&current, memory_order_relaxed);
    if (known) return (fc_cpu_level)(known - 1);
    fc_cpu_level level = detect();
    atomic_store_explicit(&current, (unsigned)level + 1, memory_order_relaxed);
    return level;
}

fc_cpu_level fc_cpu_force(fc_cpu_level level) {
    fc_cpu_level best = detect();
    if (level > best) level = best;
    atomic_store_explicit(&current, (unsigned)level + 1, memory_order_relaxed);
    return level;
}

const char *fc_cpu_name(fc_cpu_level level) {
    switch (level) {
    case FC_CPU_GENERIC: return "generic";
    case FC_CPU_NEON: return "neon";
    case FC_CPU_AVX2: return "avx2";
    case FC_CPU_AVX512: return "avx512";
    }
    return "unknown";
}
