/* The instances of elementwise_template.h: two types of values, each for every SIMD level. */
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "plan/elementwise.h"

#include <string.h>

#define FC_TARGET
#define FC_T double
#define FC_I int64_t
#define FC_BYTES 16
#define FC_N(x) plain64_##x
#include "plan/elementwise_plain.h"
#include "plan/elementwise_template.h"

#define FC_T float
#define FC_I int32_t
#define FC_BYTES 16
#define FC_N(x) plain32_##x
#include "plan/elementwise_plain.h"
#include "plan/elementwise_template.h"
#undef FC_TARGET

static const fc_lane_kernel plain[2] = {{plain64_run, 16, false}, {plain32_run, 32, false}};

#if defined(__x86_64__)
#define FC_TARGET __attribute__((target("avx2")))
#define FC_T double
#define FC_I int64_t
#define FC_BYTES 32
#define FC_N(x) avx2_64_##x
#include "plan/elementwise_plain.h"
#include "plan/elementwise_template.h"

#define FC_T float
#define FC_I int32_t
#define FC_BYTES 32
#define FC_N(x) avx2_32_##x
#include "plan/elementwise_plain.h"
#include "plan/elementwise_template.h"
#undef FC_TARGET

#define FC_TARGET __attribute__((target("avx2,avx512f,avx512bw,avx512vl")))
#define FC_T double
#define FC_BYTES 64
#define FC_N(x) avx512_64_##x
#include "plan/elementwise_avx512_64.h"
#include "plan/elementwise_template.h"

#define FC_T float
#define FC_BYTES 64
#define FC_N(x) avx512_32_##x
#include "plan/elementwise_avx512_32.h"
#include "plan/elementwise_template.h"
#undef FC_TARGET

static const fc_lane_kernel avx2[2] = {{avx2_64_run, 32, false}, {avx2_32_run, 64, false}};
static const fc_lane_kernel avx512[2] = {{avx512_64_run, 64, true}, {avx512_32_run, 128, false}};
#endif

const fc_lane_kernel *fc_lanes_kernel(fc_plan_type type) {
    size_t which = type == FC_PLAN_F64 ? 0 : 1;
#if defined(__x86_64__)
    switch (fc_cpu_current()) {
    case FC_CPU_AVX512: return &avx512[which];
    case FC_CPU_AVX2: return &avx2[which];
    default: break;
    }
#endif
    return &plain[which];
}
