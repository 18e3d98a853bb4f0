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

/* Copies `n` values, as doubles; false if an integer is none. */
#define FC_TAKE(type)                                                                              \
    for (size_t i = 0; i < n; i++) to[i] = (double)((const type *)rows->values)[at + i];           \
    break
#define FC_TAKE_EXACT(type)                                                                        \
    for (size_t i = 0; i < n; i++) {                                                               \
        to[i] = (double)((const type *)rows->values)[at + i];                                      \
        exact &= to[i] < 0x1p53 && to[i] > -0x1p53;                                                \
    }                                                                                              \
    break

static bool take_values(const fc_sparse_rows *rows, size_t at, size_t n, double *to) {
    bool exact = true;
    switch (rows->kind) {
    case FC_SOURCE_F64: memcpy(to, (const double *)rows->values + at, n * sizeof *to); break;
    case FC_SOURCE_F32: FC_TAKE(float);
    case FC_SOURCE_I64: FC_TAKE_EXACT(int64_t);
    case FC_SOURCE_I32: FC_TAKE(int32_t);
    case FC_SOURCE_I16: FC_TAKE(int16_t);
    case FC_SOURCE_I8: FC_TAKE(int8_t);
    case FC_SOURCE_U64: FC_TAKE_EXACT(uint64_t);
    case FC_SOURCE_U32: FC_TAKE(uint32_t);
    case FC_SOURCE_U16: FC_TAKE(uint16_t);
    case FC_SOURCE_U8: FC_TAKE(uint8_t);
    default: return false;
    }
    return exact;
}

fc_status fc_csr_load(fc_csr *csr, const fc_source *source, size_t width, size_t first,
                      size_t rows) {
    if (source->kind != FC_SOURCE_SPARSE) return FC_EREFUSED;
    const fc_sparse_rows *from = source->data;
    fc_csr_clear(csr);
    int64_t start = from->heads[first], before = start;
    for (size_t r = 0; r < rows; r++) {
        int64_t head = from->heads[first + r + 1];
        if (start < 0 || head < before || (size_t)head > from->stored) return FC_EREFUSED;
        csr->heads[r + 1] = (size_t)(head - start);
        before = head;
    }
    size_t n = csr->heads[rows], at = (size_t)start;
    FC_TRY(fc_csr_reserve(csr, n));
    if (!n) return FC_OK;
    csr->used = n;
    memcpy(csr->columns, from->columns + at, n * sizeof *csr->columns);
    for (size_t r = 0; r < rows; r++) {
        int64_t last = -1;
        for (size_t i = csr->heads[r]; i < csr->heads[r + 1]; i++) {
            if (csr->columns[i] <= last || (size_t)csr->columns[i] >= width) return FC_EREFUSED;
            last = csr->columns[i];
        }
    }
    return take_values(from, at, n, csr->values) ? FC_OK : FC_EREFUSED;
}
