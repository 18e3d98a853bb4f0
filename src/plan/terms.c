/* Tokens and n-grams. ASCII documents of words take a way of their own, eight characters at once.
 */
#include "plan/terms.h"

#include <string.h>

#include "base/bytes.h"

/* Longer documents are the original's: positions are 32 bits. */
enum { MOST_BYTES = 1 << 28 };

/* ---- Parameters ------------------------------------------------------------------------ */

static bool read_bits(fc_arena *arena, const fc_blob *blob, const char *name, const uint8_t **bits,
                      size_t *limit) {
    const fc_blob_item *item = fc_blob_find(blob, name, 'b', SIZE_MAX);
    if (!item) return false;
    *bits = (const uint8_t *)fc_blob_bytes(arena, item);
    *limit = item->count * 8;
    return true;
}

static bool has(const uint8_t *bits, size_t limit, uint32_t c) {
    return c < limit && (bits[c >> 3] >> (c & 7) & 1);
}

static fc_status read_folding(fc_arena *arena, const fc_blob *blob, fc_analyzer *out) {
    const fc_blob_item *codes = fc_blob_find(blob, "fold_codes", 'q', SIZE_MAX);
    const fc_blob_item *bytes = fc_blob_find(blob, "fold_bytes", 'b', SIZE_MAX);
    const fc_blob_item *ends = codes ? fc_blob_find(blob, "fold_ends", 'q', codes->count) : NULL;
    if (!codes || !bytes || !ends) return FC_EINVALID;
    out->fold_count = codes->count;
    out->fold_codes = fc_blob_ints(arena, codes);
    out->fold_ends = fc_blob_ints(arena, ends);
    out->fold_bytes = fc_blob_bytes(arena, bytes);
    if (!out->fold_codes || !out->fold_ends || !out->fold_bytes) return FC_ENOMEM;
    int64_t code = 0x7F, end = 0;
    for (size_t i = 0; i < out->fold_count; i++) {
        int64_t next = out->fold_ends[i];
        if (out->fold_codes[i] <= code || out->fold_codes[i] > 0x10FFFF || next < end ||
            (uint64_t)next > bytes->count ||
            !fc_utf8_valid(out->fold_bytes + end, (size_t)(next - end)))
            return FC_EINVALID;
        if ((size_t)(next - end) > out->fold_most) out->fold_most = (size_t)(next - end);
        code = out->fold_codes[i];
        end = next;
    }
    out->fold_limit = (size_t)code + 1;
    uint8_t *bits = fc_arena_zeros(arena, out->fold_limit / 8 + 1, 1);
    if (!bits) return FC_ENOMEM;
    for (size_t i = 0; i < out->fold_count; i++)
        bits[out->fold_codes[i] >> 3] |= (uint8_t)(1u << (out->fold_codes[i] & 7));
    out->fold_bits = bits;
    return FC_OK;
}

