/* A fixed list of texts and the number of each: a vocabulary, stop words. */
#ifndef FC_PLAN_WORDS_H
#define FC_PLAN_WORDS_H

#include "plan/family.h"

typedef struct fc_words {
    size_t count;
    const char *bytes;
    const int64_t *ends;   /* text i is bytes[ends[i - 1] .. ends[i]) */
    const uint64_t *slots; /* (upper half of the hash, number + 1) or 0; open addressing */
    size_t mask;
} fc_words;

/* From the parameters `bytes_name` (b) and `ends_name` (q); FC_EINVALID if they are absent or do
 * not hold together. Of equal texts the first one counts. */
fc_status fc_words_make(fc_arena *arena, const fc_blob *blob, const char *bytes_name,
                        const char *ends_name, fc_words *out);
/* The number of the text, or -1. */
int64_t fc_words_find(const fc_words *words, const char *text, size_t size);

#endif
