/* An allocator for tests of every failing allocation. */
#ifndef FASTCORE_TESTS_FAILING_H
#define FASTCORE_TESTS_FAILING_H

#include <stdlib.h>

#include "fastcore/base.h"

/* Fails at its k-th request and counts what is still held. */
typedef struct failing {
    int calls, fail_at, held;
} failing;

static void *failing_get(void *ctx, size_t size) {
    failing *f = ctx;
    if (f->calls++ == f->fail_at) return NULL;
    void *block = malloc(size);
    f->held += block != NULL;
    return block;
}

static void *failing_resize(void *ctx, void *block, size_t size) {
    failing *f = ctx;
    if (f->calls++ == f->fail_at) return NULL;
    void *moved = realloc(block, size);
    f->held += moved && !block;
    return moved;
}

static void failing_release(void *ctx, void *block) {
    failing *f = ctx;
    f->held -= block != NULL;
    free(block);
}

static inline fc_alloc failing_alloc(failing *f) {
    return (fc_alloc){failing_get, failing_resize, failing_release, f};
}

#endif
