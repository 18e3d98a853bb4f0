/* The writer's side of a store. */
#include <stdatomic.h>

#include "monitor/store.h"

#include "monitor/reference.h"

struct fc_store {
    const fc_alloc *alloc;
    fc_reference *reference; /* a reference */
    int64_t window;
    uint32_t slots;
    size_t texts_bytes; /* that the unknown texts of one row may take */
    fc_store_map map;
    char *memory;
    uint64_t root, written; /* as in the memory, which others can read but not write */
    uint32_t texts_used;
    uint64_t spare; /* a buffer that no root in force names */
};

/* ---- Layout ------------------------------------------------------------------------------- */

static bool put(size_t *end, size_t count, size_t size, size_t align, size_t *at) {
    size_t bytes;
    if (!fc_size_add(*end, align - 1, end) || !fc_size_mul(count, size, &bytes)) return false;
    *at = *end / align * align;
    return fc_size_add(*at, bytes, end);
}

bool fc_store_layout(const fc_reference *reference, uint32_t slots, fc_store_map *map) {
    size_t end = FC_STORE_PAGE, words = reference->words;
    map->root_size = (sizeof(fc_store_root) + slots * sizeof(fc_store_place) + 63) / 64 * 64;
    map->buffer_count = (size_t)slots + 1;
    bool fits = fc_size_mul(words, sizeof(uint64_t), &map->buffer_size) &&
                put(&end, 1, FC_STORE_PAGE, 1, &map->state) &&
                put(&end, 2, map->root_size, 64, &map->roots) &&
                put(&end, 1, FC_PENDING_BYTES, 64, &map->texts) &&
                put(&end, reference->count, FC_PENDING_ROWS * sizeof(uint64_t), 64, &map->cells) &&
                put(&end, map->buffer_count, map->buffer_size, 64, &map->buffers);
    map->size = end;
    return fits && end <= PTRDIFF_MAX;
}

size_t fc_store_size(const fc_reference *reference, const fc_store_spec *spec) {
    fc_store_map map;
    return fc_store_layout(reference, spec->slots, &map) ? map.size : 0;
}

uint64_t fc_store_root_sum(const fc_store_root *root, uint32_t slots) {
    size_t skip = offsetof(fc_store_root, folded);
    return fc_hash64((const char *)root + skip,
                     sizeof *root + slots * sizeof(fc_store_place) - skip, root->generation);
}

int64_t fc_window_of(int64_t window, int64_t now) {
    int64_t index = now / window - (now % window < 0);
    return index == FC_NO_WINDOW ? index + 1 : index;
}

/* ---- Parts -------------------------------------------------------------------------------- */

static fc_store_state *state_of(fc_store *self) {
    return (fc_store_state *)(void *)(self->memory + self->map.state);
}
static fc_store_root *root_of(const fc_store *self, uint64_t generation) {
    return (fc_store_root *)(void *)(self->memory + self->map.roots +
                                     (generation & 1) * self->map.root_size);
}
static uint64_t *buffer_of(const fc_store *self, uint64_t number) {
    return (uint64_t *)(void *)(self->memory + self->map.buffers + number * self->map.buffer_size);
}
static uint64_t *cells_of(const fc_store *self) {
    return (uint64_t *)(void *)(self->memory + self->map.cells);
}

/* The root that is not in force, as a copy of the one that is. */
static fc_store_root *begin_root(fc_store *self) {
    fc_store_root *next = root_of(self, self->root + 1);
    memcpy(next, root_of(self, self->root), self->map.root_size);
    next->generation = self->root + 1;
    return next;
}

/* The point at which everything written since begin_root becomes valid. */
static void commit_root(fc_store *self, fc_store_root *next) {
    next->checksum = fc_store_root_sum(next, self->slots);
    __atomic_store_n(&state_of(self)->root, fc_store_word(next->generation), __ATOMIC_RELEASE);
    /* What the root before it spoke of (its pending rows, a buffer, the root itself) is written to
     * from now on. Release orders only what comes before a store: without the fence a reader could
     * see the new bytes and still the old word. */
    atomic_thread_fence(memory_order_release);
    self->root = next->generation;
}

