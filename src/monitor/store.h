/* The memory of a store, as its writer and its readers see it. All numbers little-endian (as the
 * machine has them; a reader with another byte order refuses the head).
 *
 *     head        never changes once the store is made
 *     state       two words: which root is in force, and how many rows were ever appended
 *     roots       two; the one in force says which buffer holds which window
 *     texts       of pending rows: unknown texts, each a length byte and its bytes
 *     cells       of pending rows: FC_PENDING_ROWS words a feature, feature after feature
 *     buffers     blocks: one a window of the ring, and one that is free
 *
 * Small updates are appended to the pending rows and become valid by one store of `written`. When
 * the rows are full, they and what did not fit are counted into a *copy* of their window's block in
 * the free buffer, and become valid by one store of `root`; the old block is the free buffer then.
 * So whatever `root` and `written` say was written before, whenever the writer dies.
 *
 * A reader takes `root`, copies what it names, and looks at `root` again: all of it is good if the
 * word is the same. On machines that do not keep the order of stores or of loads (ARM) that needs:
 *
 *     writer   release with each store of `root` and `written` (what they speak of comes before),
 *              and a release fence behind `root` (what they spoke of is overwritten after)
 *     reader   an acquire fence behind each load of the two, and one before `root` is looked at
 *              again (what was copied was copied before)
 *
 * On x86 all of this is free: it only binds the compiler. */
#ifndef FASTCORE_MONITOR_STORE_H
#define FASTCORE_MONITOR_STORE_H

#include "fastcore/monitor.h"

enum {
    FC_STORE_VERSION = 1,
    FC_STORE_ORDER = 0x01020304,
    FC_STORE_PAGE = 4096, /* of the head; of the state */
    FC_PENDING_BYTES = 1 << 15
};
#define FC_STORE_MAGIC "FCSTORE"
#define FC_NO_BUFFER UINT64_MAX
#define FC_NO_CELL 0xFFFFFFFFu /* a pending text that is missing */

typedef struct fc_store_head {
    char magic[8];
    uint32_t version, order;
    uint64_t size;
    int64_t window;
    uint32_t slots, features;
    uint64_t words;
    uint8_t fingerprint[32], id[16];
    uint64_t checksum; /* of the bytes before it */
} fc_store_head;

typedef struct fc_store_state {
    uint64_t root;    /* fc_store_word of a generation; roots[generation & 1] is in force */
    uint64_t written; /* fc_store_word of how many */
} fc_store_state;

/* A number with 16 bits of check above it. These words make valid what they speak of, and damage to
 * them could bring back the root before, or rows that never came: no damage to one byte goes
 * unnoticed, for the four parts of 16 bits have this sum without carry. */
enum { FC_WORD_BITS = 48, FC_WORD_CHECK = 0x5FC3 };
static inline uint64_t fc_store_number(uint64_t word) {
    return word & (((uint64_t)1 << FC_WORD_BITS) - 1);
}
static inline uint64_t fc_store_word(uint64_t number) {
    number = fc_store_number(number);
    uint64_t check = (number ^ number >> 16 ^ number >> 32 ^ FC_WORD_CHECK) & 0xFFFF;
    return number | check << FC_WORD_BITS;
}
static inline bool fc_store_word_sound(uint64_t word) { return word == fc_store_word(word); }

typedef struct fc_store_place {
    int64_t index;    /* the window's number, or FC_NO_WINDOW */
    uint64_t buffer;  /* or FC_NO_BUFFER */
    uint64_t version; /* rises with every change of the two above or of what is in the buffer */
} fc_store_place;

typedef struct fc_store_root {
    uint64_t generation, checksum; /* the latter of everything behind it */
    uint64_t folded;               /* rows appended before those that are pending */
    int64_t pending;               /* the window of the pending rows */
    fc_store_place places[];       /* slots; window i is at place i mod slots */
} fc_store_root;

/* Where the parts begin, in bytes from the head. */
typedef struct fc_store_map {
    size_t state, roots, root_size, texts, cells, buffers, buffer_size, buffer_count, size;
} fc_store_map;

/* False if the sizes are beyond memory. */
bool fc_store_layout(const fc_reference *reference, uint32_t slots, fc_store_map *map);
uint64_t fc_store_root_sum(const fc_store_root *root, uint32_t slots);
/* Adds pending rows to a block; false, and the block is then of no use, if they are damaged. */
bool fc_store_count_pending(const fc_reference *reference, const void *texts, const uint64_t *cells,
                            size_t rows, uint64_t *block);
/* Whether a window begins within the years 1 to 9999, which any clock is in and any calendar has.
 */
static inline bool fc_store_index_sound(int64_t index, int64_t window) {
    const int64_t first = -62135596800000000, last = 253402300799999999; /* microseconds */
    return index >= first / window && index <= last / window;
}

static inline uint32_t fc_store_place_of(int64_t index, uint32_t slots) {
    int64_t place = index % (int64_t)slots;
    return (uint32_t)(place < 0 ? place + (int64_t)slots : place);
}
/* The texts of a block that are not there are not asked for: their places are all zero. */

#endif
