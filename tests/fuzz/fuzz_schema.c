/* Documents against a small schema: the tape and the columns, at two SIMD levels, the same rows
 * read out of their span again, and the text as lines. The first byte chooses limits. */
#include <stdio.h>
#include <stdlib.h>

#include "require.h"
#include "schema_fixture.h"

static void same_rows(const fc_fill *a, const fc_fill *b) {
    REQUIRE(a->refused == b->refused && a->refusal_count == b->refusal_count);
    REQUIRE(a->set->rows == b->set->rows);
    size_t rows = (size_t)a->set->rows;
    for (uint32_t c = 0; c < a->set->count; c++) {
        const fc_column *one = &a->set->columns[c], *two = &b->set->columns[c];
        size_t bytes = one->info->row_bytes * (rows + (one->kind == FC_COLUMN_STRING));
        REQUIRE(memcmp(one->values, two->values, bytes) == 0);
        for (size_t r = 0; r < rows; r++)
            REQUIRE(fc_column_is_valid(one, (int64_t)r) == fc_column_is_valid(two, (int64_t)r));
        if (one->kind == FC_COLUMN_STRING && one->bytes)
            REQUIRE(memcmp(one->bytes, two->bytes, (size_t)((int64_t *)one->values)[rows]) == 0);
    }
}

/* Each filled value is read again by itself, from its span. */
static void check_fills(const fixture *f, const fc_tape *tape) {
    for (uint32_t i = 0; i < tape->count; i++) {
        const fc_tape_node *node = &tape->nodes[i];
        REQUIRE(node->start <= node->end && node->next > i && node->next <= tape->count);
        if (node->kind != FC_TAPE_FILL) continue;
        const fc_fill *fill = tape->fills[node->as.fill];
        fc_fill again;
        uint32_t number = tape->data[node->start] == '[' ? N_ROWS : N_ONE;
        REQUIRE(fc_fill_document(&f->schema, number, tape->data + node->start,
                                 node->end - node->start, &fc_alloc_libc, &again, NULL) == FC_OK);
        same_rows(fill, &again);
        fc_fill_free(&again);
    }
}

/* The text as lines of JSON: the same rows as the array of its lines gives. */
static void check_lines(const fixture *f, const char *text, size_t len) {
    fc_lines lines = {.data = text, .len = len, .most = 100, .final = true};
    fc_fill fill, whole;
    fc_status status = fc_fill_lines(&f->schema, N_ROWS, &lines, &fc_alloc_libc, &fill);
    REQUIRE(status == FC_OK || (status == FC_ESYNTAX && lines.error.at <= len));
    REQUIRE(lines.used <= len);
    if (status != FC_OK) return;
    char *array = malloc(len + 3);
    REQUIRE(array);
    size_t size = 0;
    array[size++] = '[';
    for (size_t at = 0; at < lines.used; at++) {
        const char *feed = memchr(text + at, '\n', lines.used - at);
        size_t end = feed ? (size_t)(feed - text) : lines.used;
        while (at < end && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r')) at++;
        if (at < end && size > 1) array[size++] = ',';
        memcpy(array + size, text + at, end - at);
        size += end - at;
        at = end;
    }
    array[size++] = ']';
    REQUIRE(fc_fill_document(&f->schema, N_ROWS, array, size, &fc_alloc_libc, &whole, NULL) ==
            FC_OK);
    same_rows(&fill, &whole);
    for (size_t i = 0; i < fill.refusal_count; i++) {
        const fc_refusal *a = &fill.refusals[i], *b = &whole.refusals[i];
        REQUIRE(a->row == b->row && a->place >= a->row && a->end - a->start == b->end - b->start);
        REQUIRE(memcmp(text + a->start, array + b->start, a->end - a->start) == 0);
    }
    fc_fill_free(&fill);
    fc_fill_free(&whole);
    free(array);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    fixture f;
    REQUIRE(fixture_make(&f, &fc_alloc_libc) == FC_OK);
    f.schema.limits.allow_nan = data[0] & 1;
    f.schema.max_rows = data[0] & 2 ? 3 : -1;
    const char *text = (const char *)data + 1;
    fc_cpu_level best = fc_cpu_current();
    fc_tape vector, generic;
    fc_tape_init(&vector, &f.schema, &fc_alloc_libc);
    fc_tape_init(&generic, &f.schema, &fc_alloc_libc);
    fc_json_error error;
    fc_status status = fc_tape_read(&vector, text, size - 1, &error);
    fc_cpu_force(FC_CPU_GENERIC);
    REQUIRE(fc_tape_read(&generic, text, size - 1, NULL) == status);
    fc_cpu_force(best);
    REQUIRE(status == FC_OK || (status == FC_ESYNTAX && error.at < size));
    if (status == FC_OK) {
        REQUIRE(vector.count == generic.count && vector.fill_count == generic.fill_count);
        for (uint32_t i = 0; i < vector.fill_count; i++)
            same_rows(vector.fills[i], generic.fills[i]);
        check_fills(&f, &vector);
    }
    check_lines(&f, text, size - 1);
    fc_tape_free(&vector);
    fc_tape_free(&generic);
    fixture_free(&f);
    return 0;
}
