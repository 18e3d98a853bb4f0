/* For the tests of the watch: a reference with features of all kinds, rows for it, memory as a
 * source, and checksums put right after damage, so that the damage itself is looked at. */
#ifndef FASTCORE_TESTS_MONITOR_FIXTURE_H
#define FASTCORE_TESTS_MONITOR_FIXTURE_H

#include "columns_fixture.h"
#include "fastcore/monitor.h"
#include "monitor/reference.h"
#include "monitor/store.h"

static const double points[] = {-400, -3, 0, 2.5, 300};
static const char *const known[] = {"red", "t1", "t2"};
static const size_t known_lens[] = {3, 2, 2};
static const uint32_t bins[] = {1, 3};

#define NUMBERS .points = points, .point_count = 5, .shift = 3, .bins = bins, .bin_count = 2
#define NAMED(text) .name = text, .name_len = sizeof text - 1
static const fc_feature_spec features[] = {
    {NAMED("f64"), .kind = FC_FEATURE_NUMBER, NUMBERS},
    {NAMED("f32"), .kind = FC_FEATURE_NUMBER, NUMBERS},
    {NAMED("i64"), .kind = FC_FEATURE_NUMBER, NUMBERS},
    {NAMED("bool"), .kind = FC_FEATURE_BOOL},
    {NAMED("code"), .kind = FC_FEATURE_TEXT, .texts = known, .text_lens = known_lens,
     .text_count = 3},
    {NAMED("text"), .kind = FC_FEATURE_TEXT, .texts = known, .text_lens = known_lens,
     .text_count = 3},
    {NAMED("when"), .kind = FC_FEATURE_TIME, NUMBERS},
};
enum { FEATURES = sizeof features / sizeof *features };
static const fc_store_spec spec = {.window = 1000, .slots = 4, .id = {7}};

/* A set of the fixture's columns, the reference, and how one feeds the other. */
typedef struct fixture {
    fc_layout *layout;
    fc_columns *set;
    fc_reference *reference;
    fc_mapping *mapping;
} fixture;

static inline fc_status make(const fc_alloc *alloc, int64_t rows, fixture *f) {
    uint32_t bad;
    bool missing;
    *f = (fixture){0};
    FC_TRY(fc_layout_new(alloc, fixture_specs, FIXTURE_COLUMNS, &f->layout));
    FC_TRY(fc_columns_new(alloc, f->layout, 1, &f->set));
    FC_TRY(fixture_fill(f->set, rows));
    FC_TRY(fc_reference_new(alloc, features, FEATURES, 42, &f->reference));
    return fc_mapping_new(f->reference, f->layout, &f->mapping, &bad, &missing);
}

static inline void drop(fixture *f) {
    fc_mapping_free(f->mapping);
    fc_reference_free(f->reference);
    fc_columns_free(f->set);
    fc_layout_free(f->layout);
}

typedef struct memory {
    const char *at;
    size_t size;
} memory;

static inline bool read_memory(void *ctx, uint64_t offset, void *to, size_t size) {
    const memory *self = ctx;
    if (offset > self->size || size > self->size - offset) return false;
    memcpy(to, self->at + offset, size);
    return true;
}

static inline fc_snapshot *snapshot_of(fc_reference *reference, const void *at, size_t size) {
    memory from = {at, size};
    fc_source source = {read_memory, &from, size};
    fc_snapshot *snapshot;
    fc_fault fault;
    CHECK(fc_snapshot_new(&fc_alloc_libc, reference, &spec, &snapshot) == FC_OK);
    CHECK(fc_snapshot_add_store(snapshot, &source, &fault) == FC_OK);
    CHECK_FOR(fault == FC_SOUND, "%s", fc_fault_text(fault));
    return snapshot;
}

static inline uint64_t rows_of(const fc_snapshot *snapshot) {
    uint64_t *block = malloc(snapshot->reference->words * sizeof *block);
    fc_snapshot_total(snapshot, INT64_MIN, INT64_MAX, block);
    CHECK(fc_block_sound(snapshot->reference, block));
    uint64_t rows = block[0];
    free(block);
    return rows;
}

/* Of a store's head, its roots, and the words of its state; `at` has the size of the map. */
static inline void seal_store(char *at, const fc_store_map *map, uint32_t slots) {
    fc_store_head *head = (fc_store_head *)(void *)at;
    head->checksum = fc_hash64(head, offsetof(fc_store_head, checksum), 0);
    for (int i = 0; i < 2; i++) {
        fc_store_root *root = (void *)(at + map->roots + (size_t)i * map->root_size);
        root->checksum = fc_store_root_sum(root, slots);
    }
    fc_store_state *state = (void *)(at + map->state);
    state->root = fc_store_word(state->root);
    state->written = fc_store_word(state->written);
}

/* Of a snapshot's bytes: the last word. */
static inline void seal_bytes(char *at, size_t size) {
    uint64_t sum;
    if (size < sizeof sum) return;
    sum = fc_hash64(at, size - sizeof sum, 0);
    memcpy(at + size - sizeof sum, &sum, sizeof sum);
}

#endif
