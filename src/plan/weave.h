/* Columns side by side become rows. */
#ifndef FC_PLAN_WEAVE_H
#define FC_PLAN_WEAVE_H

#include "fastcore/base.h"

/* Puts the cells of `count` columns, of `size` bytes (4 or 8) and without gaps, into the rows of a
 * matrix: cell r of column j goes to out + r * stride + j * size. */
void fc_weave(const void *const *columns, size_t count, size_t size, size_t rows, void *out,
              size_t stride);

#endif