fc_status fc_store_new(const fc_alloc *alloc, fc_reference *reference, const fc_store_spec *spec,
                       void *memory, fc_store **out) {
    fc_store_map map;
    if (spec->window <= 0 || !spec->slots || spec->slots > FC_MAX_SLOTS) return FC_EINVALID;
    if (!fc_store_layout(reference, spec->slots, &map)) return FC_ELIMIT;
    fc_store *self = alloc->get(alloc->ctx, sizeof *self);
    if (!self) return FC_ENOMEM;
    *self = (fc_store){.alloc = alloc,
                       .reference = fc_reference_ref(reference),
                       .window = spec->window,
                       .slots = spec->slots,
                       .map = map,
                       .memory = memory,
                       .spare = 0};
    for (uint32_t i = 0; i < reference->count; i++)
        if (reference->features[i].place.kind == FC_FEATURE_TEXT)
            self->texts_bytes += 1 + FC_HEAVY_BYTES;
    fc_store_head *head = memory;
    *head = (fc_store_head){.magic = FC_STORE_MAGIC,
                            .version = FC_STORE_VERSION,
                            .order = FC_STORE_ORDER,
                            .size = map.size,
                            .window = spec->window,
                            .slots = spec->slots,
                            .features = reference->count,
                            .words = reference->words};
    memcpy(head->fingerprint, spec->fingerprint, sizeof head->fingerprint);
    memcpy(head->id, spec->id, sizeof head->id);
    head->checksum = fc_hash64(head, offsetof(fc_store_head, checksum), 0);
    fc_store_root *root = begin_root(self);
    root->pending = FC_NO_WINDOW;
    for (uint32_t i = 0; i < spec->slots; i++)
        root->places[i] = (fc_store_place){FC_NO_WINDOW, FC_NO_BUFFER, 0};
    state_of(self)->written = fc_store_word(0);
    commit_root(self, root);
    *out = self;
    return FC_OK;
}

void fc_store_move(fc_store *self, void *memory, const uint8_t id[16]) {
    memcpy(memory, self->memory, self->map.size);
    fc_store_head *head = memory;
    memcpy(head->id, id, sizeof head->id);
    head->checksum = fc_hash64(head, offsetof(fc_store_head, checksum), 0);
    self->memory = memory;
}

void fc_store_free(fc_store *store) {
    if (!store) return;
    fc_reference_free(store->reference);
    store->alloc->release(store->alloc->ctx, store);
}

bool fc_store_is_late(const fc_store *store, int64_t now) {
    int64_t index = fc_window_of(store->window, now);
    const fc_store_root *root = root_of(store, store->root);
    int64_t newest = root->pending;
    for (uint32_t i = 0; i < store->slots; i++)
        if (root->places[i].index > newest) newest = root->places[i].index;
    return index < newest && (uint64_t)newest - (uint64_t)index >= store->slots;
}

/* ---- Pending rows ------------------------------------------------------------------------- */

static bool count_pending_texts(const fc_feature *feature, const char *texts, const uint64_t *cells,
                                size_t rows, uint64_t *block) {
    uint64_t *words = block + feature->place.at;
    size_t count = feature->place.cell_count;
    for (size_t r = 0; r < rows; r++) {
        uint32_t cell = (uint32_t)cells[r], at = (uint32_t)(cells[r] >> 32);
        if (cell == FC_NO_CELL) {
            words[FC_AT_MISSING]++;
            continue;
        }
        if (cell >= count) return false;
        words[FC_AT_TEXT_CELLS + cell]++;
        if (!at) continue;
        if (feature->place.kind != FC_FEATURE_TEXT) return false; /* bools have no unknown ones */
        size_t len = at <= FC_PENDING_BYTES ? (unsigned char)texts[at - 1] : FC_PENDING_BYTES;
        if (cell != count - 1 || at + len > FC_PENDING_BYTES || len > FC_HEAVY_BYTES) return false;
        fc_block_unknown(feature, texts + at, len, block);
    }
    return true;
}

bool fc_store_count_pending(const fc_reference *reference, const void *texts, const uint64_t *cells,
                            size_t rows, uint64_t *block) {
    for (uint32_t i = 0; i < reference->count; i++, cells += FC_PENDING_ROWS) {
        const fc_feature *feature = &reference->features[i];
        if (feature->place.kind == FC_FEATURE_NUMBER || feature->place.kind == FC_FEATURE_TIME)
            fc_block_numbers(feature, (const double *)(const void *)cells, rows, block);
        else if (!count_pending_texts(feature, texts, cells, rows, block))
            return false;
    }
    block[0] += rows;
    return true;
}

/* The cell of a text, and where the text was put if nothing knows it. */
static uint64_t pend_text(fc_store *self, const fc_mapping *mapping, uint32_t i,
                          const fc_column *column, int64_t row) {
    const fc_feature *feature = &mapping->reference->features[i];
    const fc_texts *from = &column->info->texts;
    const char *text;
    int64_t begin, end;
    uint32_t cell;
    if (mapping->codes[i]) {
        int32_t code = ((const int32_t *)column->values)[row];
        if (code < 0) return FC_NO_CELL;
        cell = mapping->codes[i][code];
        begin = from->offsets[code], end = from->offsets[code + 1];
        text = from->bytes + begin;
    } else {
        if (!fc_column_is_valid(column, row)) return FC_NO_CELL;
        begin = ((const int64_t *)column->values)[row];
        end = ((const int64_t *)column->values)[row + 1];
        text = end > begin ? column->bytes + begin : "";
        cell = fc_feature_cell(feature, text, (size_t)(end - begin));
    }
    if (FC_LIKELY(cell < (uint32_t)feature->texts.count)) return cell;
    size_t len = (size_t)(end - begin);
    if (len > FC_HEAVY_BYTES) { /* cut at a whole code point */
        len = FC_HEAVY_BYTES;
        while (len && ((unsigned char)text[len] & 0xC0) == 0x80) len--;
    }
    char *to = self->memory + self->map.texts + self->texts_used;
    to[0] = (char)len;
    memcpy(to + 1, text, len);
    self->texts_used += 1 + (uint32_t)len;
    return cell | (uint64_t)(to + 1 - (self->memory + self->map.texts)) << 32;
}

