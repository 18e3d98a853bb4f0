/* The watch: damaged stores, damaged snapshots, references of any shape, and scripts of what a
 * writer does. The first byte says which of them, and whether checksums are put right after the
 * damage. Whatever is accepted is used: totalled, compared, added, written and read again. */
#include "fastcore/drift.h"
#include "monitor_fixture.h"
#include "require.h"

enum { MODE_STORE, MODE_BYTES, MODE_PATCHED_BYTES, MODE_REFERENCE, MODE_SCRIPT, MODES };
enum { SEALED = 0x80 }; /* in the first byte: checksums are left as they are otherwise */

/* ---- Input --------------------------------------------------------------------------------- */

typedef struct input {
    const uint8_t *at, *end;
} input;

/* The next `n` bytes as a number; zeros behind the end. */
static uint64_t take(input *in, int n) {
    uint64_t value = 0;
    for (int i = 0; i < n && in->at < in->end; i++) value |= (uint64_t)*in->at++ << 8 * i;
    return value;
}
static bool more(const input *in) { return in->at < in->end; }

/* ---- What is made once --------------------------------------------------------------------- */

static const int64_t set_rows[] = {1, 3, 200, 300}; /* the last is counted at once */
enum { SETS = 4 };

static struct world {
    fixture f; /* of one row */
    fc_columns *sets[SETS];
    fc_store_map map;
    size_t size;
    char *template; /* a store with windows and pending rows */
    char *bytes;    /* its snapshot */
    size_t byte_count;
    uint64_t rows;
} world;

static fc_snapshot *new_snapshot(fc_reference *reference) {
    fc_snapshot *snapshot;
    REQUIRE(fc_snapshot_new(&fc_alloc_libc, reference, &spec, &snapshot) == FC_OK);
    return snapshot;
}

static fc_fault add_store(fc_snapshot *snapshot, const void *at, size_t size) {
    memory from = {at, size};
    fc_source source = {read_memory, &from, size};
    fc_fault fault;
    REQUIRE(fc_snapshot_add_store(snapshot, &source, &fault) == FC_OK);
    return fault;
}

static fc_fault add_bytes(fc_snapshot *snapshot, const void *at, size_t size) {
    const uint8_t *ids;
    uint32_t count;
    fc_fault fault;
    REQUIRE(fc_snapshot_add_bytes(snapshot, at, size, &ids, &count, &fault) == FC_OK);
    if (fault != FC_SOUND) return fault;
    const uint8_t *from = at, *last = ids + (size_t)count * 16;
    REQUIRE(ids >= from && last <= from + size);
    return fault;
}

static char *write_bytes(const fc_snapshot *snapshot, size_t *size) {
    static const uint8_t ids[48] = {1, 2, 3};
    *size = fc_snapshot_bytes(snapshot, 3);
    char *out = malloc(*size);
    REQUIRE(*size && out);
    fc_snapshot_write(snapshot, ids, 3, out);
    return out;
}

static void make_world(void) {
    if (world.size) return;
    fixture *f = &world.f;
    REQUIRE(make(&fc_alloc_libc, 1, f) == FC_OK);
    for (int i = 0; i < SETS; i++) {
        REQUIRE(fc_columns_new(&fc_alloc_libc, f->layout, 1, &world.sets[i]) == FC_OK);
        REQUIRE(fixture_fill(world.sets[i], set_rows[i]) == FC_OK);
    }
    REQUIRE(fc_store_layout(f->reference, spec.slots, &world.map));
    world.size = world.map.size;
    world.template = calloc(1, world.size);
    fc_store *store;
    REQUIRE(fc_store_new(&fc_alloc_libc, f->reference, &spec, world.template, &store) == FC_OK);
    for (int i = 0; i < 9; i++) {
        fc_columns *set = world.sets[i % 4];
        fc_store_update(store, f->mapping, set, i / 3 * 1000);
        world.rows += (uint64_t)set->rows;
    }
    fc_store_update(store, f->mapping, world.sets[1], 2000);
    world.rows += 3;
    fc_store_free(store);
    fc_snapshot *snapshot = new_snapshot(f->reference);
    REQUIRE(add_store(snapshot, world.template, world.size) == FC_SOUND);
    world.bytes = write_bytes(snapshot, &world.byte_count);
    REQUIRE(world.rows == 9 / 4 * 504 + 1 + 3 && snapshot->blocks[2] && !snapshot->blocks[3]);
    fc_snapshot_free(snapshot);
}

