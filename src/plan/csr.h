/* Sparse panels: the stored values of each row of a block, column numbers rising within a row.
 *
 * A panel of this type has one fc_csr, in the frame's memory, with room for a few values; when that
 * does not suffice it grows on the heap and stays as large until the frame is closed, so no row
 * allocates anything. Values are double whatever the output's type: a step that scikit-learn
 * computes in float32 rounds them itself. Zeros may be stored (sums that cancel), and stay. */
#ifndef FC_PLAN_CSR_H
#define FC_PLAN_CSR_H

#include "plan/family.h"

/* Memory that a family may use within a row, and that outlives it: grows, never shrinks. */
typedef struct fc_room {
    void *at;
    size_t size;
    bool owned; /* on the heap */
} fc_room;

enum {
    FC_CSR_ROOMS = 4, /* of a panel, for the step that makes it */
    FC_CSR_ROW = 32,  /* values a row that a panel has room for at first ... */
    FC_CSR_LEAST = 96 /* ... and so many more */
};

typedef struct fc_csr {
    const fc_alloc *alloc;
    size_t *heads; /* rows + 1: row r has the values at heads[r] and on */
    double *values;
    int32_t *columns;
    size_t used, room;
    bool owned; /* values and columns are on the heap */
    fc_room rooms[FC_CSR_ROOMS];
} fc_csr;

/* The slow halves of the two below. */
fc_status fc_csr_grow(fc_csr *csr, size_t more);
fc_status fc_room_grow(fc_csr *csr, int which, size_t size);
/* Gives back what is on the heap. */
void fc_csr_release(fc_csr *csr);

/* Begins a panel anew: no rows, no values. */
static inline void fc_csr_clear(fc_csr *csr) { csr->heads[0] = csr->used = 0; }

/* Room for `more` values behind those that are there. */
static inline fc_status fc_csr_reserve(fc_csr *csr, size_t more) {
    return FC_LIKELY(more <= csr->room - csr->used) ? FC_OK : fc_csr_grow(csr, more);
}

/* Puts a value behind the others; room was reserved. */
static inline void fc_csr_put(fc_csr *csr, size_t column, double value) {
    csr->columns[csr->used] = (int32_t)column;
    csr->values[csr->used++] = value;
}

/* At least `size` bytes of scratch memory, aligned as malloc does, its content kept. */
static inline fc_status fc_room_reserve(fc_csr *csr, int which, size_t size) {
    return FC_LIKELY(size <= csr->rooms[which].size) ? FC_OK : fc_room_grow(csr, which, size);
}

/* The bytes in a frame for a panel of so many rows, and the panel made in them (aligned to 64). */
size_t fc_csr_bytes(size_t rows);
/* Rows [first, first + rows) of a sparse source. They are copied and looked at block by block, so
 * that nothing else that has the memory can change them in between. FC_EREFUSED where they do not
 * hold together, or a value is no double. */
fc_status fc_csr_load(fc_csr *csr, const fc_source *source, size_t width, size_t first,
                      size_t rows);
fc_csr *fc_csr_place(void *memory, size_t rows, const fc_alloc *alloc);

#endif
