/* The straight way through flat records and objects says what the way event by event says: for
 * every truncation and mutation of records in several spellings, at every SIMD level. */
#include <math.h>

#include "flat_fixture.h"
#include "harness.h"

static void compare(flat *f, uint32_t node, const char *text, size_t len) {
    char *copy = harness_copy(text, len); /* so that a sanitizer sees what is read behind it */
    fc_fill straight, events;
    fc_json_error error[2];
    fc_record plain = f->record;
    plain.lane = NULL;
    fc_frame frame = f->frame;
    frame.records = &plain;
    fc_schema schema = f->schema;
    schema.frames = &frame;
    fc_status status =
        fc_fill_document(&f->schema, node, copy, len, &fc_alloc_libc, &straight, &error[0]);
    fc_status other =
        fc_fill_document(&schema, node, copy, len, &fc_alloc_libc, &events, &error[1]);
    CHECK_FOR(status == other, "%.*s", (int)len, text);
    if (status == FC_OK && other == FC_OK) {
        CHECK_FOR(same_fills(&straight, &events), "%.*s", (int)len, text);
    } else {
        CHECK_FOR(error[0].fault == error[1].fault && error[0].at == error[1].at, "%.*s", (int)len,
                  text);
    }
    if (status == FC_OK) fc_fill_free(&straight);
    if (other == FC_OK) fc_fill_free(&events);
    free(copy);
}

/* The pairs of one object with keys, and the slots of the same object. */
static bool same_object(const flat *f, const fc_tape *slots, uint32_t a, const fc_tape *pairs,
                        uint32_t b) {
    const fc_tape_node *object = &pairs->nodes[b];
    uint32_t found[FIELDS] = {0}, child = b + 1;
    for (uint64_t i = 0; i < object->as.count; i++) {
        fc_json_string key = fc_tape_string(pairs, &pairs->nodes[child]);
        int32_t number = fc_keys_find(&f->record.keys, &key, 0);
        if (number >= 0) found[number] = child + 1;
        child = pairs->nodes[child + 1].next;
    }
    for (uint32_t i = 0; i < FIELDS; i++) {
        const fc_tape_node *slot = &slots->nodes[a + 1 + i], *value = &pairs->nodes[found[i]];
        if ((slot->kind == FC_TAPE_ABSENT) != (found[i] == 0)) return false;
        if (!found[i]) continue;
        if (slot->kind != value->kind || slot->flags != value->flags ||
            slot->start != value->start || slot->end != value->end)
            return false;
        bool number = slot->kind == FC_JSON_INT || slot->kind == FC_JSON_FLOAT;
        if (number && slot->as.integer != value->as.integer) return false; /* the same bits */
    }
    return slots->nodes[a].start == object->start && slots->nodes[a].end == object->end;
}

/* Both tapes of the document agree; returns how many objects stand in slots. */
static int compare_tapes(flat *f, const char *text, size_t len) {
    char *copy = harness_copy(text, len);
    fc_schema with = f->schema, without = f->schema;
    fc_node nodes[NODES];
    memcpy(nodes, f->nodes, sizeof nodes);
    nodes[MODEL].lane = false;
    with.root = without.root = LIST;
    without.nodes = nodes;
    fc_tape a, b;
    fc_json_error error[2];
    int records = 0;
    fc_tape_init(&a, &with, &fc_alloc_libc);
    fc_tape_init(&b, &without, &fc_alloc_libc);
    fc_status status = fc_tape_read(&a, copy, len, &error[0]);
    CHECK(fc_tape_read(&b, copy, len, &error[1]) == status);
    if (status == FC_OK && b.nodes[0].kind == FC_JSON_ARRAY) {
        CHECK(a.nodes[0].as.count == b.nodes[0].as.count);
        uint32_t i = 1, j = 1;
        for (uint64_t n = 0; n < b.nodes[0].as.count; n++) {
            CHECK_FOR(a.nodes[i].kind == b.nodes[j].kind, "%.*s", (int)len, text);
            if (a.nodes[i].kind == FC_JSON_OBJECT && a.nodes[i].flags & FC_TAPE_RECORD) {
                CHECK_FOR(same_object(f, &a, i, &b, j), "%.*s", (int)len, text);
                records++;
            }
            i = a.nodes[i].next;
            j = b.nodes[j].next;
        }
        CHECK(i == a.count && j == b.count);
    } else if (status != FC_OK) {
        CHECK(error[0].fault == error[1].fault && error[0].at == error[1].at);
    }
    fc_tape_free(&a);
    fc_tape_free(&b);
    free(copy);
    return records;
}

