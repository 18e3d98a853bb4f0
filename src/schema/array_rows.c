/* Large arrays of rows, read by several threads: cut where a row seems to end, each piece read by
 * itself into a block of its own, and joined if each piece ended just where the next one begins.
 *
 * That makes the cuts safe: the first piece begins where the array does, so where it ends at its
 * cut a row has ended there, and so on. A cut within a string or another array is never reached by
 * the piece in front of it. */
#include <string.h>

#include "schema/fill_array.h"
#include "json/escape.h"
#include "json/number_round.h"
#include "json/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#define FC_HAS_NEON 1
#endif

enum { MAX_PIECES = 16 };

typedef struct piece {
    const char *at;   /* the bracket of its first row */
    const char *stop; /* behind its last row; NULL: it goes on to the end of the array */
    const char *end;
    const char *until; /* what its block is to have room for; of the first, all */
    size_t guess;      /* how many items that is, judged by the first row */
    const fc_shape *shape;
    const fc_alloc *alloc;
    fc_array array;
    int64_t rows, columns;
    const char *next; /* behind what was read; NULL: given up */
    bool memory;      /* given up for want of it */
} piece;

static bool take(piece *p, const double *values, size_t count) {
    void *to = fc_array_next(&p->array, p->alloc, p->shape->width, p->guess, count);
    p->memory = !to;
    return to && fc_array_store(to, p->shape->width, values, count);
}

/* clang-format off */
#include "json/vector_generic.h"
#include "json/token_template.h"
#include "json/usual_template.h"
#include "schema/array_rows_template.h"

#if defined(__x86_64__)
#include "json/vector_avx2.h"
#include "json/token_template.h"
#include "json/usual_template.h"
#include "schema/array_rows_template.h"

#include "json/vector_avx512.h"
#include "json/token_template.h"
#include "json/usual_template.h"
#include "schema/array_rows_template.h"
#elif FC_HAS_NEON
#include "json/vector_neon.h"
#include "json/token_template.h"
#include "json/usual_template.h"
#include "schema/array_rows_template.h"
#endif
/* clang-format on */

static void read_piece(void *ctx, size_t i) {
    piece *p = &((piece *)ctx)[i];
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: fc_avx512_rows(p); break;
    case FC_CPU_AVX2: fc_avx2_rows(p); break;
#elif FC_HAS_NEON
    case FC_CPU_NEON: fc_neon_rows(p); break;
#endif
    default: fc_generic_rows(p);
    }
}

static const char *skip_space(const char *at, const char *end) {
    while (at < end && fc_is_space(*at)) at++;
    return at;
}

/* Where a row seems to end from `at` on: behind its bracket, and *row is the next one's. NULL if
 * nowhere within a stretch that is far longer than rows mostly are. */
static const char *find_cut(const char *at, const char *end, const char **row) {
    if (end - at > FC_SPLIT_BYTES / 2) end = at + FC_SPLIT_BYTES / 2;
    while ((at = memchr(at, ']', (size_t)(end - at)))) {
        const char *next = skip_space(++at, end);
        if (next < end && *next == ',') next = skip_space(next + 1, end);
        if (next < end && *next == '[') {
            *row = next;
            return at;
        }
    }
    return NULL;
}

static size_t cut(const fc_shape *shape, const char *at, const char *end, int threads,
                  const fc_alloc *alloc, piece *pieces) {
    size_t step = (size_t)(end - at) / (size_t)threads, count = 1;
    const piece first = {
        .at = at, .end = end, .until = end, .shape = shape, .alloc = alloc, .columns = -1};
    pieces[0] = first;
    pieces[0].columns = shape->sizes[1];
    for (int i = 1; i < threads; i++) {
        const char *row, *from = at + step * (size_t)i;
        if (from <= pieces[count - 1].at) continue;
        const char *stop = find_cut(from, end, &row);
        if (!stop) break;
        pieces[count - 1].stop = stop;
        if (count > 1) pieces[count - 1].until = stop;
        pieces[count] = first;
        pieces[count++].at = row;
    }
    return count;
}

/* All pieces in the first one's block, if they fit together; false: they do not, or no memory. */
static bool join(piece *pieces, size_t count, const fc_alloc *alloc, fc_status *status) {
    piece *first = &pieces[0];
    const uint32_t width = first->shape->width;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].memory) *status = FC_ENOMEM;
        if (!pieces[i].next || pieces[i].columns != first->columns) return false;
    }
    for (size_t i = 1; i < count; i++) {
        void *to = fc_array_next(&first->array, alloc, width, first->guess, pieces[i].array.count);
        if (!to) {
            *status = FC_ENOMEM;
            return false;
        }
        memcpy(to, pieces[i].array.data, pieces[i].array.count * width);
        first->rows += pieces[i].rows;
    }
    return true;
}

fc_status fc_array_split(const fc_shape *shape, const char *at, const char *end, int threads,
                         const fc_alloc *alloc, fc_fill *out, const char **next) {
    *next = NULL;
    if (threads > MAX_PIECES) threads = MAX_PIECES;
    if ((threads = fc_parallel_threads(threads)) < 2 || shape->item != FC_ITEM_FLOAT ||
        shape->ndim != 2 || end - at < FC_SPLIT_BYTES)
        return FC_OK;
    const char *row = skip_space(at + 1, end);
    if (row == end || *row != '[') return FC_OK;
    piece pieces[MAX_PIECES];
    size_t count = cut(shape, row, end, threads, alloc, pieces);
    if (count < 2) return FC_OK;
    fc_parallel(count, threads, read_piece, pieces);
    fc_status status = FC_OK;
    int64_t sizes[FC_SHAPE_MAX_DIMS];
    memcpy(sizes, shape->sizes, sizeof sizes);
    bool good = join(pieces, count, alloc, &status);
    if (good) {
        good = sizes[0] < 0 || sizes[0] == pieces[0].rows;
        sizes[0] = pieces[0].rows;
        sizes[1] = pieces[0].columns;
        good = good && fc_array_sizes_agree(shape, 2, sizes);
    }
    for (size_t i = good; i < count; i++)
        if (pieces[i].array.data) alloc->release(alloc->ctx, pieces[i].array.data);
    if (!good) return status;
    *out = (fc_fill){.alloc = alloc, .array = pieces[0].array};
    out->array.ndim = 2;
    memcpy(out->array.sizes, sizes, sizeof sizes);
    *next = pieces[count - 1].next;
    return FC_OK;
}
