/* The C library's allocator behind fc_alloc. */
#include <stdlib.h>

#include "fastcore/base.h"

static void *libc_get(void *ctx, size_t size) {
    (void)ctx;
    return malloc(size);
}

static void *libc_resize(void *ctx, void *block, size_t size) {
    (void)ctx;
    return realloc(block, size);
}

static void libc_release(void *ctx, void *block) {
    (void)ctx;
    free(block);
}

const fc_alloc fc_alloc_libc = {libc_get, libc_resize, libc_release, NULL};
