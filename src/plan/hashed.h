/* The column and the sign that scikit-learn's hash gives to a name. */
#ifndef FC_PLAN_HASHED_H
#define FC_PLAN_HASHED_H

#include "base/murmur3.h"
#include "plan/family.h"

typedef struct fc_hashed {
    uint32_t width, mask; /* mask: of a width that is a power of two, or 0 */
    bool alternate;       /* the hash's sign is the value's */
} fc_hashed;

/* From the step's width and the parameter alternate. */
static inline fc_status fc_hashed_make(const fc_shape *shape, const fc_blob *blob, fc_hashed *out) {
    out->width = shape->width;
    out->mask = shape->width & (shape->width - 1) ? 0 : shape->width - 1;
    out->alternate = fc_blob_flag(blob, "alternate", 0) != 0;
    return shape->width && shape->width <= INT32_MAX ? FC_OK : FC_EINVALID;
}

/* Column * 2, plus 1 for a value of -1. The absolute value of the least hash is no int32. */
static inline uint32_t fc_hashed_key(const fc_hashed *self, const char *name, size_t size) {
    uint32_t hash = fc_murmur3(name, size, 0);
    bool negative = hash >> 31;
    uint32_t number = negative ? 0u - hash : hash;
    if (hash == 0x80000000u) number = 2147483647u - (self->width - 1);
    uint32_t column = self->mask ? number & self->mask : number % self->width;
    return column << 1 | (negative && self->alternate);
}

#endif
