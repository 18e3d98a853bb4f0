/* The C library's allocator behind fc_alloc. */
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "fastcore/base.h"

/* Large blocks are asked to be of large pages, as NumPy's arrays are: the kernel then clears and
 * maps 2 MiB at a time, not 4 KiB. No more than a wish: errors do not matter. */
static void *wish_huge(void *block, size_t size) {
#if defined(MADV_HUGEPAGE)
    enum { PAGE = 4096, HUGE = 4 << 20 };
    if (block && size >= HUGE) {
        size_t skip = -(uintptr_t)block % PAGE;
        (void)madvise((char *)block + skip, (size - skip) / PAGE * PAGE, MADV_HUGEPAGE);
    }
#endif
    return block;
}

static void *libc_get(void *ctx, size_t size) {
    (void)ctx;
    return wish_huge(malloc(size), size);
}

static void *libc_resize(void *ctx, void *block, size_t size) {
    (void)ctx;
    return wish_huge(realloc(block, size), size);
}

static void libc_release(void *ctx, void *block) {
    (void)ctx;
    free(block);
}

const fc_alloc fc_alloc_libc = {libc_get, libc_resize, libc_release, NULL};
