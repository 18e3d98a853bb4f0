/* The watch without Python: stores and snapshots, bytes, the death of
 * a writer, and every failing allocation. */
#include "fastcore/monitor.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor_fixture.h"

/* ---- Stores -------------------------------------------------------------------------------- */

/* Small updates, large ones and new windows: all that was counted is there after each of them. */
static void test_store(void) {
    fixture small, large;
    CHECK(make(&fc_alloc_libc, 3, &small) == FC_OK);
    CHECK(make(&fc_alloc_libc, 700, &large) == FC_OK);
    size_t size = fc_store_size(small.reference, &spec);
    char *at = calloc(1, size), *moved = calloc(1, size);
    fc_store *store;
    CHECK(fc_store_new(&fc_alloc_libc, small.reference, &spec, at, &store) == FC_OK);
    fc_mapping *mapping;
    uint32_t bad;
    bool missing;
    CHECK(fc_mapping_new(small.reference, large.layout, &mapping, &bad, &missing) == FC_OK);
    uint64_t want = 0;
    for (int i = 0; i < 900; i++) {
        bool big = i % 50 == 7;
        if (i == 450) {
            fc_store_move(store, moved, spec.id);
            memset(at, 0xEE, size);
        }
        fc_store_update(store, big ? mapping : small.mapping, big ? large.set : small.set,
                        i / 100 % 3 * 1000 - 1500);
        want += big ? 700 : 3;
        if (i % 30 && i < 880) continue;
        fc_snapshot *snapshot = snapshot_of(small.reference, i < 450 ? at : moved, size);
        CHECK_FOR(rows_of(snapshot) == want, "update %d", i);
        fc_snapshot_free(snapshot);
    }
    CHECK(fc_store_is_late(store, -6000));
    CHECK(!fc_store_is_late(store, 0));
    fc_store_update(store, small.mapping, small.set, 900000); /* takes one window's place */
    fc_snapshot *snapshot = snapshot_of(small.reference, moved, size);
    CHECK(rows_of(snapshot) < want + 3);
    fc_snapshot_free(snapshot);
    fc_store_free(store);
    fc_mapping_free(mapping);
    drop(&small);
    drop(&large);
    free(at);
    free(moved);
}

/* The first moments that there are: no window's number is that of none, and none wraps. */
static void test_the_first_moments(void) {
    fixture f;
    CHECK(make(&fc_alloc_libc, 1, &f) == FC_OK);
    fc_store_spec short_ones = spec;
    short_ones.window = 1;
    CHECK(fc_window_of(1, INT64_MIN) != FC_NO_WINDOW);
    char *at = calloc(1, fc_store_size(f.reference, &short_ones));
    fc_store *store;
    CHECK(fc_store_new(&fc_alloc_libc, f.reference, &short_ones, at, &store) == FC_OK);
    CHECK(!fc_store_is_late(store, INT64_MIN));
    fc_store_update(store, f.mapping, f.set, INT64_MIN);
    CHECK(!fc_store_is_late(store, INT64_MIN));
    fc_store_update(store, f.mapping, f.set, INT64_MAX);
    CHECK(fc_store_is_late(store, INT64_MIN));
    CHECK(fc_store_is_late(store, INT64_MAX - 4) && !fc_store_is_late(store, INT64_MAX - 3));
    fc_store_free(store);
    free(at);
    drop(&f);
}

static void test_bytes_and_merging(void) {
    fixture f;
    CHECK(make(&fc_alloc_libc, 50, &f) == FC_OK);
    size_t size = fc_store_size(f.reference, &spec);
    char *at = calloc(1, size);
    fc_store *store;
    CHECK(fc_store_new(&fc_alloc_libc, f.reference, &spec, at, &store) == FC_OK);
    for (int i = 0; i < 3; i++) fc_store_update(store, f.mapping, f.set, i * 1000);
    fc_snapshot *one = snapshot_of(f.reference, at, size),
                *two = snapshot_of(f.reference, at, size);
    uint8_t ids[32] = {1, 2, 3};
    size_t bytes = fc_snapshot_bytes(one, 2);
    char *out = malloc(bytes);
    fc_snapshot_write(one, ids, 2, out);
    const uint8_t *read;
    uint32_t count;
    fc_fault fault;
    CHECK(fc_snapshot_add_bytes(two, out, bytes, &read, &count, &fault) == FC_OK);
    CHECK(fault == FC_SOUND && count == 2 && !memcmp(read, ids, sizeof ids));
    CHECK(rows_of(two) == 300);
    CHECK(fc_snapshot_add(two, one) == FC_OK);
    CHECK(rows_of(two) == 450);
    for (size_t i = 0; i < bytes; i += 97) { /* every damage is seen, and adds nothing */
        out[i] ^= 4;
        CHECK(fc_snapshot_add_bytes(two, out, bytes, &read, &count, &fault) == FC_OK);
        CHECK_FOR(fault != FC_SOUND, "byte %zu", i);
        out[i] ^= 4;
    }
    for (size_t n = 0; n < bytes; n += 1 + bytes / 50) {
        char *cut = harness_copy(out, n);
        CHECK(fc_snapshot_add_bytes(two, cut, n, &read, &count, &fault) == FC_OK);
        CHECK(fault != FC_SOUND);
        free(cut);
    }
    CHECK(rows_of(two) == 450);
    fc_snapshot_free(one);
    fc_snapshot_free(two);
    fc_store_free(store);
    free(out);
    free(at);
    drop(&f);
}