static bool is_word_ascii(int c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_space_ascii(uint32_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
}

static char lowered(const fc_analyzer *analyzer, uint32_t c) {
    return (char)(analyzer->lower && c >= 'A' && c <= 'Z' ? c | 32 : c);
}

static fc_status read_characters(fc_arena *arena, const fc_blob *blob, fc_analyzer *out) {
    const fc_blob_item *refused = fc_blob_find(blob, "refused", 'q', SIZE_MAX);
    if (!refused) return FC_EINVALID;
    out->lower = fc_blob_flag(blob, "lower", 0) != 0;
    out->refused_count = refused->count;
    if (!(out->refused = fc_blob_ints(arena, refused))) return FC_ENOMEM;
    if (!read_bits(arena, blob, "word_bits", &out->word_bits, &out->word_limit) ||
        !read_bits(arena, blob, "space_bits", &out->space_bits, &out->space_limit))
        return FC_EINVALID;
    if (!out->word_bits || !out->space_bits) return FC_ENOMEM;
    return read_folding(arena, blob, out);
}

fc_status fc_analyzer_make(fc_arena *arena, const fc_blob *blob, fc_analyzer *out) {
    memset(out, 0, sizeof *out);
    const fc_blob_item *ngrams = fc_blob_find(blob, "ngrams", 'q', 2);
    int64_t kind = fc_blob_flag(blob, "analyzer", -1), sizes[2];
    int64_t least = fc_blob_flag(blob, "least", 2);
    if (kind < 0 || kind > FC_TERMS_GIVEN || !ngrams || least < 1 || least > MOST_BYTES)
        return FC_EINVALID;
    memcpy(sizes, ngrams->data, sizeof sizes);
    if (sizes[0] < 1 || sizes[1] < sizes[0] || sizes[1] > MOST_BYTES) return FC_EINVALID;
    out->kind = (int)kind;
    out->min_n = (size_t)sizes[0];
    out->max_n = (size_t)sizes[1];
    out->least = kind == FC_TERMS_GIVEN ? 0 : (size_t)least;
    if (kind != FC_TERMS_GIVEN) FC_TRY(read_characters(arena, blob, out));
    out->stops = fc_blob_find(blob, "stop_bytes", 'b', SIZE_MAX) != NULL;
    return out->stops ? fc_words_make(arena, blob, "stop_bytes", "stop_ends", &out->stop) : FC_OK;
}

/* ---- Where a document's terms are gathered ----------------------------------------------- */

enum { BYTES, TOKENS, NGRAMS, KEYS }; /* rooms */

typedef struct fc_scan {
    const fc_analyzer *analyzer;
    fc_csr *csr;
    size_t used;   /* bytes */
    size_t begin;  /* of the token under way */
    size_t chars;  /* in it; in a run of white space (char) */
    size_t tokens; /* in room TOKENS: spans of words, or where characters begin */
    size_t ngrams; /* in room NGRAMS */
} fc_scan;

static char *scan_bytes(const fc_scan *scan) { return scan->csr->rooms[BYTES].at; }

static fc_status add_span(fc_csr *csr, int room, size_t *count, size_t begin, size_t end) {
    FC_TRY(fc_room_reserve(csr, room, (*count + 1) * sizeof(fc_span)));
    ((fc_span *)csr->rooms[room].at)[(*count)++] = (fc_span){(uint32_t)begin, (uint32_t)end};
    return FC_OK;
}

/* The end of a word's token: kept if it is long enough and no stop word, with a space behind it, so
 * that an n-gram of words is a stretch of the bytes. */
static inline fc_status end_word(fc_scan *scan) {
    size_t begin = scan->begin, chars = scan->chars;
    const fc_analyzer *analyzer = scan->analyzer;
    scan->chars = 0;
    if (chars < analyzer->least ||
        (analyzer->stops &&
         fc_words_find(&analyzer->stop, scan_bytes(scan) + begin, scan->used - begin) >= 0)) {
        scan->used = begin;
        return FC_OK;
    }
    FC_TRY(add_span(scan->csr, TOKENS, &scan->tokens, begin, scan->used));
    scan_bytes(scan)[scan->used++] = ' ';
    scan->begin = scan->used;
    return FC_OK;
}

static fc_status add_mark(fc_scan *scan) {
    FC_TRY(fc_room_reserve(scan->csr, TOKENS, (scan->tokens + 2) * sizeof(uint32_t)));
    ((uint32_t *)scan->csr->rooms[TOKENS].at)[scan->tokens++] = (uint32_t)scan->used;
    return FC_OK;
}

/* All n-grams of characters between the marks; `lonely`: a word shorter than n stands for itself,
 * once. */
static fc_status add_char_ngrams(fc_scan *scan, bool lonely) {
    size_t chars = scan->tokens;
    uint32_t *marks = scan->csr->rooms[TOKENS].at;
    if (!chars) return FC_OK;
    marks[chars] = (uint32_t)scan->used; /* add_mark left room for it */
    for (size_t n = scan->analyzer->min_n; n <= scan->analyzer->max_n; n++) {
        if (n > chars && !lonely) break;
        size_t size = n < chars ? n : chars;
        for (size_t i = 0; i + size <= chars; i++)
            FC_TRY(add_span(scan->csr, NGRAMS, &scan->ngrams, marks[i], marks[i + size]));
        if (n >= chars) break;
    }
    return FC_OK;
}

static fc_status end_padded(fc_scan *scan) {
    if (!scan->tokens) return FC_OK;
    FC_TRY(add_mark(scan));
    scan_bytes(scan)[scan->used++] = ' ';
    FC_TRY(add_char_ngrams(scan, true));
    scan->tokens = 0;
    return FC_OK;
}

/* ---- Characters -------------------------------------------------------------------------- */

/* One character `c`, of `size` bytes, as it is after lowering and stripping. Room for it and for
 * two spaces more is there. */
static fc_status add_char(fc_scan *scan, uint32_t c, const char *bytes, size_t size) {
    const fc_analyzer *analyzer = scan->analyzer;
    if (analyzer->kind == FC_TERMS_WORD) {
        bool word =
            c < 128 ? is_word_ascii((int)c) : has(analyzer->word_bits, analyzer->word_limit, c);
        if (!word) return end_word(scan);
        scan->chars++;
    } else {
        bool space =
            c < 128 ? is_space_ascii(c) : has(analyzer->space_bits, analyzer->space_limit, c);
        if (analyzer->kind == FC_TERMS_CHAR) {
            scan->chars = space ? scan->chars + 1 : 0;
            if (scan->chars > 2) return FC_OK;
            if (scan->chars == 2) { /* the run is one space, whatever it began with */
                scan->used = ((uint32_t *)scan->csr->rooms[TOKENS].at)[scan->tokens - 1];
                scan_bytes(scan)[scan->used++] = ' ';
                return FC_OK;
            }
        } else {
            if (space) return end_padded(scan);
            if (!scan->tokens) {
                FC_TRY(add_mark(scan));
                scan_bytes(scan)[scan->used++] = ' ';
            }
        }
        FC_TRY(add_mark(scan));
    }
    memcpy(scan_bytes(scan) + scan->used, bytes, size);
    scan->used += size;
    return FC_OK;
}

/* The character at `at`, in text that is known to be UTF-8. */
static uint32_t decode(const char *text, size_t *size) {
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) return *size = 1, at[0];
    if (at[0] < 0xE0) return *size = 2, (uint32_t)(at[0] & 0x1F) << 6 | (at[1] & 0x3F);
    if (at[0] < 0xF0)
        return *size = 3,
               (uint32_t)(at[0] & 0x0F) << 12 | (uint32_t)(at[1] & 0x3F) << 6 | (at[2] & 0x3F);
    return *size = 4, (uint32_t)(at[0] & 0x07) << 18 | (uint32_t)(at[1] & 0x3F) << 12 |
                          (uint32_t)(at[2] & 0x3F) << 6 | (at[3] & 0x3F);
}

