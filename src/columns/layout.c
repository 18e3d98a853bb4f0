/* Layouts: what the columns of a set are, built once and shared by all sets. */
#include <string.h>

#include "columns/cells.h"

/* Every name takes a slot and at least half of the slots stay free, so that a look-up ends soon. */
enum { SLOTS_PER_NAME = 2, FIRST_SLOTS = 8 };

size_t fc_column_width(fc_column_kind kind) {
    switch (kind) {
    case FC_COLUMN_FLOAT64:
    case FC_COLUMN_INT64:
    case FC_COLUMN_STRING:
    case FC_COLUMN_TIME: return 8;
    case FC_COLUMN_FLOAT32:
    case FC_COLUMN_INT32:
    case FC_COLUMN_CODE: return 4;
    case FC_COLUMN_BOOL: return 1;
    case FC_COLUMN_OBJECT: return sizeof(void *);
    }
    return 0;
}

/* FNV-1a. The names come from the program, not from requests, so nobody can build collisions. */
static uint64_t name_hash(const char *name, size_t len) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++) hash = (hash ^ (unsigned char)name[i]) * 0x100000001b3u;
    return hash ^ hash >> 29;
}

int64_t fc_layout_find(const fc_layout *layout, const char *name, size_t len) {
    for (uint64_t at = name_hash(name, len);; at++) {
        uint32_t slot = layout->slots[at & layout->slot_mask];
        if (!slot) return -1;
        const fc_column_info *info = &layout->columns[slot - 1];
        if (info->name_len == len && memcmp(info->name, name, len) == 0) return slot - 1;
    }
}

static void slot_insert(fc_layout *layout, uint32_t column) {
    const fc_column_info *info = &layout->columns[column];
    uint64_t at = name_hash(info->name, info->name_len);
    while (layout->slots[at & layout->slot_mask]) at++;
    layout->slots[at & layout->slot_mask] = column + 1;
}

static fc_status texts_copy(fc_arena *arena, const fc_column_spec *spec, fc_texts *out) {
    size_t total = 0, count = (size_t)spec->text_count;
    for (size_t i = 0; i < count; i++)
        if (!fc_size_add(total, spec->text_lens[i], &total)) return FC_ENOMEM;
    int64_t *offsets = fc_arena_zeros(arena, count + 1, sizeof *offsets);
    char *bytes = fc_arena_get(arena, total ? total : 1, 1);
    if (!offsets || !bytes) return FC_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (spec->text_lens[i]) memcpy(bytes + offsets[i], spec->texts[i], spec->text_lens[i]);
        offsets[i + 1] = offsets[i] + (int64_t)spec->text_lens[i];
    }
    *out = (fc_texts){spec->text_count, offsets, bytes};
    return FC_OK;
}

static fc_status info_fill(fc_arena *arena, const fc_column_spec *spec, fc_column_info *info) {
    if ((int)spec->kind < 0 || (int)spec->kind >= FC_COLUMN_KINDS) return FC_EINVALID;
    if (spec->items < 1) return FC_EINVALID;
    bool lists = spec->kind != FC_COLUMN_STRING && spec->kind != FC_COLUMN_OBJECT;
    if (!lists && (spec->items != 1 || spec->flags & FC_COLUMN_LISTED)) return FC_EINVALID;
    if (spec->text_count < 0 || spec->text_count > INT32_MAX) return FC_EINVALID;
    if (!fc_size_mul(fc_column_width(spec->kind), spec->items, &info->row_bytes)) return FC_ENOMEM;
    info->name = fc_arena_text(arena, spec->name, spec->name_len);
    if (!info->name) return FC_ENOMEM;
    info->name_len = spec->name_len;
    info->kind = spec->kind;
    info->items = spec->items;
    info->flags = spec->items > 1 ? spec->flags | FC_COLUMN_LISTED : spec->flags;
    info->nullable = spec->nullable;
    info->utc = spec->kind == FC_COLUMN_TIME && spec->utc;
    return spec->kind == FC_COLUMN_CODE ? texts_copy(arena, spec, &info->texts) : FC_OK;
}

