/* What every kernel stands on: status codes, the allocator that the caller passes, the arena,
 * CPU levels, threads and UTF-8. Plain C11; no Python. */
#ifndef FASTCORE_BASE_H
#define FASTCORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a kernel function returns. Results travel through its last parameters. */
typedef enum fc_status {
    FC_OK = 0,
    FC_ENOMEM,   /* an allocation failed; whatever was built is still consistent */
    FC_ESYNTAX,  /* the text is not what the grammar allows */
    FC_ELIMIT,   /* a documented limit was passed: depth, rows, sizes */
    FC_EREFUSED, /* well formed, but not accepted natively: the original decides */
    FC_EINVALID, /* an argument is wrong; a programming error of the caller */
    FC_ESTOP     /* a sink asked to stop early */
} fc_status;

/* A short English text for a status, for messages and tests. Never NULL. */
const char *fc_status_text(fc_status status);

/* Early return where the function owns nothing that it would have to release. */
#define FC_TRY(expr)                                                                               \
    do {                                                                                           \
        fc_status fc_try_status = (expr);                                                          \
        if (fc_try_status != FC_OK) return fc_try_status;                                          \
    } while (0)

#if defined(__GNUC__)
#define FC_LIKELY(x) __builtin_expect(!!(x), 1)
#define FC_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define FC_LIKELY(x) (x)
#define FC_UNLIKELY(x) (x)
#endif

/* Checked size arithmetic: false on overflow, and *out is then unspecified. */
static inline bool fc_size_mul(size_t a, size_t b, size_t *out) {
    return !__builtin_mul_overflow(a, b, out);
}
static inline bool fc_size_add(size_t a, size_t b, size_t *out) {
    return !__builtin_add_overflow(a, b, out);
}

/* ---- Memory ------------------------------------------------------------------------------- */

/* The allocator that a caller passes, so that a test can fail the k-th request. `resize` behaves
 * as realloc does (NULL asks for a new block; on failure the old block is untouched). A size of 0
 * is never asked for. The functions may be called without the GIL, from any thread. */
typedef struct fc_alloc {
    void *(*get)(void *ctx, size_t size);
    void *(*resize)(void *ctx, void *block, size_t size);
    void (*release)(void *ctx, void *block);
    void *ctx;
} fc_alloc;

/* malloc, realloc and free of the C library. */
extern const fc_alloc fc_alloc_libc;

/* An arena: growing blocks, a bump pointer, everything freed at once. Not thread-safe. */
typedef struct fc_arena_block fc_arena_block;
typedef struct fc_arena {
    const fc_alloc *alloc;
    fc_arena_block *blocks; /* newest first */
    size_t used, size;      /* within the newest block */
} fc_arena;

void fc_arena_init(fc_arena *arena, const fc_alloc *alloc);
/* `size` bytes aligned to `align` (a power of two, at most 64), or NULL. Not zeroed. */
void *fc_arena_get(fc_arena *arena, size_t size, size_t align);
/* count * size bytes, zeroed, or NULL (also when the product overflows). */
void *fc_arena_zeros(fc_arena *arena, size_t count, size_t size);
/* A copy of `len` bytes with a NUL behind it, or NULL. */
char *fc_arena_text(fc_arena *arena, const char *text, size_t len);
void fc_arena_free(fc_arena *arena);

/* ---- CPU ---------------------------------------------------------------------------------- */

/* SIMD levels in rising order; a kernel takes the highest that it has a form for. */
typedef enum fc_cpu_level {
    FC_CPU_GENERIC = 0,
    FC_CPU_NEON,
    FC_CPU_AVX2,
    FC_CPU_AVX512
} fc_cpu_level;

/* The level in use: what the CPU and the OS have, minus what FASTCORE_DISABLE_CPU names (a comma
 * separated list of avx512, avx2, neon; read once). Thread-safe. */
fc_cpu_level fc_cpu_current(void);
/* For tests: use `level` (or lower, if the machine lacks it) from now on. Returns what is in use.
 */
fc_cpu_level fc_cpu_force(fc_cpu_level level);
const char *fc_cpu_name(fc_cpu_level level);

/* ---- Threads ------------------------------------------------------------------------------ */

/* A task of a parallel region: number `index` of its tasks. It must not fork. */
typedef void (*fc_task)(void *ctx, size_t index);

/* No region has more threads, however many are asked for. */
enum { FC_PARALLEL_MAX = 256 };

/* Runs tasks 0 to count - 1, each once, on at most `threads` threads, and returns when all have
 * run. They run one after the other, in order, on the caller's thread, and no runtime is touched,
 * if `threads` or `count` is below 2, within another task, without OpenMP, and in a process that
 * was forked while a region ran. So a task must depend on no other, and where several write, each
 * has its own place. May be called from any thread; a process may fork at any time. */
void fc_parallel(size_t count, int threads, fc_task run, void *ctx);
/* How many threads a region of many tasks would have, here and now, if `threads` are asked for. */
int fc_parallel_threads(int threads);

/* ---- UTF-8 and hashing -------------------------------------------------------------------- */

/* True if the bytes are UTF-8 as RFC 3629 defines it: no surrogates, no overlong forms. */
bool fc_utf8_valid(const char *text, size_t len);
/* A 64-bit hash of the bytes; equal in every process for an equal seed. Not cryptographic. */
uint64_t fc_hash64(const void *data, size_t len, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