static fc_status add_folded(fc_scan *scan, uint32_t c) {
    const fc_analyzer *analyzer = scan->analyzer;
    size_t low = 0, high = analyzer->fold_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (analyzer->fold_codes[middle] <= (int64_t)c)
            low = middle;
        else
            high = middle;
    }
    size_t at = low ? (size_t)analyzer->fold_ends[low - 1] : 0;
    size_t end = (size_t)analyzer->fold_ends[low];
    while (at < end) {
        size_t size;
        uint32_t folded = decode(analyzer->fold_bytes + at, &size);
        FC_TRY(add_char(scan, folded, analyzer->fold_bytes + at, size));
        at += size;
    }
    return FC_OK;
}

static fc_status scan_any(fc_scan *scan, const char *text, size_t len) {
    const fc_analyzer *analyzer = scan->analyzer;
    /* Each character adds itself, a space before a word and one behind it. */
    size_t most = analyzer->fold_most * 3 + 16;
    for (size_t at = 0, size; at < len; at += size) {
        FC_TRY(fc_room_reserve(scan->csr, BYTES, scan->used + most));
        if (scan->used > 4u * (size_t)MOST_BYTES) return FC_EREFUSED;
        uint32_t c = decode(text + at, &size);
        if (c < 128) {
            char low = lowered(analyzer, c);
            FC_TRY(add_char(scan, (uint32_t)low, &low, 1));
            continue;
        }
        for (size_t i = 0; i < analyzer->refused_count; i++)
            if (analyzer->refused[i] == (int64_t)c) return FC_EREFUSED;
        if (has(analyzer->fold_bits, analyzer->fold_limit, c))
            FC_TRY(add_folded(scan, c));
        else
            FC_TRY(add_char(scan, c, text + at, size));
    }
    FC_TRY(fc_room_reserve(scan->csr, BYTES, scan->used + most));
    return FC_OK;
}

static bool is_ascii(const char *text, size_t len) {
    uint64_t seen = 0;
    size_t at = 0;
    for (; at + 8 <= len; at += 8) seen |= fc_load64(text + at);
    for (; at < len; at++) seen |= (uint64_t)(unsigned char)text[at];
    return !(seen & 0x8080808080808080u);
}

/* Eight ASCII characters at once. 0x80 in each byte that is at least `c`. */
static uint64_t at_least(uint64_t bytes, unsigned char c) {
    const uint64_t ones = 0x0101010101010101u;
    return ((bytes | ones << 7) - c * ones) & ones << 7;
}

