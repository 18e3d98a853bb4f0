/* A snapshot as bytes: what is sent to another host, and what is left of ended processes.
 *
 *     head, `ids` x 16 bytes, `windows` x (number, block), checksum of all before it */
#include "monitor/reference.h"
#include "monitor/store.h"

#define MAGIC "FCWATCH"
enum { MAX_IDS = 1 << 20 };

typedef struct head {
    char magic[8];
    uint32_t version, order;
    uint64_t size;
    int64_t window;
    uint32_t slots, features;
    uint64_t words;
    uint32_t ids, windows;
    uint8_t fingerprint[32];
} head;

static uint32_t window_count(const fc_snapshot *self) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->slots; i++) count += self->blocks[i] != NULL;
    return count;
}

/* 0 on overflow. */
static size_t size_of(uint64_t words, uint32_t ids, uint32_t windows) {
    size_t block, size;
    if (!fc_size_mul((size_t)words + 1, sizeof(uint64_t), &block) ||
        !fc_size_mul(block, windows, &size) ||
        !fc_size_add(size, sizeof(head) + (size_t)ids * 16 + sizeof(uint64_t), &size))
        return 0;
    return size;
}

size_t fc_snapshot_bytes(const fc_snapshot *self, uint32_t id_count) {
    return size_of(self->reference->words, id_count, window_count(self));
}

void fc_snapshot_write(const fc_snapshot *self, const uint8_t *ids, uint32_t id_count, void *out) {
    size_t words = self->reference->words;
    head top = {.magic = MAGIC,
                .version = FC_STORE_VERSION,
                .order = FC_STORE_ORDER,
                .size = fc_snapshot_bytes(self, id_count),
                .window = self->window,
                .slots = self->slots,
                .features = self->reference->count,
                .words = words,
                .ids = id_count,
                .windows = window_count(self)};
    memcpy(top.fingerprint, self->fingerprint, sizeof top.fingerprint);
    char *at = out;
    memcpy(at, &top, sizeof top);
    at += sizeof top;
    if (id_count) memcpy(at, ids, (size_t)id_count * 16);
    at += (size_t)id_count * 16;
    for (uint32_t i = 0; i < self->slots; i++) {
        if (!self->blocks[i]) continue;
        memcpy(at, &self->index[i], sizeof(int64_t));
        memcpy(at + sizeof(int64_t), self->blocks[i], words * sizeof(uint64_t));
        at += (words + 1) * sizeof(uint64_t);
    }
    uint64_t checksum = fc_hash64(out, (size_t)(at - (char *)out), 0);
    memcpy(at, &checksum, sizeof checksum);
}

static fc_fault check(const fc_snapshot *self, const char *bytes, size_t size, head *top) {
    if (size < sizeof *top) return FC_FAULT_SHORT;
    memcpy(top, bytes, sizeof *top);
    if (memcmp(top->magic, MAGIC, sizeof top->magic) != 0) return FC_FAULT_MAGIC;
    if (top->version != FC_STORE_VERSION || top->order != FC_STORE_ORDER) return FC_FAULT_VERSION;
    if (memcmp(top->fingerprint, self->fingerprint, sizeof top->fingerprint) != 0 ||
        top->window != self->window || top->slots != self->slots ||
        top->features != self->reference->count || top->words != self->reference->words)
        return FC_FAULT_OTHER;
    if (size < top->size) return FC_FAULT_SHORT;
    if (top->ids > MAX_IDS || top->windows > top->slots ||
        size_of(top->words, top->ids, top->windows) != size || top->size != size)
        return FC_FAULT_DAMAGED;
    uint64_t checksum;
    memcpy(&checksum, bytes + size - sizeof checksum, sizeof checksum);
    return checksum == fc_hash64(bytes, size - sizeof checksum, 0) ? FC_SOUND : FC_FAULT_DAMAGED;
}

/* The windows as a snapshot of their own; a block must be sound and its place its own. */
static fc_status read_windows(fc_snapshot *into, const char *at, uint32_t windows,
                              fc_fault *fault) {
    const fc_alloc *alloc = into->alloc;
    size_t bytes = into->reference->words * sizeof(uint64_t);
    for (uint32_t i = 0; i < windows; i++) {
        int64_t index;
        memcpy(&index, at, sizeof index);
        uint32_t place = fc_store_place_of(index, into->slots);
        if (!fc_store_index_sound(index, into->window) || into->blocks[place]) {
            *fault = FC_FAULT_DAMAGED;
            return FC_OK;
        }
        uint64_t *block = alloc->get(alloc->ctx, bytes);
        if (!block) return FC_ENOMEM;
        memcpy(block, at + sizeof index, bytes);
        into->index[place] = index;
        into->blocks[place] = block;
        if (!fc_block_sound(into->reference, block)) {
            *fault = FC_FAULT_DAMAGED;
            return FC_OK;
        }
        at += sizeof index + bytes;
    }
    return FC_OK;
}

fc_status fc_snapshot_add_bytes(fc_snapshot *self, const void *bytes, size_t size,
                                const uint8_t **ids, uint32_t *id_count, fc_fault *fault) {
    head top;
    *fault = check(self, bytes, size, &top);
    if (*fault != FC_SOUND) return FC_OK;
    fc_store_spec spec = {.window = self->window, .slots = self->slots};
    memcpy(spec.fingerprint, self->fingerprint, sizeof spec.fingerprint);
    fc_snapshot *part;
    FC_TRY(fc_snapshot_new(self->alloc, self->reference, &spec, &part));
    const char *at = (const char *)bytes + sizeof top;
    fc_status status = read_windows(part, at + (size_t)top.ids * 16, top.windows, fault);
    if (status == FC_OK && *fault == FC_SOUND) status = fc_snapshot_add(self, part);
    fc_snapshot_free(part);
    if (status == FC_ELIMIT) { /* no honest counts are so many */
        *fault = FC_FAULT_DAMAGED;
        status = FC_OK;
    }
    if (status != FC_OK || *fault != FC_SOUND) return status;
    *ids = (const uint8_t *)at;
    *id_count = top.ids;
    return FC_OK;
}