static fc_status runs_fill(fc_layout *layout) {
    fc_column_run *runs = fc_arena_zeros(&layout->arena, layout->count + 1, sizeof *runs);
    if (!runs) return FC_ENOMEM;
    layout->runs = runs;
    for (uint32_t i = 0; i < layout->count; i++) {
        const fc_column_info *info = &layout->columns[i];
        fc_column_run *last = layout->run_count ? &runs[layout->run_count - 1] : NULL;
        if (last && last->kind == info->kind && last->nullable == info->nullable &&
            last->items == info->items) {
            last->count++;
            continue;
        }
        runs[layout->run_count++] =
            (fc_column_run){info->kind, info->nullable, info->items, .first = i, .count = 1};
    }
    return FC_OK;
}

static fc_status one_row_fill(fc_layout *layout) {
    fc_column *columns = fc_arena_zeros(&layout->arena, layout->count + 1, sizeof *columns);
    if (!columns) return FC_ENOMEM;
    for (uint32_t i = 0; i < layout->count; i++) {
        const fc_column_info *info = &layout->columns[i];
        columns[i] = (fc_column){.info = info, .kind = info->kind, .items = info->items};
    }
    layout->one_row = columns;
    bool fits =
        fc_cells_place(layout, 1, 0, columns, &layout->one_row_bytes, &layout->one_row_bits);
    return fits ? FC_OK : FC_ENOMEM;
}

static fc_status layout_fill(fc_layout *layout, const fc_column_spec *specs, uint32_t count) {
    if (count > UINT32_MAX / (2 * SLOTS_PER_NAME)) return FC_EINVALID;
    uint32_t slots = FIRST_SLOTS;
    while (slots < count * SLOTS_PER_NAME) slots *= 2;
    layout->slots = fc_arena_zeros(&layout->arena, slots, sizeof *layout->slots);
    layout->slot_mask = slots - 1;
    fc_column_info *infos = fc_arena_zeros(&layout->arena, count ? count : 1, sizeof *infos);
    if (!layout->slots || !infos) return FC_ENOMEM;
    layout->columns = infos;
    layout->count = count;
    layout->all_numeric = true;
    for (uint32_t i = 0; i < count; i++) {
        FC_TRY(info_fill(&layout->arena, &specs[i], &infos[i]));
        if (fc_layout_find(layout, infos[i].name, infos[i].name_len) >= 0) return FC_EINVALID;
        slot_insert(layout, i);
        layout->has_objects |= infos[i].kind == FC_COLUMN_OBJECT;
        layout->has_texts |= infos[i].kind == FC_COLUMN_STRING;
        layout->all_numeric &= fc_column_is_numeric(infos[i].kind);
        layout->matrix_cols += infos[i].items;
    }
    FC_TRY(runs_fill(layout));
    return one_row_fill(layout);
}

fc_status fc_layout_new(const fc_alloc *alloc, const fc_column_spec *specs, uint32_t count,
                        fc_layout **out) {
    fc_layout *layout = alloc->get(alloc->ctx, sizeof *layout);
    if (!layout) return FC_ENOMEM;
    memset(layout, 0, sizeof *layout);
    layout->alloc = alloc;
    layout->refs = 1;
    fc_arena_init(&layout->arena, alloc);
    fc_status status = layout_fill(layout, specs, count);
    if (status != FC_OK) {
        fc_layout_free(layout);
        return status;
    }
    *out = layout;
    return FC_OK;
}

fc_layout *fc_layout_ref(fc_layout *layout) {
    __atomic_fetch_add(&layout->refs, 1, __ATOMIC_RELAXED);
    return layout;
}

void fc_layout_free(fc_layout *layout) {
    /* Acquire and release: whoever frees must see all that the others did before letting go. */
    if (!layout || __atomic_sub_fetch(&layout->refs, 1, __ATOMIC_ACQ_REL)) return;
    if (layout->spare) layout->alloc->release(layout->alloc->ctx, layout->spare);
    fc_arena_free(&layout->arena);
    layout->alloc->release(layout->alloc->ctx, layout);
}