/* A bit for each of the eight that is a word's; lowers them if `lower` is 0x20 in each byte. */
static uint64_t word_mask(uint64_t *bytes, uint64_t lower) {
    const uint64_t ones = 0x0101010101010101u;
    uint64_t x = *bytes, underscore = x ^ '_' * ones;
    uint64_t upper = at_least(x, 'A') & ~at_least(x, 'Z' + 1);
    uint64_t word = upper | (at_least(x, 'a') & ~at_least(x, 'z' + 1)) |
                    (at_least(x, '0') & ~at_least(x, '9' + 1)) |
                    (~(underscore + 0x7F * ones) & ones << 7);
    *bytes = x | (upper >> 2 & lower);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return (word >> 7) * 0x0102040810204080u >> 56;
}

/* Token [begin, end) of the bytes, if it is one; `*tokens` has room. */
static void put_word(const fc_analyzer *analyzer, const char *bytes, size_t begin, size_t end,
                     fc_span *tokens, size_t *count) {
    tokens[*count] = (fc_span){(uint32_t)begin, (uint32_t)end};
    bool kept = end - begin >= analyzer->least;
    if (kept && analyzer->stops)
        kept = fc_words_find(&analyzer->stop, bytes + begin, end - begin) < 0;
    *count += kept;
}

/* Words of an ASCII document: where in 64 characters a word begins or ends is a bit. They lie in a
 * copy of the document as they do in it. */
static fc_status scan_ascii_words(fc_scan *scan, const char *text, size_t len) {
    const fc_analyzer *analyzer = scan->analyzer;
    FC_TRY(fc_room_reserve(scan->csr, BYTES, len + 8));
    FC_TRY(fc_room_reserve(scan->csr, TOKENS, (len / 2 + 2) * sizeof(fc_span)));
    char *bytes = scan_bytes(scan);
    fc_span *tokens = scan->csr->rooms[TOKENS].at;
    uint64_t lower = analyzer->lower ? 0x2020202020202020u : 0, before = 0;
    size_t begin = 0;
    for (size_t at = 0; at < len; at += 64) {
        uint64_t words = 0, eight = 0;
        for (size_t i = 0; i < 64 && at + i < len; i += 8, eight = 0) {
            size_t left = len - at - i;
            memcpy(&eight, text + at + i, left < 8 ? left : 8);
            words |= word_mask(&eight, lower) << i;
            memcpy(bytes + at + i, &eight, 8);
        }
        uint64_t edges = words ^ (words << 1 | before);
        bool open = before;
        for (; edges; edges &= edges - 1, open = !open) {
            size_t edge = at + (size_t)__builtin_ctzll(edges);
            if (open)
                put_word(analyzer, bytes, begin, edge, tokens, &scan->tokens);
            else
                begin = edge;
        }
        before = words >> 63;
    }
    if (before) put_word(analyzer, bytes, begin, len, tokens, &scan->tokens);
    return FC_OK;
}

/* Words one behind the other, a space behind each: an n-gram of words is a stretch of the bytes. */
static void move_together(fc_scan *scan) {
    char *bytes = scan_bytes(scan);
    fc_span *tokens = scan->csr->rooms[TOKENS].at;
    for (size_t i = 0, used = 0; i < scan->tokens; i++) {
        size_t size = tokens[i].end - tokens[i].begin;
        memmove(bytes + used, bytes + tokens[i].begin, size);
        tokens[i] = (fc_span){(uint32_t)used, (uint32_t)(used + size)};
        used += size;
        bytes[used++] = ' ';
    }
}

static fc_status scan_given(fc_scan *scan, const char *text, size_t len) {
    FC_TRY(fc_room_reserve(scan->csr, BYTES, len));
    for (size_t at = 0, size; at < len; at += size + 1) {
        const char *end = memchr(text + at, FC_TOKEN_END, len - at);
        if (!end) return FC_EREFUSED;
        size = (size_t)(end - (text + at));
        if (!fc_utf8_valid(text + at, size)) return FC_EREFUSED;
        memcpy(scan_bytes(scan) + scan->used, text + at, size);
        scan->used += size;
        FC_TRY(end_word(scan));
    }
    return FC_OK;
}

/* ---- Terms ------------------------------------------------------------------------------- */

