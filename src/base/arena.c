/* A bump allocator: many small requests, freed together. */
#include <string.h>

#include "fastcore/base.h"

enum { FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 20, MAX_ALIGN = 64 };

struct fc_arena_block {
    fc_arena_block *older;
    /* The usable bytes follow, aligned to MAX_ALIGN by fc_arena_get. */
};

void fc_arena_init(fc_arena *arena, const fc_alloc *alloc) {
    arena->alloc = alloc;
    arena->blocks = NULL;
    arena->used = arena->size = 0;
}

/* The next free address of the newest block, rounded up; 0 if there is no room. */
static char *bump(fc_arena *arena, size_t size, size_t align) {
    if (!arena->blocks) return NULL;
    uintptr_t base = (uintptr_t)arena->blocks;
    uintptr_t at = (base + arena->used + align - 1) & ~(uintptr_t)(align - 1);
    size_t offset = (size_t)(at - base);
    if (offset > arena->size || size > arena->size - offset) return NULL;
    arena->used = offset + size;
    return (char *)at;
}

void *fc_arena_get(fc_arena *arena, size_t size, size_t align) {
    char *at = bump(arena, size, align);
    if (at) return at;
    size_t need;
    if (!fc_size_add(size, sizeof(fc_arena_block) + MAX_ALIGN, &need)) return NULL;
    size_t step = arena->size ? arena->size * 2 : FIRST_BLOCK;
    if (step > LARGEST_STEP) step = LARGEST_STEP;
    if (step < need) step = need;
    fc_arena_block *block = arena->alloc->get(arena->alloc->ctx, step);
    if (!block) return NULL;
    block->older = arena->blocks;
    arena->blocks = block;
    arena->used = sizeof(fc_arena_block);
    arena->size = step;
    return bump(arena, size, align);
}

void *fc_arena_zeros(fc_arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (!fc_size_mul(count, size, &bytes)) return NULL;
    void *at = fc_arena_get(arena, bytes, 16);
    if (at) memset(at, 0, bytes);
    return at;
}

char *fc_arena_text(fc_arena *arena, const char *text, size_t len) {
    size_t bytes;
    if (!fc_size_add(len, 1, &bytes)) return NULL;
    char *at = fc_arena_get(arena, bytes, 1);
    if (!at) return NULL;
    if (len) memcpy(at, text, len);
    at[len] = 0;
    return at;
}

void fc_arena_free(fc_arena *arena) {
    for (fc_arena_block *block = arena->blocks; block;) {
        fc_arena_block *older = block->older;
        arena->alloc->release(arena->alloc->ctx, block);
        block = older;
    }
    fc_arena_init(arena, arena->alloc);
}
