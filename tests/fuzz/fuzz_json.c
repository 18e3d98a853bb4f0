/* Fuzzing the JSON reader. The first byte chooses limits; the rest is the text. The walk must agree
 * with a plain reading of the RFC on what JSON is, with itself at every CPU level and with and
 * without predicted keys, and with strtod on every number; otherwise abort.
 *
 * LLVMFuzzerTestOneInput is libFuzzer's entry; driver.c calls it for files. */
#include "harness.h"
#include "oracle.h"
#include "transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds) abort();
}

/* Numbers against the C library, in the C locale. */
static fc_status check_number(fc_json_walker *w, const fc_json_number *number) {
    (void)w;
    char text[512];
    if (number->len >= sizeof text || number->kind == FC_JSON_NONFINITE) return FC_OK;
    memcpy(text, number->text, number->len);
    text[number->len] = 0;
    double got = fc_json_number_double(number), want = strtod(text, NULL);
    if (strcmp(text, "-0") == 0) want = 0.0;
    require(memcmp(&got, &want, sizeof got) == 0);
    int64_t integer;
    if (fc_json_number_int64(number, &integer)) {
        char again[32];
        snprintf(again, sizeof again, "%" PRId64, integer);
        require(strcmp(again, text) == 0 || strcmp(text, "-0") == 0);
    }
    /* The scanner on its own finds the same. */
    fc_json_number alone;
    const char *end = number->text + number->len;
    require(fc_json_number_scan(number->text, w->limit, false, &alone) == end);
    require(alone.mantissa == number->mantissa && alone.exponent == number->exponent);
    require(alone.truncated == number->truncated && alone.kind == number->kind);
    return FC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    static const uint32_t depths[] = {FC_JSON_MAX_DEPTH, 0, 1, 3};
    const fc_json_limits limits = {depths[data[0] >> 1 & 3], data[0] & 1};
    const char *text = (const char *)data + 1;
    size_t len = size - 1;
    bool want = oracle_accepts(text, len, limits), utf8 = oracle_utf8_valid(text, len);
    transcript first = {0};
    fc_json_error first_error = {FC_FAULT_NONE, 0};
    bool begun = false;
    FOR_EACH_LEVEL(level) {
        require(fc_utf8_valid(text, len) == utf8);
        for (int predicting = 0; predicting < 2; predicting++) {
            transcript t = {0};
            fc_json_error error;
            fc_status status = fc_json_walk(
                text, len, &limits, predicting ? &transcript_predicting_sink : &transcript_sink, &t,
                &error);
            require((status == FC_OK) == want && !t.broken && error.at <= len);
            if (begun) {
                require(error.fault == first_error.fault && error.at == first_error.at);
                require(t.len == first.len && (!t.len || memcmp(t.text, first.text, t.len) == 0));
                free(t.text);
            } else {
                first = t, first_error = error, begun = true;
            }
        }
    }
    free(first.text);
    fc_json_sink numbers = fc_json_sink_none;
    numbers.number = check_number;
    fc_json_walk(text, len, &limits, &numbers, NULL, NULL);
    if (utf8 && len < 4096) {
        size_t leads = 0;
        uint32_t ceiling;
        fc_json_string plain = {text, len, false, false};
        for (size_t i = 0; i < len; i++) leads += (text[i] & 0xC0) != 0x80;
        require(fc_json_string_chars(&plain, &ceiling) == leads);
    }
    return 0;
}
