/* The watch: what was served, counted against a frozen reference, in a state that adds up.
 *
 * A *reference* says what is counted: for a feature of numbers, the cells between and at the points
 * of a sorted sample; for a feature of texts, its known categories and `other`. It is built once,
 * never changes, and is shared by any number of threads.
 *
 * A *block* is one window's counts: fc_reference.words words of 64 bits. Two blocks of one
 * reference add up, in any order, to the block of all rows. Words are in the machine's byte order.
 *
 * A *store* keeps a ring of windows in one piece of memory that may be a file
 * shared with other processes: one writer, any number of readers, no lock between them.
 *
 * A *snapshot* gathers windows out of stores, bytes and other snapshots. */
#ifndef FASTCORE_MONITOR_H
#define FASTCORE_MONITOR_H

#include "fastcore/columns.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Reference ---------------------------------------------------------------------------- */

typedef enum fc_feature_kind {
    FC_FEATURE_NUMBER = 0, /* float, int, bool columns, as doubles */
    FC_FEATURE_TIME,       /* TIME columns: microseconds since 1970 as doubles */
    FC_FEATURE_TEXT,       /* STRING and CODE columns */
    FC_FEATURE_BOOL        /* BOOL columns: the categories false and true */
} fc_feature_kind;

typedef struct fc_feature_spec {
    const char *name; /* UTF-8 */
    size_t name_len;
    fc_feature_kind kind;
    /* NUMBER, TIME: the points of the sample, and what sums are taken around. */
    const double *points;
    size_t point_count;
    double shift;
    /* The points at which a bin begins, rising: for coarse counts. */
    const uint32_t *bins;
    size_t bin_count;
    /* TEXT: the categories, distinct. */
    const char *const *texts;
    const size_t *text_lens;
    size_t text_count;
} fc_feature_spec;

enum {
    FC_MAX_FEATURES = 100000,
    FC_MAX_CATEGORIES = 1 << 20,
    FC_HEAVY = 16,      /* unknown texts of a feature that are kept by name */
    FC_HEAVY_BYTES = 47 /* of each; longer ones are known by their first bytes */
};

typedef struct fc_feature fc_feature; /* monitor/reference.h */

typedef struct fc_reference {
    const fc_alloc *alloc;
    fc_arena arena; /* everything below */
    int64_t refs;
    const fc_feature *features;
    uint32_t count;
    size_t words; /* of a block */
} fc_reference;

/* One reference to a new reference; everything is copied. `seed` is that of the hash tables of
 * categories (texts come from outside). FC_EINVALID for points that do not rise or are not finite,
 * equal texts or names; FC_ELIMIT beyond the limits above. On failure nothing is left behind. */
fc_status fc_reference_new(const fc_alloc *alloc, const fc_feature_spec *specs, uint32_t count,
                           uint64_t seed, fc_reference **out);
fc_reference *fc_reference_ref(fc_reference *reference);
void fc_reference_free(fc_reference *reference); /* NULL is allowed */

/* Where the parts of feature `i` are in a block, in words. */
typedef struct fc_feature_place {
    fc_feature_kind kind;
    size_t at;         /* NUMBER, TIME: missing, +inf, -inf, sum, sum of squares, minimum, maximum;
                          TEXT, BOOL: missing */
    size_t cells;      /* the first of the counts */
    size_t cell_count; /* 2 * points + 1, or categories + 1, the last being `other` (BOOL: 2) */
    size_t heavy;      /* TEXT: the table of unknown texts */
} fc_feature_place;
fc_feature_place fc_reference_place(const fc_reference *reference, uint32_t i);

/* How the columns of a layout feed a reference: made once a layout, immutable, counted. */
typedef struct fc_mapping fc_mapping;
/* FC_EREFUSED if a feature has no column or one of another kind, and then *bad is the feature and
 * *missing whether there is no such column. */
fc_status fc_mapping_new(fc_reference *reference, fc_layout *layout, fc_mapping **out,
                         uint32_t *bad, bool *missing);
/* Whether the rows of a set can be counted: a column of objects, or one of floats for a feature of
 * another kind, is taken if all its cells are missing. *bad is the feature where not. */