#define PRESSURE "\"pressure_in_the_first_of_the_vessels_behind_the_pump_as_it_was_measured\""

static const char *const documents[] = {
    "[{\"x\":1.5," PRESSURE ":2.25,\"i\\\"\":-50,\"count_of_orders\":30,\"count_of_others\":true,"
    "\"kind_of_a_longish_name\":\"seven77\",\"\":\"a longer one\",\"s\xc3\xa9\":\"\xc3\xa9\\n\"}]",
    "[{\"s\xc3\xa9\":\"\",\"\":\"a\",\"kind_of_a_longish_name\":\"\xc3\xa9\",\"count_of_others\":"
    "false,\"count_of_orders\":-7,\"i\\\"\":9223372036854775807,\"x\":-0},{\"s\xc3\xa9\":\"abcd\","
    "\"\":\"a\",\"kind_of_a_longish_name\":null,\"count_of_others\":null,\"count_of_orders\":1,"
    "\"i\\u0022\":-0,\"x\":null}]",
    " [ {\n    \"x\": 1e2,\n    " PRESSURE ": 9.99,\n    \"i\\\"\": 12,\n    \"count_of_orders\": "
    "1,\n    \"count_of_others\" : true ,\n    \"\": \"a\",\n    \"s\xc3\xa9\": \"t\"\n  }, {}, 3, "
    "{\"x\": 1} ] ",
    "[{\"more\":[1],\"x\":1},{\"more\":1.5e3,\"x\":12345678901234567890.5,\"\":\"a\",\"i\\\"\":1,"
    "\"count_of_orders\":1,\"other\":\"\\u00e9\",\"count_of_others\":true,\"s\xc3\xa9\":\"\",\"z\":"
    "null}]",
};

static void test_every_mutation(void) {
    static const char bytes[] = "\"{}[],:.-+0eE1tfnN \n\\\x01\x80\xc3\x00";
    for (int forbid = 0; forbid < 2; forbid++) {
        flat f;
        CHECK(flat_make(&f, forbid) == FC_OK);
        for (size_t d = 0; d < sizeof documents / sizeof *documents; d++) {
            size_t len = strlen(documents[d]);
            char *text = harness_copy(documents[d], len);
            for (size_t at = 0; at <= len; at++) compare(&f, ROWS, text, at);
            for (size_t at = 0; at <= len; at++) (void)compare_tapes(&f, text, at);
            for (size_t at = 0; at < len; at++) {
                char kept = text[at];
                for (size_t b = 0; b < sizeof bytes; b++) {
                    text[at] = bytes[b];
                    compare(&f, ROWS, text, len);
                    (void)compare_tapes(&f, text, len);
                }
                text[at] = kept;
            }
            free(text);
        }
        flat_free(&f);
    }
}