/* ---- Use ----------------------------------------------------------------------------------- */

static uint64_t total_of(const fc_snapshot *snapshot, uint64_t *block) {
    fc_snapshot_total(snapshot, INT64_MIN, INT64_MAX, block);
    REQUIRE(fc_block_sound(snapshot->reference, block));
    return block[0];
}

/* What a report reads of each feature. */
static void report(const fc_reference *reference, const uint64_t *block) {
    for (uint32_t i = 0; i < reference->count; i++) {
        fc_feature_place place = fc_reference_place(reference, i);
        const char *text;
        size_t len;
        uint64_t count, others = block[place.cells + place.cell_count - 1];
        for (int h = 0; h < FC_HEAVY; h++) {
            if (!fc_block_heavy(reference, block, i, h, &text, &len, &count)) continue;
            REQUIRE(count <= others && len <= FC_HEAVY_BYTES && fc_utf8_valid(text, len));
        }
        double a[64], b[64], statistic, p;
        size_t n = place.cell_count < 64 ? place.cell_count : 64;
        for (size_t c = 0; c < n; c++) a[c] = (double)block[place.cells + c], b[c] = (double)c + 1;
        fc_stat_options options = {.eps = 1e-4};
        for (size_t s = 0; fc_stat_name(s); s++)
            REQUIRE(fc_stat(fc_stat_name(s), b, a, n, &options, &statistic, &p) == FC_OK);
    }
}

static void same_snapshots(const fc_snapshot *a, const fc_snapshot *b) {
    for (uint32_t i = 0; i < a->slots; i++) {
        REQUIRE(a->index[i] == b->index[i] && !a->blocks[i] == !b->blocks[i]);
        if (a->blocks[i])
            REQUIRE(!memcmp(a->blocks[i], b->blocks[i], a->reference->words * sizeof(uint64_t)));
    }
}

/* An accepted snapshot, its own bytes, and its sum with an honest one. */
static void use(const fc_snapshot *snapshot) {
    fc_reference *reference = snapshot->reference;
    uint64_t *block = malloc(reference->words * sizeof *block);
    uint64_t rows = total_of(snapshot, block);
    REQUIRE(rows <= FC_MAX_ROWS);
    report(reference, block);

    size_t size;
    char *bytes = write_bytes(snapshot, &size);
    fc_snapshot *again = new_snapshot(reference);
    REQUIRE(add_bytes(again, bytes, size) == FC_SOUND);
    same_snapshots(snapshot, again);

    fc_status status = fc_snapshot_add(again, snapshot);
    REQUIRE(status == (2 * rows > FC_MAX_ROWS ? FC_ELIMIT : FC_OK));
    uint64_t twice = total_of(again, block);
    REQUIRE(twice == (status == FC_OK ? 2 * rows : rows));
    if (reference == world.f.reference) {
        bool both = twice + world.rows <= FC_MAX_ROWS;
        fc_fault fault = add_store(again, world.template, world.size);
        REQUIRE(fault == (both ? FC_SOUND : FC_FAULT_DAMAGED));
        REQUIRE(total_of(again, block) <= (both ? twice + world.rows : twice));
        fc_snapshot *sum = new_snapshot(reference);
        REQUIRE(add_store(sum, world.template, world.size) == FC_SOUND);
        bool fits = rows + world.rows <= FC_MAX_ROWS;
        REQUIRE(add_bytes(sum, bytes, size) == (fits ? FC_SOUND : FC_FAULT_DAMAGED));
        uint64_t all = total_of(sum, block);
        REQUIRE(all <= (fits ? rows + world.rows : world.rows));
        report(reference, block);
        fc_snapshot_free(sum);
    }
    fc_snapshot_free(again);
    free(bytes);
    free(block);
}

/* ---- Damage -------------------------------------------------------------------------------- */

/* Bytes from the input over `size` bytes at `at`: place, length, bytes. */
static void patch(input *in, char *at, size_t size, int place_bytes) {
    size_t place = (size_t)take(in, place_bytes), n = (size_t)take(in, 1) % 17;
    for (size_t i = 0; i < n && size; i++) at[(place + i) % size] = (char)take(in, 1);
}

