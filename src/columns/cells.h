/* Where the cells of a set lie; for the files of this folder. */
#ifndef FC_COLUMNS_CELLS_H
#define FC_COLUMNS_CELLS_H

#include "fastcore/columns.h"

/* What waits for its next use is nobody's to read: AddressSanitizer is told so. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FC_POISON(at, bytes) __asan_poison_memory_region(at, bytes)
#define FC_UNPOISON(at, bytes) __asan_unpoison_memory_region(at, bytes)
#else
#define FC_POISON(at, bytes) ((void)0)
#define FC_UNPOISON(at, bytes) ((void)0)
#endif

/* Lays out the cells of `capacity` rows from the address `base` on (0 for offsets): all values,
 * then all bitmaps. With `columns` their pointers are set; without, only *total (bytes) and *bits
 * (where the bitmaps begin) are found. False if the sizes pass what a size_t can say. */
bool fc_cells_place(const fc_layout *layout, size_t capacity, uintptr_t base, fc_column *columns,
                    size_t *total, size_t *bits);

#endif