/* Another process writes, is read meanwhile, and is killed: only whole updates are ever seen. */
static void test_a_writer_dies(void) {
    fixture f;
    CHECK(make(&fc_alloc_libc, 7, &f) == FC_OK);
    size_t size = fc_store_size(f.reference, &spec);
    uint64_t state = 5;
    for (int round = 0; round < 20; round++) {
        char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CHECK(at != MAP_FAILED);
        fc_store *store;
        CHECK(fc_store_new(&fc_alloc_libc, f.reference, &spec, at, &store) == FC_OK);
        pid_t child = fork();
        if (!child)
            for (int64_t i = 0;; i++) fc_store_update(store, f.mapping, f.set, i / 64 % 3 * 1000);
        uint64_t before = 0;
        for (uint64_t reads = harness_random(&state) % 30 + 1; reads; reads--) {
            fc_snapshot *snapshot = snapshot_of(f.reference, at, size);
            uint64_t rows = rows_of(snapshot);
            CHECK(rows % 7 == 0 && rows >= before);
            before = rows;
            fc_snapshot_free(snapshot);
        }
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        fc_snapshot *snapshot = snapshot_of(f.reference, at, size);
        uint64_t rows = rows_of(snapshot);
        CHECK(rows % 7 == 0 && rows >= before);
        fc_snapshot_free(snapshot);
        fc_store_free(store);
        munmap(at, size);
    }
    drop(&f);
}

/* As reading a file is: nothing that ThreadSanitizer sees, for it knows of no fences and would
 * report the bytes that a reader throws away because the root has changed. */
__attribute__((no_sanitize_thread)) static bool read_unseen(void *ctx, uint64_t offset, void *to,
                                                            size_t size) {
    const volatile uint64_t *from = (const void *)((const char *)ctx + offset);
    volatile uint64_t *words = to;
    for (size_t i = 0; i < size / sizeof *words; i++) words[i] = from[i];
    return size % sizeof *words == 0;
}

typedef struct side {
    fixture *f;
    fc_store *store;
    char *at;
    size_t size;
    atomic_bool *done;
    uint64_t rows; /* put in, or the last that were seen */
    int faults;
} side;

static void *write_often(void *of) {
    side *self = of;
    for (int64_t i = 0; !atomic_load(self->done); i++, self->rows += 7)
        fc_store_update(self->store, self->f->mapping, self->f->set, i / 64 % 3 * 1000);
    return NULL;
}

static void *read_often(void *of) {
    side *self = of;
    fc_source source = {read_unseen, self->at, self->size};
    uint64_t *block = malloc(self->f->reference->words * sizeof *block);
    for (int i = 0; i < 60; i++) {
        fc_snapshot *snapshot;
        fc_fault fault = FC_FAULT_BUSY;
        fc_status status = fc_snapshot_new(&fc_alloc_libc, self->f->reference, &spec, &snapshot);
        if (status == FC_OK) status = fc_snapshot_add_store(snapshot, &source, &fault);
        fc_snapshot_total(snapshot, INT64_MIN, INT64_MAX, block);
        bool whole = block[0] % 7 == 0 && block[0] >= self->rows;
        self->faults += status != FC_OK || fault != FC_SOUND || !whole ||
                        !fc_block_sound(self->f->reference, block);
        self->rows = block[0];
        fc_snapshot_free(snapshot);
    }
    free(block);
    return NULL;
}

/* One thread writes and two read, with no lock between them. */
static void test_readers_beside_a_writer(void) {
    enum { READERS = 2 };
    fixture f;
    CHECK(make(&fc_alloc_libc, 7, &f) == FC_OK);
    size_t size = fc_store_size(f.reference, &spec);
    char *at = calloc(1, size);
    fc_store *store;
    CHECK(fc_store_new(&fc_alloc_libc, f.reference, &spec, at, &store) == FC_OK);
    atomic_bool done = false;
    side writer = {&f, store, at, size, &done, 0, 0}, readers[READERS];
    pthread_t threads[1 + READERS];
    if (pthread_create(&threads[READERS], NULL, write_often, &writer)) abort();
    for (int i = 0; i < READERS; i++) {
        readers[i] = (side){&f, NULL, at, size, NULL, 0, 0};
        if (pthread_create(&threads[i], NULL, read_often, &readers[i])) abort();
    }
    for (int i = 0; i < READERS; i++) pthread_join(threads[i], NULL);
    atomic_store(&done, true);
    pthread_join(threads[READERS], NULL);
    for (int i = 0; i < READERS; i++)
        CHECK_FOR(!readers[i].faults && readers[i].rows <= writer.rows, "reader %d", i);
    fc_snapshot *snapshot = snapshot_of(f.reference, at, size);
    CHECK(rows_of(snapshot) == writer.rows);
    fc_snapshot_free(snapshot);
    fc_store_free(store);
    free(at);
    drop(&f);
}

