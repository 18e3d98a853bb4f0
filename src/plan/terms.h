/* From a document to its terms, as scikit-learn's analyzers "word", "char" and "char_wb" have them:
 * lower case, accents, tokens, stop words, n-grams. A document may also be its tokens, which
 * somebody else has found: each in UTF-8, and behind each the byte FC_TOKEN_END, which no UTF-8
 * has.
 *
 * What characters are is told by tables (parameters), because it depends on the Unicode version of
 * whoever makes the plan: which are word characters and white space, and what each becomes by
 * lowering and stripping. ASCII is known here. Parameters, of any family that reads documents:
 *   analyzer (q: 0 word, 1 char, 2 char_wb, 3 tokens), ngrams (q, 2: the shortest and longest n);
 *   all others are optional for tokens, where but for the stop words they have no meaning:
 *   least (q, optional: the fewest characters of a word; 2), lower (q: whether ASCII is lowered),
 *   fold_codes (q, rising: the characters, not ASCII, that become something else), fold_ends (q)
 *   and fold_bytes (b): what each becomes, UTF-8,
 *   refused (q): characters that only the original can tell about (a capital sigma),
 *   word_bits, space_bits (b): a bit for each code point; those past the end are 0,
 *   stop_bytes (b), stop_ends (q; optional): stop words, see plan/words.h. */
#ifndef FC_PLAN_TERMS_H
#define FC_PLAN_TERMS_H

#include "plan/csr.h"
#include "plan/words.h"

typedef struct fc_analyzer {
    int kind; /* fc_analyzer_kind */
    size_t min_n, max_n;
    size_t least; /* characters of a token of words */
    bool lower;
    bool stops; /* `stop` is there */
    fc_words stop;
    size_t fold_count, fold_most; /* entries, and the longest one's bytes */
    const int64_t *fold_codes, *fold_ends, *refused;
    const char *fold_bytes;
    const uint8_t *fold_bits; /* which characters are in fold_codes */
    const uint8_t *word_bits, *space_bits;
    size_t fold_limit, word_limit, space_limit; /* bits in each */
    size_t refused_count;
} fc_analyzer;

typedef enum fc_analyzer_kind {
    FC_TERMS_WORD = 0,
    FC_TERMS_CHAR,
    FC_TERMS_CHAR_WB,
    FC_TERMS_GIVEN
} fc_analyzer_kind;

enum { FC_TOKEN_END = 0xFF };

/* A term: bytes [begin, end) of `bytes`. */
typedef struct fc_span {
    uint32_t begin, end;
} fc_span;

typedef struct fc_terms {
    const char *bytes;
    const fc_span *spans;
    size_t count;
} fc_terms;

fc_status fc_analyzer_make(fc_arena *arena, const fc_blob *blob, fc_analyzer *out);
/* The terms of a document, in scratch memory of `csr` (rooms 0 to 2) until the next call.
 * FC_EREFUSED for what is no text, no UTF-8, or has a refused character. */
fc_status fc_terms_find(const fc_analyzer *analyzer, fc_text text, fc_csr *csr, fc_terms *out);

/* Room for the `count` keys of a row, numbers by which its values are sorted (room 3 of `csr`). */
fc_status fc_keys_reserve(fc_csr *csr, size_t count, uint32_t **out);
/* Where the keys are in rising order: there, or behind them in the room. */
uint32_t *fc_keys_sort(uint32_t *keys, size_t count);

#endif
