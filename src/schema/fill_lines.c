/* Lines of JSON into columns, in one pass: every line is a walk of its own, and all of them are the
 * records of one filling. */
#include <string.h>

#include "schema/fill.h"

/* Where the line's text begins; `end` if it is blank. */
static size_t text_of(const char *data, size_t at, size_t end) {
    while (at < end && (data[at] == ' ' || data[at] == '\t' || data[at] == '\r')) at++;
    return at;
}

/* A record's place among all lines: the walk knew nothing of others. */
static void move(const fc_lines *lines, fc_refusal *record, size_t begin) {
    record->start += begin;
    record->end += begin;
    record->place = (int64_t)(lines->first + lines->line);
}

/* The line in [begin, end), which is not blank. */
static fc_status take_line(fc_filling *f, fc_lines *lines, const fc_json_limits *limits,
                           size_t begin, size_t end) {
    fc_fill *out = f->out;
    size_t known = out->refusal_count, spans = out->span_count;
    FC_TRY(fc_json_walk(lines->data + begin, end - begin, limits, f->own, f, &lines->error));
    for (; known < out->refusal_count; known++) move(lines, &out->refusals[known], begin);
    for (; spans < out->span_count; spans++) {
        out->spans[spans].start += begin;
        out->spans[spans].end += begin;
        move(lines, &out->spans[spans].record, begin);
    }
    return FC_OK;
}

static fc_status take_lines(fc_filling *f, fc_lines *lines, const fc_json_limits *limits) {
    const char *data = lines->data;
    while (lines->used < lines->len && (uint64_t)f->set->rows < lines->most) {
        const char *feed = memchr(data + lines->used, '\n', lines->len - lines->used);
        if (!feed && !lines->final) break;
        size_t end = feed ? (size_t)(feed - data) : lines->len;
        size_t begin = text_of(data, lines->used, end);
        if (begin < end) {
            fc_status status = take_line(f, lines, limits, begin, end);
            if (status != FC_OK) {
                lines->error.at += begin;
                return status;
            }
        }
        lines->used = end + (feed != NULL);
        lines->line++;
    }
    return FC_OK;
}

fc_status fc_fill_lines(const fc_schema *schema, uint32_t node, fc_lines *lines,
                        const fc_alloc *alloc, fc_fill *fill) {
    fc_json_limits limits = schema->limits;
    if (schema->nodes[node].kind != FC_NODE_ROWS || !limits.max_depth) return FC_EINVALID;
    limits.max_depth--; /* the records stand in an array, if only in spirit */
    fc_filling filling;
    FC_TRY(fc_filling_start(&filling, schema, node, alloc, fill));
    filling.open = 1;
    lines->used = 0;
    lines->line = 0;
    fc_status status = take_lines(&filling, lines, &limits);
    if (status != FC_OK) {
        fc_fill_free(fill);
        return status;
    }
    fill->end = lines->used;
    return FC_OK;
}