static fc_status add_word_ngrams(fc_scan *scan) {
    size_t tokens = scan->tokens;
    for (size_t n = scan->analyzer->min_n; n <= scan->analyzer->max_n && n <= tokens; n++)
        for (size_t i = 0; i + n <= tokens; i++) {
            const fc_span *spans = scan->csr->rooms[TOKENS].at;
            FC_TRY(
                add_span(scan->csr, NGRAMS, &scan->ngrams, spans[i].begin, spans[i + n - 1].end));
        }
    return FC_OK;
}

static fc_status scan_text(fc_scan *scan, const char *text, size_t len) {
    if (scan->analyzer->kind == FC_TERMS_GIVEN) return scan_given(scan, text, len);
    bool ascii = is_ascii(text, len);
    if (!ascii && !fc_utf8_valid(text, len)) return FC_EREFUSED;
    if (!ascii || scan->analyzer->kind != FC_TERMS_WORD) return scan_any(scan, text, len);
    FC_TRY(scan_ascii_words(scan, text, len));
    if (scan->analyzer->max_n > 1) move_together(scan);
    return FC_OK;
}

fc_status fc_terms_find(const fc_analyzer *analyzer, fc_text text, fc_csr *csr, fc_terms *out) {
    if (text.size < 0 || text.size > MOST_BYTES) return FC_EREFUSED;
    fc_scan scan = {analyzer, csr, 0, 0, 0, 0, 0};
    bool words = analyzer->kind == FC_TERMS_WORD || analyzer->kind == FC_TERMS_GIVEN;
    FC_TRY(scan_text(&scan, text.data, (size_t)text.size));
    bool ngrams = true;
    if (words) {
        if (scan.chars) FC_TRY(end_word(&scan));
        ngrams = analyzer->max_n > 1;
        if (ngrams) FC_TRY(add_word_ngrams(&scan));
    } else if (analyzer->kind == FC_TERMS_CHAR) {
        FC_TRY(add_char_ngrams(&scan, false));
    } else {
        FC_TRY(end_padded(&scan));
    }
    out->bytes = scan_bytes(&scan);
    out->spans = csr->rooms[ngrams ? NGRAMS : TOKENS].at;
    out->count = ngrams ? scan.ngrams : scan.tokens;
    return FC_OK;
}

/* ---- Keys -------------------------------------------------------------------------------- */

enum { LEAST_KEYS = 8, FEW_KEYS = 32 };

/* A digit at a time, the least first; digits that all keys share are passed over. */
static uint32_t *sort_digits(uint32_t *keys, uint32_t *other, size_t count) {
    for (int shift = 0; shift < 32; shift += 8) {
        size_t starts[256] = {0};
        for (size_t i = 0; i < count; i++) starts[keys[i] >> shift & 255]++;
        if (starts[keys[0] >> shift & 255] == count) continue;
        for (size_t i = 0, sum = 0; i < 256; i++) {
            size_t n = starts[i];
            starts[i] = sum;
            sum += n;
        }
        for (size_t i = 0; i < count; i++) other[starts[keys[i] >> shift & 255]++] = keys[i];
        uint32_t *swap = keys;
        keys = other;
        other = swap;
    }
    return keys;
}

/* Each key's place is the number of those before it: no comparison decides where to go on. */
static uint32_t *rank(const uint32_t *keys, uint32_t *other, size_t count) {
    uint32_t all[LEAST_KEYS], places[LEAST_KEYS] = {0};
    for (size_t i = 0; i < LEAST_KEYS; i++) all[i] = i < count ? keys[i] : UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < LEAST_KEYS; j++)
            places[j] += (all[i] < all[j]) | ((all[i] == all[j]) & (i < j));
    for (size_t i = 0; i < count; i++) other[places[i]] = keys[i];
    return other;
}

fc_status fc_keys_reserve(fc_csr *csr, size_t count, uint32_t **out) {
    size_t bytes;
    if (!fc_size_mul(count, 2 * sizeof(uint32_t), &bytes)) return FC_ENOMEM;
    FC_TRY(fc_room_reserve(csr, KEYS, bytes));
    *out = csr->rooms[KEYS].at;
    return FC_OK;
}

uint32_t *fc_keys_sort(uint32_t *keys, size_t count) {
    if (count <= LEAST_KEYS) return rank(keys, keys + count, count);
    if (count > FEW_KEYS) return sort_digits(keys, keys + count, count);
    for (size_t i = 1; i < count; i++) {
        uint32_t key = keys[i];
        size_t at = i;
        for (; at && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
        keys[at] = key;
    }
    return keys;
}
