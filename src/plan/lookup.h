/* From texts to codes: a hash table over UTF-8, for columns that hold texts as bytes. */
#ifndef FC_PLAN_LOOKUP_H
#define FC_PLAN_LOOKUP_H

#include "fastcore/base.h"

typedef struct fc_lookup_text {
    const char *text;
    size_t len;
    int32_t code;
} fc_lookup_text;

typedef struct fc_lookup fc_lookup;

/* A table of `count` different texts; they are copied. FC_ELIMIT for 2^30 of them or more. */
fc_status fc_lookup_new(const fc_alloc *alloc, const fc_lookup_text *texts, size_t count,
                        fc_lookup **out);
void fc_lookup_free(fc_lookup *lookup);

/* The code of one text, or -1. */
int32_t fc_lookup_find(const fc_lookup *lookup, const char *text, size_t len);
/* The codes of `rows` texts, text i being bytes[offsets[i] .. offsets[i + 1]), to codes[i * step].
 * Offsets that do not hold together within `size` bytes make an empty text. */
void fc_lookup_codes(const fc_lookup *lookup, const char *bytes, int64_t size,
                     const int64_t *offsets, size_t rows, int32_t *codes, size_t step);

#endif