/* So many rows more, all missing: the one change of many words that a sound block survives. */
static void grow(input *in, char *at) {
    uint64_t rows = take(in, 8), *block = malloc(world.f.reference->words * sizeof *block);
    memcpy(block, at, world.f.reference->words * sizeof *block);
    block[0] += rows;
    for (uint32_t i = 0; i < world.f.reference->count; i++)
        block[fc_reference_place(world.f.reference, i).at + FC_AT_MISSING] += rows;
    memcpy(at, block, world.f.reference->words * sizeof *block);
    free(block);
}

/* A part of a store, chosen by the input, so that small ones are not missed. */
enum { PARTS = 7 };
static size_t part_of(size_t number, size_t *size) {
    const fc_store_map *map = &world.map;
    const size_t begins[PARTS + 1] = {
        0,          map->state, map->roots,   map->roots + map->root_size,
        map->texts, map->cells, map->buffers, map->size};
    const size_t used[] = {sizeof(fc_store_head), sizeof(fc_store_state)};
    *size = number < 2 ? used[number] : begins[number + 1] - begins[number];
    return begins[number];
}

static void fuzz_store(input *in, bool sealed) {
    const fc_store_map *map = &world.map;
    char *at = harness_copy(world.template, world.size);
    size_t size = take(in, 1) & 1 ? (size_t)take(in, 3) % (world.size + 1) : world.size;
    while (more(in)) {
        size_t number = (size_t)take(in, 1) % (PARTS + 1), part_size;
        if (number == PARTS) {
            grow(in, at + map->buffers + take(in, 1) % map->buffer_count * map->buffer_size);
        } else {
            char *part = at + part_of(number, &part_size);
            patch(in, part, part_size, 2);
        }
    }
    if (sealed) seal_store(at, map, spec.slots);
    char *cut = harness_copy(at, size);
    fc_snapshot *snapshot = new_snapshot(world.f.reference);
    if (add_store(snapshot, cut, size) == FC_SOUND) use(snapshot);
    fc_snapshot_free(snapshot);
    free(cut);
    free(at);
}

static void fuzz_bytes(char *at, size_t size, bool sealed) {
    if (sealed) seal_bytes(at, size);
    fc_snapshot *snapshot = new_snapshot(world.f.reference);
    if (add_bytes(snapshot, at, size) == FC_SOUND) use(snapshot);
    fc_snapshot_free(snapshot);
    free(at);
}

static void fuzz_patched_bytes(input *in, bool sealed) {
    char *at = harness_copy(world.bytes, world.byte_count);
    size_t size = take(in, 1) & 1 ? (size_t)take(in, 2) % (world.byte_count + 1) : world.byte_count;
    size_t window = (world.f.reference->words + 1) * sizeof(uint64_t); /* three, then the sum */
    while (more(in)) {
        if (take(in, 1) & 1)
            patch(in, at, world.byte_count, 2);
        else
            grow(in, at + world.byte_count - (take(in, 1) % 3 + 1) * window);
    }
    char *cut = harness_copy(at, size);
    free(at);
    fuzz_bytes(cut, size, sealed);
}

/* ---- References ---------------------------------------------------------------------------- */

enum { SOME_FEATURES = 4, SOME_POINTS = 12 };

static double take_double(input *in) {
    if (take(in, 1) & 1) return (double)(int8_t)take(in, 1);
    return fc_word_double(take(in, 8));
}

/* Rows are put in through a block's parts, as pending ones are. */
static void use_reference(input *in, fc_reference *reference) {
    size_t size = fc_store_size(reference, &spec);
    REQUIRE(size);
    char *at = calloc(1, size);
    fc_store *store;
    REQUIRE(fc_store_new(&fc_alloc_libc, reference, &spec, at, &store) == FC_OK);
    fc_store_free(store);
    fc_store_map map;
    REQUIRE(fc_store_layout(reference, spec.slots, &map) && map.size == size);
    /* As if a writer had died right here, with these rows in the first window. */
    fc_store_root *root = (void *)(at + map.roots + map.root_size);
    root->pending = 5;
    uint64_t rows = take(in, 1) % 5;
    ((fc_store_state *)(void *)(at + map.state))->written = fc_store_word(rows);
    for (uint32_t i = 0; i < reference->count; i++)
        for (uint64_t r = 0; r < rows; r++) {
            uint64_t *cell = (uint64_t *)(void *)(at + map.cells) + i * FC_PENDING_ROWS + r;
            bool number = reference->features[i].place.kind <= FC_FEATURE_TIME;
            *cell = number ? fc_double_word(take_double(in)) : take(in, 2) | take(in, 1) << 32;
        }
    seal_store(at, &map, spec.slots);
    fc_snapshot *snapshot = new_snapshot(reference);
    if (add_store(snapshot, at, size) == FC_SOUND) use(snapshot);
    fc_snapshot_free(snapshot);
    free(at);
}

