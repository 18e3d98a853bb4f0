/* Stores and snapshots whose checksums hold and whose counts cannot be. */
#include <math.h>

#include "monitor_fixture.h"

/* A pending bool that says where its text is: damage, and no place to put a text. */
static void test_a_bool_with_a_text(void) {
    fixture f;
    CHECK(make(&fc_alloc_libc, 3, &f) == FC_OK);
    size_t size = fc_store_size(f.reference, &spec);
    char *at = calloc(1, size);
    fc_store *store;
    CHECK(fc_store_new(&fc_alloc_libc, f.reference, &spec, at, &store) == FC_OK);
    fc_store_update(store, f.mapping, f.set, 0);
    fc_store_map map;
    CHECK(fc_store_layout(f.reference, spec.slots, &map));
    uint64_t *cells = (uint64_t *)(void *)(at + map.cells) + 3 * FC_PENDING_ROWS;
    cells[0] = 1 | (uint64_t)5 << 32;
    memory from = {at, size};
    fc_source source = {read_memory, &from, size};
    fc_snapshot *snapshot;
    fc_fault fault;
    CHECK(fc_snapshot_new(&fc_alloc_libc, f.reference, &spec, &snapshot) == FC_OK);
    CHECK(fc_snapshot_add_store(snapshot, &source, &fault) == FC_OK);
    CHECK(fault == FC_FAULT_DAMAGED);
    CHECK(rows_of(snapshot) == 0);
    fc_snapshot_free(snapshot);
    fc_store_free(store);
    free(at);
    drop(&f);
}

/* The two words that make all else valid: no damage to one byte of them counts rows that never
 * came, or takes the root before for the one in force. */
static void test_a_damaged_state(void) {
    fixture f;
    CHECK(make(&fc_alloc_libc, 3, &f) == FC_OK);
    size_t size = fc_store_size(f.reference, &spec);
    char *at = calloc(1, size);
    fc_store *store;
    CHECK(fc_store_new(&fc_alloc_libc, f.reference, &spec, at, &store) == FC_OK);
    for (int i = 0; i < 3; i++) fc_store_update(store, f.mapping, f.set, i * 1000);
    fc_store_map map;
    CHECK(fc_store_layout(f.reference, spec.slots, &map));
    char *state = at + map.state;
    for (size_t byte = 0; byte < sizeof(fc_store_state); byte++)
        for (int bits = 1; bits < 256; bits++) {
            state[byte] = (char)(state[byte] ^ bits);
            memory from = {at, size};
            fc_source source = {read_memory, &from, size};
            fc_snapshot *snapshot;
            fc_fault fault;
            CHECK(fc_snapshot_new(&fc_alloc_libc, f.reference, &spec, &snapshot) == FC_OK);
            CHECK(fc_snapshot_add_store(snapshot, &source, &fault) == FC_OK);
            CHECK_FOR(fault == FC_FAULT_DAMAGED, "byte %zu, bits %02x", byte, bits);
            fc_snapshot_free(snapshot);
            state[byte] = (char)(state[byte] ^ bits);
        }
    uint64_t most = ((uint64_t)1 << FC_WORD_BITS) - 1; /* numbers go round */
    CHECK(fc_store_word(most + 3) == fc_store_word(2) && fc_store_number(fc_store_word(2)) == 2);
    CHECK(fc_store_number(fc_store_word(most + 3) - most) == 3);
    fc_store_free(store);
    free(at);
    drop(&f);
}

/* A block of so many rows, all of them missing. */
static void all_missing(const fc_reference *reference, uint64_t rows, uint64_t *block) {
    fc_block_init(reference, block);
    block[0] = rows;
    for (uint32_t i = 0; i < reference->count; i++)
        block[fc_reference_place(reference, i).at + FC_AT_MISSING] = rows;
}

/* Counts in files whose checksums hold: whatever they say, nothing wraps. */
static void test_more_rows_than_there_can_be(void) {
    fixture f;
    CHECK(make(&fc_alloc_libc, 1, &f) == FC_OK);
    size_t words = f.reference->words, block_bytes = words * sizeof(uint64_t);
    uint64_t *block = malloc(block_bytes);
    all_missing(f.reference, FC_MAX_ROWS, block);
    CHECK(fc_block_sound(f.reference, block));
    all_missing(f.reference, FC_MAX_ROWS + 1, block);
    CHECK(!fc_block_sound(f.reference, block));

    fc_snapshot *half, *sum;
    CHECK(fc_snapshot_new(&fc_alloc_libc, f.reference, &spec, &half) == FC_OK);
    CHECK(fc_snapshot_new(&fc_alloc_libc, f.reference, &spec, &sum) == FC_OK);
    half->index[1] = 1;
    half->blocks[1] = malloc(block_bytes);
    all_missing(f.reference, FC_MAX_ROWS / 2, half->blocks[1]);
    size_t bytes = fc_snapshot_bytes(half, 0);
    char *out = malloc(bytes);
    fc_snapshot_write(half, NULL, 0, out);
    const uint8_t *ids;
    uint32_t count;
    fc_fault fault;
    CHECK(fc_snapshot_add(sum, half) == FC_OK);
    CHECK(fc_snapshot_add_bytes(sum, out, bytes, &ids, &count, &fault) == FC_OK);
    CHECK(fault == FC_SOUND && rows_of(sum) == FC_MAX_ROWS);
    CHECK(fc_snapshot_add(sum, half) == FC_ELIMIT);
    CHECK(fc_snapshot_add_bytes(sum, out, bytes, &ids, &count, &fault) == FC_OK);
    CHECK(fault == FC_FAULT_DAMAGED);
    CHECK(rows_of(sum) == FC_MAX_ROWS);

    size_t size = fc_store_size(f.reference, &spec); /* one row on top, out of a store */
    char *at = calloc(1, size);
    fc_store *store;
    CHECK(fc_store_new(&fc_alloc_libc, f.reference, &spec, at, &store) == FC_OK);
    fc_store_update(store, f.mapping, f.set, 2000);
    memory from = {at, size};
    fc_source source = {read_memory, &from, size};
    CHECK(fc_snapshot_add_store(sum, &source, &fault) == FC_OK);
    CHECK(fault == FC_FAULT_DAMAGED && rows_of(sum) == FC_MAX_ROWS);
    fc_store_free(store);
    free(at);
    fc_snapshot_free(half);
    fc_snapshot_free(sum);
    free(out);
    free(block);
    drop(&f);
}

