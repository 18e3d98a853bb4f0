/* Windows gathered out of stores, bytes and other snapshots. */
#include <sched.h>
#include <stdatomic.h>

#include "monitor/reference.h"
#include "monitor/store.h"

enum { TRIES = 10000 }; /* of reading a store that is being written */

const char *fc_fault_text(fc_fault fault) {
    switch (fault) {
    case FC_SOUND: return "sound";
    case FC_FAULT_SHORT: return "is shorter than it says";
    case FC_FAULT_MAGIC: return "is no file of a monitor";
    case FC_FAULT_VERSION: return "is of another version of the format, or another machine's";
    case FC_FAULT_OTHER: return "is of another reference, window or number of slots";
    case FC_FAULT_DAMAGED: return "is damaged: its sums do not hold";
    case FC_FAULT_BUSY: return "changed each time that it was read";
    }
    return "unknown";
}

static void *get(const fc_alloc *alloc, size_t count, size_t size) {
    size_t bytes;
    if (!fc_size_mul(count + 1, size, &bytes)) return NULL;
    void *block = alloc->get(alloc->ctx, bytes);
    if (block) memset(block, 0, bytes);
    return block;
}
static void give_back(const fc_alloc *alloc, void *block) {
    if (block) alloc->release(alloc->ctx, block);
}

fc_status fc_snapshot_new(const fc_alloc *alloc, fc_reference *reference, const fc_store_spec *spec,
                          fc_snapshot **out) {
    if (spec->window <= 0 || !spec->slots || spec->slots > FC_MAX_SLOTS) return FC_EINVALID;
    fc_snapshot *self = get(alloc, 1, sizeof *self);
    if (!self) return FC_ENOMEM;
    *self = (fc_snapshot){.alloc = alloc,
                          .reference = fc_reference_ref(reference),
                          .window = spec->window,
                          .slots = spec->slots,
                          .present = INT64_MAX};
    memcpy(self->fingerprint, spec->fingerprint, sizeof self->fingerprint);
    self->index = get(alloc, spec->slots, sizeof *self->index);
    self->blocks = get(alloc, spec->slots, sizeof *self->blocks);
    if (!self->index || !self->blocks) {
        fc_snapshot_free(self);
        return FC_ENOMEM;
    }
    for (uint32_t i = 0; i < spec->slots; i++) self->index[i] = FC_NO_WINDOW;
    *out = self;
    return FC_OK;
}

void fc_snapshot_free(fc_snapshot *self) {
    if (!self) return;
    const fc_alloc *alloc = self->alloc;
    for (uint32_t i = 0; self->blocks && i < self->slots; i++) give_back(alloc, self->blocks[i]);
    give_back(alloc, self->blocks);
    give_back(alloc, self->index);
    fc_reference_free(self->reference);
    give_back(alloc, self);
}

/* Beyond FC_MAX_ROWS it is FC_MAX_ROWS + 1, whatever comes on top. */
static uint64_t add_rows(uint64_t a, uint64_t b) {
    return a + b > FC_MAX_ROWS ? FC_MAX_ROWS + 1 : a + b;
}
/* Of all windows: if it may be added to, so may each of them. */
static uint64_t add_blocks(uint64_t rows, uint64_t *const *blocks, uint32_t slots) {
    for (uint32_t i = 0; i < slots; i++)
        if (blocks[i]) rows = add_rows(rows, blocks[i][0]);
    return rows;
}

/* Whether the window of number `a` has the place that both a and b want: the later of those that
 * have begun. What a clock that was ahead left, or who forges files, must not hide them. */
static bool goes_before(const fc_snapshot *self, int64_t a, int64_t b) {
    bool early = a > self->present, other_early = b > self->present;
    return early == other_early ? a > b : other_early;
}

/* Adds a block, which is the snapshot's from now on; an expired window's is dropped. */
static void take_block(fc_snapshot *self, int64_t index, uint64_t *block) {
    uint32_t place = fc_store_place_of(index, self->slots);
    if (self->index[place] == index) {
        fc_block_add(self->reference, self->blocks[place], block);
    } else if (!self->blocks[place] || goes_before(self, index, self->index[place])) {
        uint64_t *old = self->blocks[place];
        self->index[place] = index;
        self->blocks[place] = block;
        block = old;
    }
    give_back(self->alloc, block);
}

/* ---- Stores ------------------------------------------------------------------------------- */

/* What was read of a store so far. */
typedef struct copies {
    fc_store_root *root;
    uint64_t **blocks; /* by place */
    uint64_t *versions;
    char *texts;
    uint64_t *cells;
    uint64_t *pending;
    fc_store_map map;
} copies;

static void free_copies(const fc_snapshot *self, copies *have) {
    for (uint32_t i = 0; have->blocks && i < self->slots; i++)
        give_back(self->alloc, have->blocks[i]);
    give_back(self->alloc, have->root);
    give_back(self->alloc, have->blocks);
    give_back(self->alloc, have->versions);
    give_back(self->alloc, have->texts);
    give_back(self->alloc, have->cells);
    give_back(self->alloc, have->pending);
}