/* ---- Refusals ------------------------------------------------------------------------------ */

static void test_refusals(void) {
    fc_reference *reference;
    double falling[] = {2, 1}, infinite[] = {1, INFINITY};
    fc_feature_spec one = features[0];
    one.points = falling, one.point_count = 2, one.bin_count = 0;
    CHECK(fc_reference_new(&fc_alloc_libc, &one, 1, 0, &reference) == FC_EINVALID);
    one.points = infinite;
    CHECK(fc_reference_new(&fc_alloc_libc, &one, 1, 0, &reference) == FC_EINVALID);
    one = features[0];
    one.shift = NAN;
    CHECK(fc_reference_new(&fc_alloc_libc, &one, 1, 0, &reference) == FC_EINVALID);
    fc_feature_spec twice[] = {features[0], features[0]};
    CHECK(fc_reference_new(&fc_alloc_libc, twice, 2, 0, &reference) == FC_EINVALID);
    const char *const same[] = {"a", "a"};
    const size_t lens[] = {1, 1};
    one = features[4];
    one.texts = same, one.text_lens = lens, one.text_count = 2;
    CHECK(fc_reference_new(&fc_alloc_libc, &one, 1, 0, &reference) == FC_EINVALID);

    fixture f;
    CHECK(make(&fc_alloc_libc, 2, &f) == FC_OK);
    fc_mapping *mapping;
    uint32_t bad = 99;
    bool missing = true;
    one = features[0];
    one.name = "text", one.name_len = 4;
    CHECK(fc_reference_new(&fc_alloc_libc, &one, 1, 0, &reference) == FC_OK);
    CHECK(fc_mapping_new(reference, f.layout, &mapping, &bad, &missing) == FC_EREFUSED);
    CHECK(bad == 0 && !missing);
    fc_reference_free(reference);
    one.name = "none";
    CHECK(fc_reference_new(&fc_alloc_libc, &one, 1, 0, &reference) == FC_OK);
    CHECK(fc_mapping_new(reference, f.layout, &mapping, &bad, &missing) == FC_EREFUSED);
    CHECK(missing);
    fc_reference_free(reference);
    drop(&f);
}

static bool run_failing(int k) {
    failing count = {.fail_at = k};
    fc_alloc alloc = failing_alloc(&count);
    fixture f;
    char *at = NULL, *out = NULL;
    fc_store *store = NULL;
    fc_snapshot *one = NULL, *two = NULL;
    fc_status status = make(&alloc, 3, &f);
    if (status == FC_OK) {
        size_t size = fc_store_size(f.reference, &spec);
        at = calloc(1, size);
        status = fc_store_new(&alloc, f.reference, &spec, at, &store);
        if (status == FC_OK) fc_store_update(store, f.mapping, f.set, 0);
        memory from = {at, size};
        fc_source source = {read_memory, &from, size};
        fc_fault fault = FC_SOUND;
        const uint8_t *ids;
        uint32_t n;
        if (status == FC_OK) status = fc_snapshot_new(&alloc, f.reference, &spec, &one);
        if (status == FC_OK) status = fc_snapshot_new(&alloc, f.reference, &spec, &two);
        if (status == FC_OK) status = fc_snapshot_add_store(one, &source, &fault);
        CHECK(fault == FC_SOUND);
        if (status == FC_OK) {
            size_t bytes = fc_snapshot_bytes(one, 0);
            out = malloc(bytes);
            fc_snapshot_write(one, NULL, 0, out);
            status = fc_snapshot_add(two, one);
            if (status == FC_OK) status = fc_snapshot_add_bytes(two, out, bytes, &ids, &n, &fault);
            CHECK(status != FC_OK || rows_of(two) == 6);
        }
    }
    CHECK(status == FC_OK || status == FC_ENOMEM);
    fc_snapshot_free(one);
    fc_snapshot_free(two);
    fc_store_free(store);
    drop(&f);
    free(at);
    free(out);
    CHECK(count.held == 0);
    return status == FC_OK;
}

static void test_failing_allocations(void) {
    int k = 0;
    while (!run_failing(k)) k++;
    CHECK(k > 15);
}

static const harness_test tests[] = {
    TEST(test_store),
    TEST(test_the_first_moments),
    TEST(test_bytes_and_merging),
    TEST(test_a_writer_dies),
    TEST(test_readers_beside_a_writer),
    TEST(test_refusals),
    TEST(test_failing_allocations),
};
TEST_MAIN(tests)
