/* The straight way through flat records; see schema/lane.h. The loop is lane_template.h; here are
 * the levels that it is instantiated for, what a lane is made of, and when it is not tried. */
#include "schema/lane.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "schema/keys.h"
#include "json/escape.h"
#include "json/number_quick.h"
#include "json/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_neon.h>
#define FC_HAS_NEON 1
#endif

/* What stands where a key is looked for, if it is none that is expected. */
enum { LANE_END = -1, LANE_UNKNOWN = -2, LANE_STRANGE = -3 };

/* The longest token of a key that is guessed, and the bytes that can be read from it on. */
enum { FC_LANE_TOKEN = 32, FC_LANE_ROOM = 36 };

/* Records of so few fields are not read in an order that has to be found first, unless many are
 * surprising. */
enum { LANE_FEW = 3 };

/* So many surprises, and nothing is expected any more until the guesses get better. */
enum { SURPRISES = 32 };

/* `count` stands for the beginning, and for the end. */
static inline uint32_t lane_expect(const fc_lane_order *order, uint32_t last, uint32_t count) {
    return order->learned ? order->follow[last] : last == count ? 0 : last + 1;
}

/* Remembers that `number` comes after `last`: most clients write all their records alike. */
static inline void lane_learn(fc_lane_order *order, uint32_t count, uint32_t last, uint32_t number,
                              uint32_t expected) {
    if (FC_LIKELY(number == expected)) {
        order->surprises -= order->surprises > 0;
        return;
    }
    if (!order->learned) {
        for (uint32_t i = 0; i < count; i++) order->follow[i] = (uint16_t)(i + 1);
        order->follow[count] = 0;
        order->learned = true;
    }
    order->follow[last] = (uint16_t)number;
    order->surprises += order->surprises < 2 * SURPRISES;
}

/* What lane_sort finds; `names` has room for one more, and `places` says which of a key's it is. */
typedef struct fc_lane_places {
    uint64_t seen[FC_RECORD_MAX_FIELDS / 64];
    uint16_t numbers[FC_RECORD_MAX_FIELDS], places[FC_RECORD_MAX_FIELDS];
    const char *names[FC_RECORD_MAX_FIELDS + 1], *values[FC_RECORD_MAX_FIELDS];
} fc_lane_places;

/* How far lane_sort looks. */
enum { FC_LANE_SORT_BYTES = 1 << 14 };

static void lane_learn_all(fc_lane_order *order, const fc_lane_places *places, uint32_t given,
                           uint32_t count) {
    uint32_t last = count;
    for (uint32_t i = 0; i <= count && !order->learned; i++)
        order->follow[i] = (uint16_t)(i == count ? 0 : i + 1);
    order->learned = true;
    for (uint32_t i = 0; i < given; last = places->numbers[i++])
        order->follow[last] = places->numbers[i];
}

/* Looks at the order of `given` (at least 1) fields that were looked up: if the first two are those
 * of the object before, they are taken to come like that, after some more of its kind. */
static inline void lane_judge(fc_lane_order *order, const fc_lane_places *places, uint32_t given,
                              uint32_t count) {
    uint32_t first = places->numbers[0], second = given > 1 ? places->numbers[1] : count;
    if (FC_LIKELY(!order->learned || order->follow[count] != first ||
                  order->follow[first] != second)) {
        if (!order->learned) lane_learn_all(order, places, given, count);
        order->follow[count] = (uint16_t)first;
        order->follow[first] = (uint16_t)second;
        order->surprises = SURPRISES + 2;
        return;
    }
    lane_learn_all(order, places, given, count);
    order->surprises--;
}

/* Writes a number, as bits of the field's kind, into its cell; false if it is out of bounds. */
static inline bool lane_put(const fc_lane_field *field, fc_column *column, int64_t row,
                            int64_t bits) {
    memcpy((char *)column->values + row * 8, &bits, 8);
    int64_t rank = fc_lane_rank(bits, field->flip);
    if (FC_LIKELY((rank >= field->low) & (rank <= field->high))) return true;
    return field->listed && fc_literal_int(field->node, bits) >= 0;
}

/* Marks the first `seen_count` fields as seen. */
static void lane_mark(fc_fill_frame *seen) {
    for (uint32_t i = 0; i < seen->seen_count; i++) seen->seen[i / 64] |= (uint64_t)1 << (i % 64);
}

