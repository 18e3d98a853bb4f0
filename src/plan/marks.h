/* Bits to counts by column: bit i of a stretch says something of its value i, and the columns of
 * values go round. Sums are kept in bytes from one block to the next, since looking at them column
 * by column costs as much as a block does. */
#ifndef FC_PLAN_MARKS_H
#define FC_PLAN_MARKS_H

#include "fastcore/base.h"

enum { FC_MARKS_WIDTH = 64 }; /* the most columns */

typedef struct fc_marks {
    size_t width, period; /* words of 64 bits after which columns go round */
    size_t rounds;        /* that the sums may have by now */
    size_t column;        /* of the first sum */
    uint64_t counts[FC_MARKS_WIDTH];
    uint8_t sums[]; /* 64 for each word of a period */
} fc_marks;

/* The bytes of one for so many columns, and one made in them (aligned to 8). */
size_t fc_marks_bytes(size_t width);
fc_marks *fc_marks_place(void *memory, size_t width);
/* Counts the bits [first, end) that are set; bit 0 belongs to column `column`. Whole words are
 * read. */
void fc_marks_add(fc_marks *marks, const uint64_t *bits, size_t first, size_t end, size_t column);
/* Makes `counts` whole. */
void fc_marks_flush(fc_marks *marks);

#endif