static void append(fc_store *self, const fc_mapping *mapping, const fc_columns *set, size_t at) {
    const fc_reference *reference = self->reference;
    uint64_t *cells = cells_of(self) + at;
    size_t rows = (size_t)set->rows;
    for (uint32_t i = 0; i < reference->count; i++, cells += FC_PENDING_ROWS) {
        const fc_column *column = &set->columns[mapping->columns[i]];
        fc_feature_kind kind = reference->features[i].place.kind;
        if (FC_UNLIKELY(fc_column_unsure(kind, column->info)) && kind >= FC_FEATURE_TEXT) {
            for (size_t r = 0; r < rows; r++) cells[r] = FC_NO_CELL; /* fc_mapping_holds */
            continue;
        }
        switch (kind) {
        case FC_FEATURE_NUMBER:
        case FC_FEATURE_TIME:
            if (rows == 1 && column->kind == FC_COLUMN_FLOAT64)
                memcpy(cells, column->values, sizeof *cells);
            else
                fc_column_doubles(column, 0, rows, (double *)(void *)cells);
            break;
        case FC_FEATURE_BOOL:
            for (size_t r = 0; r < rows; r++)
                cells[r] = fc_column_is_valid(column, (int64_t)r)
                               ? ((const uint8_t *)column->values)[r] != 0
                               : FC_NO_CELL;
            break;
        case FC_FEATURE_TEXT:
            for (size_t r = 0; r < rows; r++)
                cells[r] = pend_text(self, mapping, i, column, (int64_t)r);
            break;
        }
    }
}

/* ---- Update ------------------------------------------------------------------------------- */

/* There are more buffers than windows, so one is always free. */
static uint64_t unused_buffer(const fc_store_root *root, uint32_t slots) {
    for (uint64_t number = 0;; number++) {
        uint32_t place = 0;
        while (place < slots && root->places[place].buffer != number) place++;
        if (place == slots) return number;
    }
}

/* Counts the pending rows, and those of a set if there is one, into their window. */
static void fold(fc_store *self, const fc_mapping *mapping, const fc_columns *set) {
    const fc_reference *reference = self->reference;
    fc_store_root *next = begin_root(self);
    fc_store_place *place = &next->places[fc_store_place_of(next->pending, self->slots)];
    uint64_t *block = buffer_of(self, self->spare), spare = self->spare;
    if (place->index != next->pending) /* none, or one that has expired */
        fc_block_init(reference, block);
    else
        memcpy(block, buffer_of(self, place->buffer), self->map.buffer_size);
    fc_store_count_pending(reference, self->memory + self->map.texts, cells_of(self),
                           (size_t)(self->written - next->folded), block);
    if (mapping && set) fc_block_count(mapping, set, 0, set->rows, block);
    next->folded = self->written;
    uint64_t old = place->buffer;
    *place = (fc_store_place){next->pending, spare, place->version + 1};
    if (old == FC_NO_BUFFER) old = unused_buffer(next, self->slots);
    commit_root(self, next);
    self->spare = old;
    self->texts_used = 0;
}

/* From now on rows are of window `index`. The window whose place it takes stays until the first of
 * them are counted; a later one, left by a clock that was ahead, would hide them. */
static void roll(fc_store *self, int64_t index) {
    if (self->written != root_of(self, self->root)->folded) fold(self, NULL, NULL);
    fc_store_root *next = begin_root(self);
    next->pending = index;
    fc_store_place *place = &next->places[fc_store_place_of(index, self->slots)];
    if (place->index > index)
        *place = (fc_store_place){FC_NO_WINDOW, FC_NO_BUFFER, place->version + 1};
    commit_root(self, next);
}

void fc_store_update(fc_store *self, const fc_mapping *mapping, const fc_columns *set,
                     int64_t now) {
    if (!set->rows) return;
    int64_t index = fc_window_of(self->window, now);
    if (FC_UNLIKELY(root_of(self, self->root)->pending != index)) roll(self, index);
    uint64_t at = self->written - root_of(self, self->root)->folded;
    uint64_t rows = (uint64_t)set->rows;
    if (rows > FC_PENDING_ROWS / 4 || self->texts_bytes * rows >= FC_PENDING_BYTES) {
        fold(self, mapping, set);
        return;
    }
    if (at + rows > FC_PENDING_ROWS ||
        self->texts_used + self->texts_bytes * rows >= FC_PENDING_BYTES) {
        fold(self, NULL, NULL);
        at = 0;
    }
    append(self, mapping, set, (size_t)at);
    self->written += rows;
    __atomic_store_n(&state_of(self)->written, fc_store_word(self->written), __ATOMIC_RELEASE);
}