/* Values at the edges of what a cell takes, the one record of a ROW, and records in no order. */
static void test_values(void) {
    static const char *const values[] = {"0",
                                         "-0",
                                         "-0.0",
                                         "0.0",
                                         "10",
                                         "10.0",
                                         "9.9999999999999999",
                                         "5e-324",
                                         "1e-400",
                                         "1e400",
                                         "-51",
                                         "-50",
                                         "1.0",
                                         "true",
                                         "null",
                                         "9223372036854775808",
                                         "\"a\"",
                                         "\"\"",
                                         "\"\\u0061\"",
                                         "\"abcde\"",
                                         "[]",
                                         "{}",
                                         "-",
                                         "1.",
                                         "01",
                                         ".5",
                                         "NaN",
                                         "Infinity",
                                         "\"seven77\"",
                                         "\"seven7\"",
                                         "\"a longer one\"",
                                         "9007199254740993",
                                         "1e-5",
                                         "30",
                                         "-7"};
    flat f;
    CHECK(flat_make(&f, false) == FC_OK);
    uint64_t seed = 7;
    int slots = 0;
    for (int round = 0; round < 4000; round++) {
        char text[2048], *at = text;
        uint32_t order[FIELDS];
        for (uint32_t i = 0; i < FIELDS; i++) order[i] = i;
        at += sprintf(at, "[");
        for (int r = 0; r < 3; r++) {
            if (round % 3) {
                for (uint32_t i = FIELDS - 1; i; i--) {
                    uint32_t j = (uint32_t)(harness_random(&seed) % (i + 1)), kept = order[i];
                    order[i] = order[j], order[j] = kept;
                }
            }
            static const char *const good[] = {"1",    "2.5",    "3",     "30",
                                               "true", "\"bb\"", "\"a\"", "\"t\""};
            at += sprintf(at, "%s{", r ? "," : "");
            for (uint32_t i = 0; i < FIELDS; i++) {
                const fc_key *key = &f.record.keys.keys[order[i]];
                const char *value = good[order[i]];
                if (harness_random(&seed) % 12 == 0)
                    value = values[harness_random(&seed) % (sizeof values / sizeof *values)];
                const char *name = order[i] == I ? "i\\\"" : key->name;
                at += sprintf(at, "%s\"%s\":%s", i ? "," : "", name, value);
            }
            at += sprintf(at, "}");
        }
        at += sprintf(at, "]");
        compare(&f, ROWS, text, (size_t)(at - text));
        slots += compare_tapes(&f, text, (size_t)(at - text));
        compare(&f, ROW, text + 1, (size_t)(strchr(text, '}') - text));
    }
    CHECK(slots > 6000);
    flat_free(&f);
}

/* That it is taken at all: a lane that gives everything up would pass the others. */
static void test_it_is_taken(void) {
    static const char text[] =
        "{\"x\":1.5," PRESSURE ":2.25,\"count_of_orders\":30,\"count_of_others\":true,"
        "\"kind_of_a_longish_name\":\"seven77\",\"\":\"a longer one\",\"s\xc3\xa9\":\"\","
        "\"i\\\"\":1}";
    flat f;
    CHECK(flat_make(&f, true) == FC_OK);
    fc_filling filling;
    fc_fill fill;
    CHECK(f.record.lane != NULL);
    CHECK(fc_filling_start(&filling, &f.schema, ROWS, &fc_alloc_libc, &fill) == FC_OK);
    CHECK(fc_columns_reserve(fill.set, 1) == FC_OK);
    const char *next = NULL;
    CHECK(fc_lane_read(&filling, &f.record, text, text + sizeof text - 1, &next) == FC_OK);
    CHECK(next == text + sizeof text - 1);
    CHECK(((double *)fill.set->columns[P].values)[0] == 2.25);
    CHECK(((int32_t *)fill.set->columns[K].values)[0] == 3);
    fc_fill_free(&fill);
    flat_free(&f);
}

static void test_every_level(void) {
    fc_cpu_level best = fc_cpu_current();
    for (int level = FC_CPU_GENERIC; level <= FC_CPU_AVX512; level++) {
        if (fc_cpu_force((fc_cpu_level)level) != (fc_cpu_level)level) continue;
        test_it_is_taken();
        test_every_mutation();
        test_values();
    }
    CHECK(fc_cpu_force(best) == best);
}

static const harness_test tests[] = {TEST(test_every_level)};
TEST_MAIN(tests)