/* clang-format off */
#include "json/vector_generic.h"
#include "json/token_template.h"
#include "schema/lane_keys_template.h"
#include "schema/lane_template.h"
#include "schema/lane_tape_template.h"

#if defined(__x86_64__)
#include "json/vector_avx2.h"
#include "json/token_template.h"
#include "schema/lane_keys_template.h"
#include "schema/lane_template.h"
#include "schema/lane_tape_template.h"

#include "json/vector_avx512.h"
#include "json/token_template.h"
#include "schema/lane_keys_template.h"
#include "schema/lane_template.h"
#include "schema/lane_tape_template.h"
#elif FC_HAS_NEON
#include "json/vector_neon.h"
#include "json/token_template.h"
#include "schema/lane_keys_template.h"
#include "schema/lane_template.h"
#include "schema/lane_tape_template.h"
#endif
/* clang-format on */

fc_status fc_lane_read(fc_filling *f, const fc_record *record, const char *at, const char *end,
                       const char **next) {
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: return fc_avx512_lane_read(f, record, at, end, next);
    case FC_CPU_AVX2: return fc_avx2_lane_read(f, record, at, end, next);
#elif FC_HAS_NEON
    case FC_CPU_NEON: return fc_neon_lane_read(f, record, at, end, next);
#endif
    default: return fc_generic_lane_read(f, record, at, end, next);
    }
}

fc_status fc_lane_object(fc_lane_order *order, const fc_node *node, const char *data,
                         const char *at, const char *end, fc_tape_node *slots, const char **next) {
    switch (fc_cpu_current()) {
#if defined(__x86_64__)
    case FC_CPU_AVX512: return fc_avx512_lane_object(order, node, data, at, end, slots, next);
    case FC_CPU_AVX2: return fc_avx2_lane_object(order, node, data, at, end, slots, next);
#elif FC_HAS_NEON
    case FC_CPU_NEON: return fc_neon_lane_object(order, node, data, at, end, slots, next);
#endif
    default: return fc_generic_lane_object(order, node, data, at, end, slots, next);
    }
}

static int64_t rank_of(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return fc_lane_rank(bits, INT64_MAX);
}

/* The bounds of a number as two closed ones. */
static void bounds(const fc_node *node, fc_lane_field *out) {
    bool low = node->checks & FC_CHECK_LOW, high = node->checks & FC_CHECK_HIGH;
    if (out->cell == FC_CELL_INT) {
        out->low = low ? node->bound.i.low : INT64_MIN;
        out->high = high ? node->bound.i.high : INT64_MAX;
        if (!out->listed) return;
        out->low = INT64_MAX;
        out->high = INT64_MIN;
        return;
    }
    /* Nothing but finite numbers is accepted, and nothing at all by a bound that is NaN. */
    double from = low ? node->bound.f.low : -DBL_MAX, to = high ? node->bound.f.high : DBL_MAX;
    if (low && node->checks & FC_CHECK_LOW_OPEN) from = nextafter(from, (double)INFINITY);
    if (high && node->checks & FC_CHECK_HIGH_OPEN) to = nextafter(to, -(double)INFINITY);
    bool any = from <= to;
    /* Both zeros are equal to a bound that is one of them. */
    out->low = any ? rank_of(from < -DBL_MAX ? -DBL_MAX : from == 0 ? -0.0 : from) : INT64_MAX;
    out->high = any ? rank_of(to > DBL_MAX ? DBL_MAX : to == 0 ? 0.0 : to) : INT64_MIN;
}

/* The strings of a Literal as words, if that is possible. */
static fc_status words(fc_arena *arena, const fc_keys *keys, fc_lane_field *out) {
    size_t room = ((size_t)keys->count / FC_PICK_ROOM + 1) * FC_PICK_ROOM;
    for (uint32_t i = 0; i < keys->count; i++)
        if (!keys->keys[i].token || keys->keys[i].len > 7) return FC_OK;
    uint64_t *texts = fc_arena_zeros(arena, room, sizeof *texts);
    uint64_t *masks = fc_arena_zeros(arena, room, sizeof *masks);
    uint8_t *lens = fc_arena_zeros(arena, room, 1);
    if (!texts || !masks || !lens) return FC_ENOMEM;
    memset(texts, 0xFF, room * sizeof *texts); /* what no text of JSON begins with */
    memset(masks, 0xFF, room * sizeof *masks);
    for (uint32_t i = 0; i < keys->count; i++) {
        const fc_key *key = &keys->keys[i];
        texts[i] = masks[i] = 0;
        memcpy(&texts[i], key->token + 1, (size_t)key->len + 1);
        memset(&masks[i], 0xFF, (size_t)key->len + 1);
        lens[i] = (uint8_t)key->len;
    }
    out->words = texts;
    out->masks = masks;
    out->lens = lens;
    return FC_OK;
}