static bool new_copies(const fc_snapshot *self, copies *have) {
    const fc_alloc *alloc = self->alloc;
    const fc_reference *reference = self->reference;
    have->root = get(alloc, 1, have->map.root_size);
    have->blocks = get(alloc, self->slots, sizeof *have->blocks);
    have->versions = get(alloc, self->slots, sizeof *have->versions);
    have->texts = get(alloc, 1, FC_PENDING_BYTES);
    have->cells = get(alloc, reference->count, FC_PENDING_ROWS * sizeof(uint64_t));
    have->pending = get(alloc, reference->words, sizeof(uint64_t));
    return have->root && have->blocks && have->versions && have->texts && have->cells &&
           have->pending;
}

static bool read_at(const fc_source *source, uint64_t offset, void *to, size_t size) {
    return offset <= source->size && size <= source->size - offset &&
           source->read(source->ctx, offset, to, size);
}

static fc_fault check_head(const fc_snapshot *self, const fc_source *source,
                           const fc_store_map *map) {
    fc_store_head head;
    if (!read_at(source, 0, &head, sizeof head)) return FC_FAULT_SHORT;
    if (memcmp(head.magic, FC_STORE_MAGIC, sizeof head.magic) != 0) return FC_FAULT_MAGIC;
    if (head.version != FC_STORE_VERSION || head.order != FC_STORE_ORDER) return FC_FAULT_VERSION;
    if (head.checksum != fc_hash64(&head, offsetof(fc_store_head, checksum), 0))
        return FC_FAULT_DAMAGED;
    if (memcmp(head.fingerprint, self->fingerprint, sizeof head.fingerprint) != 0 ||
        head.window != self->window || head.slots != self->slots ||
        head.features != self->reference->count || head.words != self->reference->words ||
        head.size != map->size)
        return FC_FAULT_OTHER;
    return source->size < map->size ? FC_FAULT_SHORT : FC_SOUND;
}

static bool sound_root(const fc_snapshot *self, const copies *have, uint64_t word) {
    const fc_store_root *root = have->root;
    if (!fc_store_word_sound(word) || root->generation != fc_store_number(word)) return false;
    if (root->checksum != fc_store_root_sum(root, self->slots)) return false;
    for (uint32_t i = 0; i < self->slots; i++) {
        const fc_store_place *place = &root->places[i];
        bool none = place->buffer == FC_NO_BUFFER;
        if (none != (place->index == FC_NO_WINDOW)) return false;
        if (!none && (place->buffer >= have->map.buffer_count ||
                      fc_store_place_of(place->index, self->slots) != i ||
                      !fc_store_index_sound(place->index, self->window)))
            return false;
    }
    return root->pending == FC_NO_WINDOW || fc_store_index_sound(root->pending, self->window);
}

/* Copies what has changed since the last try. FC_EREFUSED if the source lacks something. */
static fc_status copy_blocks(const fc_snapshot *self, const fc_source *source, copies *have) {
    for (uint32_t i = 0; i < self->slots; i++) {
        const fc_store_place *place = &have->root->places[i];
        if (place->buffer == FC_NO_BUFFER) {
            give_back(self->alloc, have->blocks[i]);
            have->blocks[i] = NULL;
            continue;
        }
        if (have->blocks[i] && have->versions[i] == place->version) continue;
        if (!have->blocks[i])
            have->blocks[i] = get(self->alloc, self->reference->words, sizeof(uint64_t));
        if (!have->blocks[i]) return FC_ENOMEM;
        have->versions[i] = place->version;
        uint64_t at = have->map.buffers + place->buffer * have->map.buffer_size;
        if (!read_at(source, at, have->blocks[i], have->map.buffer_size)) return FC_EREFUSED;
    }
    return FC_OK;
}

/* A word of the state, before everything that is read after it; monitor/store.h says why. */
static bool read_state(const fc_source *source, uint64_t at, uint64_t *word) {
    bool there = read_at(source, at, word, sizeof *word);
    atomic_thread_fence(memory_order_acquire);
    return there;
}

/* One try: everything, under one root. FC_ESTOP if the root has changed meanwhile. */
static fc_status copy_store(const fc_snapshot *self, const fc_source *source, copies *have,
                            uint64_t *rows, fc_fault *fault) {
    const fc_store_map *map = &have->map;
    const fc_reference *reference = self->reference;
    fc_store_state state, after;
    *fault = FC_FAULT_SHORT;
    if (!read_state(source, map->state, &state.root)) return FC_EREFUSED;
    uint64_t at = map->roots + (state.root & 1) * map->root_size;
    if (!read_at(source, at, have->root, map->root_size)) return FC_EREFUSED;
    bool sound = sound_root(self, have, state.root);
    if (sound) {
        at = map->state + offsetof(fc_store_state, written);
        if (!read_state(source, at, &state.written)) return FC_EREFUSED;
        *rows = fc_store_number(state.written - have->root->folded);
        sound = fc_store_word_sound(state.written) && *rows <= FC_PENDING_ROWS &&
                !(*rows && have->root->pending == FC_NO_WINDOW);
    }
    if (sound) {
        FC_TRY(copy_blocks(self, source, have));
        if (*rows && (!read_at(source, map->texts, have->texts, FC_PENDING_BYTES) ||
                      !read_at(source, map->cells, have->cells,
                               reference->count * FC_PENDING_ROWS * sizeof(uint64_t))))
            return FC_EREFUSED;
    }
    atomic_thread_fence(memory_order_acquire); /* all of the above before the word again */
    if (!read_at(source, map->state, &after.root, sizeof after.root)) return FC_EREFUSED;
    if (after.root != state.root) return FC_ESTOP;
    *fault = sound ? FC_SOUND : FC_FAULT_DAMAGED;
    return sound ? FC_OK : FC_EREFUSED;
}

