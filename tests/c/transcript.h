/* A sink that writes down all that it is told, as text: walks are compared by it. */
#ifndef FASTCORE_TESTS_TRANSCRIPT_H
#define FASTCORE_TESTS_TRANSCRIPT_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastcore/json.h"

typedef struct transcript {
    char *text;
    size_t len, room;
    bool broken; /* an invariant of the reader did not hold */
} transcript;

static void transcript_bytes(transcript *t, const char *data, size_t len) {
    if (t->len + len + 1 > t->room) {
        t->room = (t->len + len + 1) * 2;
        t->text = realloc(t->text, t->room);
        if (!t->text) abort();
    }
    if (len) memcpy(t->text + t->len, data, len);
    t->len += len;
    t->text[t->len] = 0;
}

__attribute__((format(printf, 2, 3))) static void transcript_put(transcript *t, const char *format,
                                                                 ...) {
    char line[200];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    transcript_bytes(t, line, (size_t)n);
}

static fc_status transcript_begin(fc_json_walker *w, fc_json_kind kind, const char *at) {
    transcript *t = w->self;
    t->broken |= *at != (kind == FC_JSON_OBJECT ? '{' : '[') || at < w->data || at >= w->limit;
    transcript_put(t, kind == FC_JSON_OBJECT ? "{%u " : "[%u ", w->depth);
    return FC_OK;
}

static fc_status transcript_end(fc_json_walker *w, fc_json_kind kind, const char *end,
                                size_t count) {
    transcript *t = w->self;
    t->broken |= end[-1] != (kind == FC_JSON_OBJECT ? '}' : ']') || end > w->limit;
    transcript_put(t, kind == FC_JSON_OBJECT ? "%zu}%u " : "%zu]%u ", count, w->depth);
    return FC_OK;
}

static void transcript_text(transcript *t, const fc_json_walker *w, const fc_json_string *string) {
    char *decoded = malloc(string->len + 1);
    if (!decoded) abort();
    size_t n = fc_json_string_decode(string, decoded);
    t->broken |= string->data[-1] != '"' || string->data[string->len] != '"';
    t->broken |= string->data + string->len >= w->limit || n > string->len;
    t->broken |= !fc_utf8_valid(decoded, n) || !fc_json_string_equal(string, decoded, n);
    t->broken |= n > 0 && fc_json_string_equal(string, decoded, n - 1);
    t->broken |= string->escaped != (memchr(string->data, '\\', string->len) != NULL);
    bool ascii = true;
    for (size_t i = 0; i < string->len; i++) ascii &= (unsigned char)string->data[i] < 0x80;
    t->broken |= string->ascii != ascii;
    transcript_bytes(t, decoded, n);
    free(decoded);
}

static fc_status transcript_key(fc_json_walker *w, const fc_json_string *key) {
    transcript_put(w->self, "k:");
    transcript_text(w->self, w, key);
    transcript_put(w->self, " ");
    return FC_OK;
}

static fc_status transcript_string(fc_json_walker *w, const fc_json_string *string) {
    transcript_put(w->self, "s:");
    transcript_text(w->self, w, string);
    transcript_put(w->self, " ");
    return FC_OK;
}

static fc_status transcript_number(fc_json_walker *w, const fc_json_number *number) {
    transcript *t = w->self;
    double value = fc_json_number_double(number);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    char kind = number->kind == FC_JSON_INT ? 'i' : number->kind == FC_JSON_FLOAT ? 'f' : 'n';
    transcript_put(t, "%c:%s%" PRIu64 "e%" PRId64 "%s/%zu=%016" PRIx64 " ", kind,
                   number->negative ? "-" : "", number->mantissa, number->exponent,
                   number->truncated ? "+" : "", number->len, bits);
    t->broken |= number->text < w->data || number->text + number->len > w->limit;
    return FC_OK;
}

static fc_status transcript_literal(fc_json_walker *w, fc_json_kind kind, const char *at) {
    transcript *t = w->self;
    t->broken |= *at != "nft"[kind];
    transcript_put(t, "%c ", *at);
    return FC_OK;
}

/* Recognises the key "a" with the colon right behind it; notes it as transcript_key would. */
static const char *transcript_predict(fc_json_walker *w, const char *at, const char *end) {
    transcript *t = w->self;
    t->broken |= at >= end || *at != '"' || end != w->limit;
    if (end - at < 4 || memcmp(at, "\"a\":", 4) != 0) return NULL;
    transcript_put(t, "k:a ");
    return at + 4;
}

static const fc_json_sink transcript_sink = {transcript_begin,
                                             transcript_end,
                                             transcript_key,
                                             transcript_number,
                                             transcript_string,
                                             transcript_literal,
                                             NULL};
static const fc_json_sink transcript_predicting_sink = {
    transcript_begin,  transcript_end,     transcript_key,    transcript_number,
    transcript_string, transcript_literal, transcript_predict};

#endif