static void fuzz_reference(input *in) {
    double values[SOME_FEATURES][SOME_POINTS];
    uint32_t first[SOME_FEATURES][SOME_POINTS];
    const char *texts[SOME_FEATURES][SOME_POINTS], *pool = "abcdefghij\xc3\xa9kl";
    size_t lens[SOME_FEATURES][SOME_POINTS];
    fc_feature_spec some[SOME_FEATURES] = {{0}};
    uint32_t count = (uint32_t)take(in, 1) % (SOME_FEATURES + 1);
    for (uint32_t i = 0; i < count; i++) {
        fc_feature_spec *of = &some[i];
        of->name = pool + take(in, 1) % 5, of->name_len = take(in, 1) % 4;
        of->kind = (fc_feature_kind)(take(in, 1) % 5); /* the last is none */
        of->shift = take_double(in);
        size_t n = of->point_count = of->text_count = (size_t)take(in, 1) % SOME_POINTS;
        of->bin_count = (size_t)take(in, 1) % SOME_POINTS;
        for (size_t k = 0; k < n; k++) {
            if (of->kind == FC_FEATURE_TEXT)
                texts[i][k] = pool + take(in, 1) % 8, lens[i][k] = take(in, 1) % 5;
            else
                values[i][k] = take_double(in);
        }
        for (size_t k = 0; k < of->bin_count; k++) first[i][k] = (uint32_t)take(in, 1);
        of->points = values[i], of->bins = first[i];
        of->texts = texts[i], of->text_lens = lens[i];
    }
    fc_reference *reference;
    fc_status status = fc_reference_new(&fc_alloc_libc, some, count, take(in, 8), &reference);
    REQUIRE(status == FC_OK || status == FC_EINVALID || status == FC_ELIMIT);
    if (status != FC_OK) return;
    use_reference(in, reference);
    fc_reference_free(reference);
}

/* ---- Scripts ------------------------------------------------------------------------------- */

/* What a store must hold, and what was put in at all. */
typedef struct script {
    fc_store *store;
    char *memory;
    int64_t now, index[4]; /* spec.slots */
    uint64_t rows[4], put;
    fc_snapshot *merged;
} script;

static void open_store(script *s) {
    s->memory = calloc(1, world.size);
    REQUIRE(fc_store_new(&fc_alloc_libc, world.f.reference, &spec, s->memory, &s->store) == FC_OK);
    for (int i = 0; i < 4; i++) s->index[i] = FC_NO_WINDOW, s->rows[i] = 0;
}

static uint64_t held(const script *s) { return s->rows[0] + s->rows[1] + s->rows[2] + s->rows[3]; }

/* A time that a clock can show, in the years that any calendar has; others make windows damage. */
static int64_t clock_of(int64_t micros) {
    const int64_t most = 62000000000000000;
    return micros % most;
}

static void update(script *s, fc_columns *set) {
    int64_t index = fc_window_of(spec.window, s->now);
    uint32_t place = fc_store_place_of(index, spec.slots);
    if (s->index[place] != index) s->rows[place] = 0;
    s->index[place] = index;
    s->rows[place] += (uint64_t)set->rows;
    s->put += (uint64_t)set->rows;
    fc_store_is_late(s->store, s->now);
    fc_store_update(s->store, world.f.mapping, set, s->now);
}

