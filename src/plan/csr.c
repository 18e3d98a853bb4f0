/* The memory of sparse panels. */
#include "plan/csr.h"

#include <string.h>

/* Scratch memory at first: most texts of a row, and the numbers of their tokens, fit in it. */
enum { FIRST_ROOM = 512 };

static size_t first_values(size_t rows) { return rows * FC_CSR_ROW + FC_CSR_LEAST; }

static size_t round_up(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

size_t fc_csr_bytes(size_t rows) {
    size_t room = first_values(rows);
    return round_up(sizeof(fc_csr)) + round_up((rows + 1) * sizeof(size_t)) +
           round_up(room * sizeof(double)) + round_up(room * sizeof(int32_t)) +
           FC_CSR_ROOMS * (size_t)FIRST_ROOM;
}

fc_csr *fc_csr_place(void *memory, size_t rows, const fc_alloc *alloc) {
    char *at = memory;
    fc_csr *csr = memory;
    memset(csr, 0, sizeof *csr);
    at += round_up(sizeof *csr);
    csr->alloc = alloc;
    csr->room = first_values(rows);
    csr->heads = (size_t *)(void *)at;
    at += round_up((rows + 1) * sizeof *csr->heads);
    csr->values = (double *)(void *)at;
    at += round_up(csr->room * sizeof *csr->values);
    csr->columns = (int32_t *)(void *)at;
    at += round_up(csr->room * sizeof *csr->columns);
    for (int i = 0; i < FC_CSR_ROOMS; i++, at += FIRST_ROOM)
        csr->rooms[i] = (fc_room){at, FIRST_ROOM, false};
    fc_csr_clear(csr);
    return csr;
}

/* A block that is twice as large or as large as is needed; 0 if no size_t can tell. */
static size_t next_size(size_t size, size_t needed) {
    size_t twice;
    if (!fc_size_mul(size, 2, &twice)) return needed;
    return twice < needed ? needed : twice;
}

fc_status fc_csr_grow(fc_csr *csr, size_t more) {
    size_t needed, bytes;
    if (!fc_size_add(csr->used, more, &needed)) return FC_ENOMEM;
    size_t room = next_size(csr->room, needed);
    if (!fc_size_mul(room, sizeof(double), &bytes)) return FC_ENOMEM;
    const fc_alloc *alloc = csr->alloc;
    double *values = alloc->get(alloc->ctx, bytes);
    int32_t *columns = values ? alloc->get(alloc->ctx, room * sizeof *columns) : NULL;
    if (!columns) {
        if (values) alloc->release(alloc->ctx, values);
        return FC_ENOMEM;
    }
    memcpy(values, csr->values, csr->used * sizeof *values);
    memcpy(columns, csr->columns, csr->used * sizeof *columns);
    if (csr->owned) {
        alloc->release(alloc->ctx, csr->values);
        alloc->release(alloc->ctx, csr->columns);
    }
    csr->values = values;
    csr->columns = columns;
    csr->room = room;
    csr->owned = true;
    return FC_OK;
}

fc_status fc_room_grow(fc_csr *csr, int which, size_t size) {
    fc_room *room = &csr->rooms[which];
    const fc_alloc *alloc = csr->alloc;
    size = next_size(room->size, size);
    void *at = alloc->get(alloc->ctx, size);
    if (!at) return FC_ENOMEM;
    memcpy(at, room->at, room->size);
    if (room->owned) alloc->release(alloc->ctx, room->at);
    *room = (fc_room){at, size, true};
    return FC_OK;
}

void fc_csr_release(fc_csr *csr) {
    const fc_alloc *alloc = csr->alloc;
    if (csr->owned) {
        alloc->release(alloc->ctx, csr->values);
        alloc->release(alloc->ctx, csr->columns);
    }
    for (int i = 0; i < FC_CSR_ROOMS; i++)
        if (csr->rooms[i].owned) alloc->release(alloc->ctx, csr->rooms[i].at);
}