bool fc_mapping_holds(const fc_mapping *mapping, const fc_columns *set, uint32_t *bad);
fc_mapping *fc_mapping_ref(fc_mapping *mapping);
void fc_mapping_free(fc_mapping *mapping); /* one reference; NULL is allowed */
const fc_layout *fc_mapping_layout(const fc_mapping *mapping);

/* ---- Blocks ------------------------------------------------------------------------------- */

/* Word 0 of a block is the number of rows. No block and no snapshot has more than this: no honest
 * count comes near it, all counts are whole as doubles, and no sum of counts wraps. */
#define FC_MAX_ROWS ((uint64_t)1 << 53)

void fc_block_init(const fc_reference *reference, uint64_t *block);
/* Adds the rows [first, first + count) of a set whose layout the mapping was made for. */
void fc_block_count(const fc_mapping *mapping, const fc_columns *set, int64_t first, int64_t count,
                    uint64_t *block);
/* The same rows, features over `threads` threads. With `coarse`, the counts of a bin of numbers are
 * all put into its first cell, and what lies outside the sample into the first and the last one: a
 * fraction of the work, where no statistic needs more.
 *
 * Coarse counts do not tell the Kolmogorov-Smirnov distance from a `reference` block. With it,
 * apart[i] is that of feature i, or NaN where the counts have to tell it: then they are fine. */
void fc_block_count_all(const fc_mapping *mapping, const fc_columns *set, bool coarse, int threads,
                        uint64_t *block, const uint64_t *reference, double *apart);
/* Of sound blocks that have no more than FC_MAX_ROWS together. */
void fc_block_add(const fc_reference *reference, uint64_t *to, const uint64_t *from);
/* Whether there are at most FC_MAX_ROWS, the counts of every feature sum to the rows, and what is
 * said besides agrees with them, as in every block that was not damaged. */
bool fc_block_sound(const fc_reference *reference, const uint64_t *block);

/* "ks_2samp", "mannwhitneyu" and "cramervonmises_2samp": for numbers and times; the latter two need
 * fine counts. */
bool fc_block_of_numbers(const char *name);
/* Compares feature `i` of two sound blocks: pairs of (statistic, p) of the `count` statistics of
 * `names`, which are those of fc_stat, or of numbers (below; NaN of other features), and then the
 * PSI of what is there and what is missing. p is NaN where there is none. `apart`: the
 * Kolmogorov-Smirnov distance; NaN: it is taken from the cells. FC_EINVALID for an unknown name. */
fc_status fc_block_compare(const fc_reference *reference, uint32_t i, const uint64_t *old,
                           const uint64_t *current, double apart, const char *const *names,
                           size_t count, double *pairs);

/* Text `i` (0 .. FC_HEAVY - 1) of the unknown ones that a block knows by name, at least `*count`
 * times seen; false for a free place. Counts are too small by at most others / (FC_HEAVY + 1)
 * (Misra and Gries, Science of Computer Programming 2, 1982; merging: Agarwal et al., PODS 2012).
 */
bool fc_block_heavy(const fc_reference *reference, const uint64_t *block, uint32_t feature, int i,
                    const char **text, size_t *len, uint64_t *count);

/* ---- Store -------------------------------------------------------------------------------- */

typedef struct fc_store fc_store;

typedef struct fc_store_spec {
    int64_t window;          /* microseconds, > 0 */
    uint32_t slots;          /* windows in the ring, 1 .. FC_MAX_SLOTS */
    uint8_t fingerprint[32]; /* of the reference: stores of different ones do not mix */
    uint8_t id[16];          /* of this store */
} fc_store_spec;

enum { FC_MAX_SLOTS = 10000, FC_PENDING_ROWS = 1024 };

/* The bytes that a store needs; 0 if that is beyond what memory can hold. */
size_t fc_store_size(const fc_reference *reference, const fc_store_spec *spec);
/* Makes an empty store in `memory` (zeroed, of fc_store_size bytes, aligned to 8), which must
 * outlive it. */
fc_status fc_store_new(const fc_alloc *alloc, fc_reference *reference, const fc_store_spec *spec,
                       void *memory, fc_store **out);