/* One row whose number and text are the input's. */
static void update_own(script *s, input *in) {
    char text[128];
    fc_columns *set;
    size_t len = (size_t)take(in, 1) % sizeof text;
    REQUIRE(fc_columns_new(&fc_alloc_libc, world.f.layout, 1, &set) == FC_OK);
    REQUIRE(fixture_fill(set, 1) == FC_OK);
    fc_column_put_valid(&set->columns[0], 0);
    ((double *)set->columns[0].values)[0] = take_double(in);
    ((float *)set->columns[1].values)[0] = (float)(int16_t)take(in, 2);
    memset(text, (int)take(in, 1), sizeof text);
    for (size_t i = 0; i < len && i < 8; i++) text[i] = (char)take(in, 1);
    fc_column_put_valid(&set->columns[7], 0);
    REQUIRE(fc_column_put_text(set, &set->columns[7], 0, text, len) == FC_OK);
    update(s, set);
    fc_columns_free(set);
}

/* The copy that a reader finds: whole, cut, or with one damaged byte. All or nothing of it. */
static void read_copy(const script *s, input *in, int how) {
    char *copy = harness_copy(s->memory, world.size);
    size_t part_size, part = part_of((size_t)take(in, 1) % PARTS, &part_size);
    size_t at = part + (size_t)take(in, 2) % part_size, size = how == 1 ? at : world.size;
    uint8_t bits = (uint8_t)take(in, 1);
    if (how == 2) copy[at] = (char)((uint8_t)copy[at] ^ bits);
    char *cut = harness_copy(copy, size);
    fc_snapshot *snapshot = new_snapshot(world.f.reference);
    uint64_t *block = malloc(world.f.reference->words * sizeof *block);
    fc_fault fault = add_store(snapshot, cut, size);
    REQUIRE(how || fault == FC_SOUND);
    REQUIRE(how != 1 || fault != FC_SOUND);
    REQUIRE(total_of(snapshot, block) == (fault == FC_SOUND ? held(s) : 0));
    if (fault == FC_SOUND) report(snapshot->reference, block);
    fc_snapshot_free(snapshot);
    free(block);
    free(cut);
    free(copy);
}

/* The store's end: what it holds goes on in the merged snapshot, through its bytes. */
static void fold_store(script *s) {
    size_t size;
    REQUIRE(add_store(s->merged, s->memory, world.size) == FC_SOUND);
    char *bytes = write_bytes(s->merged, &size);
    fc_snapshot *again = new_snapshot(world.f.reference);
    REQUIRE(add_bytes(again, bytes, size) == FC_SOUND);
    same_snapshots(s->merged, again);
    fc_snapshot_free(s->merged);
    s->merged = again;
    fc_store_free(s->store);
    free(s->memory);
    free(bytes);
    open_store(s);
}

static void move_store(script *s) {
    static const uint8_t id[16] = {9};
    char *to = calloc(1, world.size);
    fc_store_move(s->store, to, id);
    free(s->memory);
    s->memory = to;
}

static void fuzz_script(input *in) {
    script s = {.merged = new_snapshot(world.f.reference)};
    uint64_t *block = malloc(world.f.reference->words * sizeof *block);
    open_store(&s);
    for (int steps = 0; more(in) && steps < 100; steps++) {
        uint64_t op = take(in, 1);
        switch (op % 10) {
        case 0:
        case 1:
        case 2:
        case 3: update(&s, world.sets[op % 10]); break;
        case 4: update_own(&s, in); break;
        case 5: s.now = clock_of(s.now + (int8_t)take(in, 1) * 100); break;
        case 6: s.now = clock_of((int64_t)take(in, 8)); break;
        case 7: read_copy(&s, in, op / 10 % 3); break;
        case 8: fold_store(&s); break;
        case 9: move_store(&s); break;
        }
        REQUIRE(held(&s) <= s.put && total_of(s.merged, block) <= s.put);
    }
    read_copy(&s, in, 0);
    fold_store(&s);
    REQUIRE(total_of(s.merged, block) <= s.put);
    use(s.merged);
    fc_snapshot_free(s.merged);
    fc_store_free(s.store);
    free(s.memory);
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    make_world();
    input in = {data + 1, data + size};
    bool sealed = data[0] & SEALED;
    switch (data[0] % SEALED % MODES) {
    case MODE_STORE: fuzz_store(&in, sealed); break;
    case MODE_BYTES:
        fuzz_bytes(harness_copy((const char *)in.at, size - 1), size - 1, sealed);
        break;
    case MODE_PATCHED_BYTES: fuzz_patched_bytes(&in, sealed); break;
    case MODE_REFERENCE: fuzz_reference(&in); break;
    case MODE_SCRIPT: fuzz_script(&in); break;
    }
    return 0;
}
