/* Reading parameters out of a described blob, and tiling them for element-wise loops. */
#include <string.h>

#include "plan/family.h"

const fc_blob_item *fc_blob_find(const fc_blob *blob, const char *name, char kind, size_t count) {
    for (size_t i = 0; i < blob->count; i++) {
        const fc_blob_item *item = &blob->items[i];
        if (strcmp(item->name, name) != 0) continue;
        bool fits = item->kind == kind && (count == SIZE_MAX || item->count == count);
        return fits ? item : NULL;
    }
    return NULL;
}

int64_t fc_blob_flag(const fc_blob *blob, const char *name, int64_t otherwise) {
    const fc_blob_item *item = fc_blob_find(blob, name, 'q', 1);
    if (!item) return otherwise;
    int64_t value;
    memcpy(&value, item->data, sizeof value);
    return value;
}

static void *copy(fc_arena *arena, const fc_blob_item *item) {
    size_t bytes;
    if (!fc_size_mul(item->count, item->kind == 'b' ? 1 : 8, &bytes)) return NULL;
    void *at = fc_arena_get(arena, bytes + 8, 64);
    if (at && bytes) memcpy(at, item->data, bytes);
    return at;
}

const double *fc_blob_doubles(fc_arena *arena, const fc_blob_item *item) {
    return copy(arena, item);
}

const int64_t *fc_blob_ints(fc_arena *arena, const fc_blob_item *item) { return copy(arena, item); }

const char *fc_blob_bytes(fc_arena *arena, const fc_blob_item *item) { return copy(arena, item); }

fc_status fc_tile_make(fc_arena *arena, const double *values, uint32_t width, fc_tile *out) {
    /* Sixteen rows make a stretch a multiple of every vector length; wide panels have their tail
     * paid for by their width. */
    size_t copies = width < FC_TILE ? 16 : 1;
    size_t period = copies * width;
    double *d = fc_arena_get(arena, period * sizeof *d + 64, 64);
    float *f = fc_arena_get(arena, period * sizeof *f + 64, 64);
    if (!d || !f) return FC_ENOMEM;
    for (size_t i = 0; i < period; i++) {
        d[i] = values[i % width];
        f[i] = (float)d[i];
    }
    out->width = width;
    out->period = period;
    out->d = d;
    out->f = f;
    return FC_OK;
}