/* What is said of numbers besides their cells. */
static void test_numbers_that_disagree(void) {
    fixture f;
    CHECK(make(&fc_alloc_libc, 9, &f) == FC_OK);
    uint64_t *block = malloc(f.reference->words * sizeof *block);
    fc_block_init(f.reference, block);
    CHECK(fc_block_sound(f.reference, block));
    fc_block_count(f.mapping, f.set, 0, f.set->rows, block);
    CHECK(fc_block_sound(f.reference, block));
    uint64_t *words = block + fc_reference_place(f.reference, 0).at;
    static const uint64_t wrong[] = {10, UINT64_MAX, (uint64_t)1 << 63};
    for (int i = 0; i < 3; i++)
        for (int at = FC_AT_POS_INF; at <= FC_AT_NEG_INF; at++) {
            uint64_t before = words[at];
            words[at] = wrong[i];
            CHECK(!fc_block_sound(f.reference, block));
            words[at] = before;
        }
    static const double never[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++)
        for (int at = FC_AT_MIN; at <= FC_AT_MAX; at++) {
            uint64_t before = words[at];
            words[at] = fc_double_word(never[i]);
            CHECK(!fc_block_sound(f.reference, block));
            words[at] = before;
        }
    CHECK(fc_block_sound(f.reference, block));
    free(block);
    drop(&f);
}

/* Windows of years that no calendar has, in a file whose checksum holds. */
static void test_windows_that_no_clock_was_in(void) {
    fixture f;
    CHECK(make(&fc_alloc_libc, 2, &f) == FC_OK);
    const int64_t year_1 = -62135596800000000, year_9999 = 253402300799999999;
    const struct {
        int64_t index;
        bool sound;
    } cases[] = {{0, true},
                 {year_1 / spec.window, true},
                 {year_9999 / spec.window, true},
                 {year_1 / spec.window - 1, false},
                 {year_9999 / spec.window + 1, false},
                 {INT64_MAX, false},
                 {INT64_MIN + 1, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fc_snapshot *forged, *sum;
        CHECK(fc_snapshot_new(&fc_alloc_libc, f.reference, &spec, &forged) == FC_OK);
        CHECK(fc_snapshot_new(&fc_alloc_libc, f.reference, &spec, &sum) == FC_OK);
        uint32_t place = fc_store_place_of(cases[i].index, spec.slots);
        forged->index[place] = cases[i].index;
        forged->blocks[place] = malloc(f.reference->words * sizeof(uint64_t));
        all_missing(f.reference, 5, forged->blocks[place]);
        size_t bytes = fc_snapshot_bytes(forged, 0);
        char *out = malloc(bytes);
        fc_snapshot_write(forged, NULL, 0, out);
        const uint8_t *ids;
        uint32_t count;
        fc_fault fault;
        CHECK(fc_snapshot_add_bytes(sum, out, bytes, &ids, &count, &fault) == FC_OK);
        CHECK_FOR(fault == (cases[i].sound ? FC_SOUND : FC_FAULT_DAMAGED), "case %zu", i);
        CHECK(rows_of(sum) == (cases[i].sound ? 5 : 0));
        fc_snapshot_free(forged);
        fc_snapshot_free(sum);
        free(out);

        /* And in a store, as one that counts at such a time leaves it. */
        size_t size = fc_store_size(f.reference, &spec);
        char *at = calloc(1, size);
        fc_store *store;
        int64_t now;
        CHECK(fc_store_new(&fc_alloc_libc, f.reference, &spec, at, &store) == FC_OK);
        if (!__builtin_mul_overflow(cases[i].index, spec.window, &now)) {
            fc_store_update(store, f.mapping, f.set, now);
            memory from = {at, size};
            fc_source source = {read_memory, &from, size};
            CHECK(fc_snapshot_new(&fc_alloc_libc, f.reference, &spec, &sum) == FC_OK);
            CHECK(fc_snapshot_add_store(sum, &source, &fault) == FC_OK);
            CHECK_FOR(fault == (cases[i].sound ? FC_SOUND : FC_FAULT_DAMAGED), "case %zu", i);
            fc_snapshot_free(sum);
        }
        fc_store_free(store);
        free(at);
    }
    drop(&f);
}

static const harness_test tests[] = {
    TEST(test_windows_that_no_clock_was_in),
    TEST(test_a_bool_with_a_text),
    TEST(test_a_damaged_state),
    TEST(test_more_rows_than_there_can_be),
    TEST(test_numbers_that_disagree),
};
TEST_MAIN(tests)