/* The same store in other memory (of the same size, zeroed) under another id; the old memory is not
 * used from then on. Never fails. */
void fc_store_move(fc_store *store, void *memory, const uint8_t id[16]);
void fc_store_free(fc_store *store); /* not the memory; NULL is allowed */

/* Counts all rows of a set at the time `now` (microseconds since 1970). From one thread at a time.
 * Whoever dies in it leaves a store without any of these rows, or with all. Never fails. */
void fc_store_update(fc_store *store, const fc_mapping *mapping, const fc_columns *set,
                     int64_t now);
/* The number of the window that `now` lies in. */
int64_t fc_window_of(int64_t window, int64_t now);
/* Whether the window of `now` has expired by those that came later. */
bool fc_store_is_late(const fc_store *store, int64_t now);

/* How many forks lie between this process and the first that asked: a store is used only where the
 * number is the one at which it was made. From any thread. */
uint64_t fc_forks(void);

/* ---- Snapshot ----------------------------------------------------------------------------- */

/* Where a store or a file of windows is read from: `size` bytes at `offset` into `to`; false if
 * they are not there. */
typedef struct fc_source {
    bool (*read)(void *ctx, uint64_t offset, void *to, size_t size);
    void *ctx;
    uint64_t size;
} fc_source;

typedef struct fc_snapshot {
    const fc_alloc *alloc;
    fc_reference *reference; /* a reference */
    int64_t window;
    uint32_t slots;
    uint8_t fingerprint[32];
    int64_t present;   /* windows behind this number have not begun; INT64_MAX unless set */
    int64_t *index;    /* slots: the number of the window at each place; FC_NO_WINDOW: none */
    uint64_t **blocks; /* slots; NULL where none */
} fc_snapshot;
#define FC_NO_WINDOW INT64_MIN

fc_status fc_snapshot_new(const fc_alloc *alloc, fc_reference *reference, const fc_store_spec *spec,
                          fc_snapshot **out);
void fc_snapshot_free(fc_snapshot *snapshot); /* NULL is allowed */
/* What stands in the way of a source. */
typedef enum fc_fault {
    FC_SOUND = 0,
    FC_FAULT_SHORT,   /* shorter than it says */
    FC_FAULT_MAGIC,   /* no such file */
    FC_FAULT_VERSION, /* another version's */
    FC_FAULT_OTHER,   /* of another reference, window or number of slots */
    FC_FAULT_DAMAGED, /* its checksums or sums do not hold, or FC_MAX_ROWS is exceeded with it */
    FC_FAULT_BUSY     /* its writer changed it each time that it was read */
} fc_fault;
const char *fc_fault_text(fc_fault fault);
/* Adds all windows of a store that may be written to meanwhile: FC_OK, and *fault then says
 * whether it was sound; if not, nothing was added. FC_ENOMEM leaves the snapshot as it was. */
fc_status fc_snapshot_add_store(fc_snapshot *snapshot, const fc_source *source, fc_fault *fault);
/* Adds another snapshot of the same reference, window and slots. FC_EINVALID if it is not, and
 * FC_ELIMIT if there would be more than FC_MAX_ROWS; nothing was added then. */
fc_status fc_snapshot_add(fc_snapshot *snapshot, const fc_snapshot *other);
/* A snapshot as bytes, with up to 2^20 ids of 16 bytes (whose windows it holds). Checksummed. */
size_t fc_snapshot_bytes(const fc_snapshot *snapshot, uint32_t id_count);
void fc_snapshot_write(const fc_snapshot *snapshot, const uint8_t *ids, uint32_t id_count,
                       void *out);
/* Adds what fc_snapshot_write wrote. *ids (borrowed from `bytes`) and *id_count are its ids. */
fc_status fc_snapshot_add_bytes(fc_snapshot *snapshot, const void *bytes, size_t size,
                                const uint8_t **ids, uint32_t *id_count, fc_fault *fault);
/* Initialises `block` and adds the windows from <= number <= to. */
void fc_snapshot_total(const fc_snapshot *snapshot, int64_t from, int64_t to, uint64_t *block);

#ifdef __cplusplus
}
#endif
#endif