static fc_fault check_copies(const fc_snapshot *self, copies *have, uint64_t rows) {
    const fc_reference *reference = self->reference;
    for (uint32_t i = 0; i < self->slots; i++)
        if (have->blocks[i] && !fc_block_sound(reference, have->blocks[i])) return FC_FAULT_DAMAGED;
    fc_block_init(reference, have->pending);
    bool sound = fc_store_count_pending(reference, have->texts, have->cells, rows, have->pending);
    if (!sound || !fc_block_sound(reference, have->pending)) return FC_FAULT_DAMAGED;
    rows = add_blocks(add_blocks(rows, have->blocks, self->slots), self->blocks, self->slots);
    return rows > FC_MAX_ROWS ? FC_FAULT_DAMAGED : FC_SOUND;
}

fc_status fc_snapshot_add_store(fc_snapshot *self, const fc_source *source, fc_fault *fault) {
    copies have = {0};
    if (!fc_store_layout(self->reference, self->slots, &have.map)) return FC_ELIMIT;
    *fault = check_head(self, source, &have.map);
    if (*fault != FC_SOUND) return FC_OK;
    fc_status status = FC_ENOMEM;
    if (!new_copies(self, &have)) goto done;
    uint64_t rows = 0;
    int tries = 0;
    while ((status = copy_store(self, source, &have, &rows, fault)) == FC_ESTOP) {
        *fault = FC_FAULT_BUSY;
        if (++tries == TRIES) break;
        sched_yield(); /* the writer may wait for this very CPU */
    }
    if (status == FC_OK) *fault = check_copies(self, &have, rows);
    if (status == FC_OK && *fault == FC_SOUND) {
        /* Pending rows have taken their place, whatever window stands there. */
        int64_t pending = rows ? have.root->pending : FC_NO_WINDOW;
        uint32_t taken = rows ? fc_store_place_of(pending, self->slots) : self->slots;
        for (uint32_t i = 0; i < self->slots; i++) {
            if (!have.blocks[i] || (i == taken && have.root->places[i].index != pending)) continue;
            take_block(self, have.root->places[i].index, have.blocks[i]);
            have.blocks[i] = NULL;
        }
        if (rows) {
            take_block(self, have.root->pending, have.pending);
            have.pending = NULL;
        }
    }
    if (status != FC_ENOMEM) status = FC_OK; /* the fault says the rest */
done:
    free_copies(self, &have);
    return status;
}

/* ---- Snapshots ---------------------------------------------------------------------------- */

fc_status fc_snapshot_add(fc_snapshot *self, const fc_snapshot *other) {
    if (other->window != self->window || other->slots != self->slots ||
        other->reference->words != self->reference->words ||
        memcmp(other->fingerprint, self->fingerprint, sizeof self->fingerprint) != 0)
        return FC_EINVALID;
    uint64_t rows = add_blocks(0, self->blocks, self->slots);
    if (add_blocks(rows, other->blocks, self->slots) > FC_MAX_ROWS) return FC_ELIMIT;
    /* All memory first, so that a failure leaves the snapshot as it was. */
    size_t words = self->reference->words;
    uint64_t **blocks = get(self->alloc, self->slots, sizeof *blocks);
    if (!blocks) return FC_ENOMEM;
    fc_status status = FC_OK;
    for (uint32_t i = 0; i < self->slots && status == FC_OK; i++) {
        if (!other->blocks[i]) continue;
        blocks[i] = get(self->alloc, words, sizeof(uint64_t));
        if (blocks[i])
            memcpy(blocks[i], other->blocks[i], words * sizeof(uint64_t));
        else
            status = FC_ENOMEM;
    }
    for (uint32_t i = 0; i < self->slots; i++) {
        if (status == FC_OK && blocks[i])
            take_block(self, other->index[i], blocks[i]);
        else
            give_back(self->alloc, blocks[i]);
    }
    give_back(self->alloc, blocks);
    return status;
}

void fc_snapshot_total(const fc_snapshot *self, int64_t from, int64_t to, uint64_t *block) {
    fc_block_init(self->reference, block);
    for (uint32_t i = 0; i < self->slots; i++)
        if (self->blocks[i] && self->index[i] >= from && self->index[i] <= to)
            fc_block_add(self->reference, block, self->blocks[i]);
}