fc_status fc_lane_build(fc_arena *arena, const fc_node *nodes, fc_record *record) {
    record->lane = NULL;
    uint32_t count = record->keys.count;
    for (uint32_t i = 0; i < count; i++)
        if (record->fields[i].cell > FC_CELL_TEXT && record->fields[i].cell != FC_CELL_TIME)
            return FC_OK;
    fc_lane_field *fields = fc_arena_zeros(arena, (size_t)count + 1, sizeof *fields);
    if (!fields) return FC_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const fc_record_field *field = &record->fields[i];
        const fc_node *node = &nodes[field->node];
        const fc_key *key = &record->keys.keys[i];
        fields[i].token = key->token;
        fields[i].token_len = key->token ? key->token_len : UINT32_MAX;
        fields[i].cell = field->cell;
        fields[i].nullable = node->nullable;
        fields[i].listed = node->kind == FC_NODE_LITERAL;
        fields[i].column = field->target;
        fields[i].node = node;
        fields[i].most_places = field->cell == FC_CELL_FLOAT ? FC_EXACT_POWER_MAX : -1;
        if (field->cell == FC_CELL_INT) fields[i].most_places = 0;
        if (field->cell == FC_CELL_FLOAT) fields[i].real = ~(uint64_t)0, fields[i].flip = INT64_MAX;
        if (field->cell == FC_CELL_INT || field->cell == FC_CELL_FLOAT) bounds(node, &fields[i]);
        if (field->cell == FC_CELL_CODE) FC_TRY(words(arena, &node->keys, &fields[i]));
    }
    record->lane = fields;
    return FC_OK;
}

/* Whether an object of the model can be scalars alone: other values give the lane up. */
static bool scalars(const fc_node *nodes, uint32_t number) {
    const fc_node *node = &nodes[number];
    /* Bounded, as a node may be its own child: pydantic takes such a schema, and then crashes. */
    for (int depth = 0; node->kind == FC_NODE_AFTER && depth < 64; depth++)
        node = &nodes[node->child];
    switch ((fc_node_kind)node->kind) {
    case FC_NODE_NONE:
    case FC_NODE_BOOL:
    case FC_NODE_INT:
    case FC_NODE_FLOAT:
    case FC_NODE_STR:
    case FC_NODE_LITERAL:
    case FC_NODE_DATE:
    case FC_NODE_DATETIME:
    case FC_NODE_UUID:
    case FC_NODE_TIME:
    case FC_NODE_DURATION:
    case FC_NODE_DECIMAL:
    case FC_NODE_BYTES: return true;
    case FC_NODE_UNION:
        return node->fields[FC_TOKEN_ARRAY] == FC_NO_NODE &&
               node->fields[FC_TOKEN_OBJECT] == FC_NO_NODE;
    default: return false;
    }
}

static bool leads(const fc_node *nodes, const fc_node *node) {
    switch ((fc_node_kind)node->kind) {
    case FC_NODE_ROWS:
    case FC_NODE_ROW:
    case FC_NODE_TABLE:
    case FC_NODE_ARRAY: return true;
    case FC_NODE_LIST:
    case FC_NODE_ROOT:
    case FC_NODE_AFTER: return nodes[node->child].leads;
    case FC_NODE_MODEL:
        if (node->searched) return false;
        break;
    default: return false;
    }
    for (uint32_t i = 0; i < node->keys.count; i++)
        if (nodes[node->fields[i]].leads) return true;
    return node->lane;
}

void fc_lane_mark(fc_node *nodes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        fc_node *node = &nodes[i];
        node->leads = false;
        if (node->kind != FC_NODE_MODEL || node->searched) continue;
        node->lane = node->keys.count > 0 && node->keys.count <= FC_RECORD_MAX_FIELDS;
        for (uint32_t f = 0; f < node->keys.count && node->lane; f++)
            node->lane = scalars(nodes, node->fields[f]);
    }
    /* Models may refer to each other in circles. */
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < count; i++) {
            if (nodes[i].leads || !leads(nodes, &nodes[i])) continue;
            changed = nodes[i].leads = true;
        }
    }
}
