/* From panels to the output's own type. Panels compute in floats; integers and booleans are carried
 * in them exactly, and here become what scikit-learn would give. */
#include <string.h>

#include "plan/run.h"

/* The largest integer below which every other is a float64 of its own. */
#define FC_EXACT 9007199254740991.0

/* What an integer of each kind holds. NaN is in no range. */
static bool in_range(double value, fc_source_kind kind) {
    static const double low[] = {0, 0, -FC_EXACT, -0x1p31, -0x1p15, -0x1p7, 0, 0, 0, 0};
    static const double high[] = {0,         0,        FC_EXACT,   0x1p31 - 1, 0x1p15 - 1,
                                  0x1p7 - 1, FC_EXACT, 0x1p32 - 1, 0x1p16 - 1, 0x1p8 - 1};
    return value >= low[kind] && value <= high[kind];
}

fc_status fc_store_cell(double value, fc_source_kind kind, void *out, size_t at) {
    if (kind > FC_SOURCE_F32 && !in_range(value, kind)) return FC_EREFUSED;
    switch (kind) {
    case FC_SOURCE_F64: ((double *)out)[at] = value; break;
    case FC_SOURCE_F32: ((float *)out)[at] = (float)value; break;
    case FC_SOURCE_I64: ((int64_t *)out)[at] = (int64_t)value; break;
    case FC_SOURCE_I32: ((int32_t *)out)[at] = (int32_t)value; break;
    case FC_SOURCE_I16: ((int16_t *)out)[at] = (int16_t)value; break;
    case FC_SOURCE_I8: ((int8_t *)out)[at] = (int8_t)value; break;
    case FC_SOURCE_U64: ((uint64_t *)out)[at] = (uint64_t)value; break;
    case FC_SOURCE_U32: ((uint32_t *)out)[at] = (uint32_t)value; break;
    case FC_SOURCE_U16: ((uint16_t *)out)[at] = (uint16_t)value; break;
    case FC_SOURCE_U8: ((uint8_t *)out)[at] = (uint8_t)value; break;
    default: return FC_EINVALID; /* texts */
    }
    return FC_OK;
}

#define FC_STORE(from_type, to_type)                                                               \
    for (size_t r = 0; r < rows; r++) {                                                            \
        const from_type *x = (const from_type *)panel + r * width;                                 \
        to_type *y = (to_type *)(void *)(out + (ptrdiff_t)r * stride);                             \
        for (size_t j = 0; j < width; j++) y[j] = (to_type)x[j];                                   \
    }
/* One loop for each panel type; int32 to float32 rounds, as NumPy does. */
#define FC_STORE_FROM(to_type)                                                                     \
    do {                                                                                           \
        if (from == FC_PLAN_F64) {                                                                 \
            FC_STORE(double, to_type)                                                              \
        } else if (from == FC_PLAN_F32) {                                                          \
            FC_STORE(float, to_type)                                                               \
        } else {                                                                                   \
            FC_STORE(int32_t, to_type)                                                             \
        }                                                                                          \
    } while (0)

/* Whether the kind holds all values of a panel. */
static bool all_in_range(const void *panel, fc_plan_type from, size_t count, fc_source_kind kind) {
    int bad = 0;
    for (size_t i = 0; i < count; i++) {
        double value = from == FC_PLAN_F64   ? ((const double *)panel)[i]
                       : from == FC_PLAN_F32 ? (double)((const float *)panel)[i]
                                             : ((const int32_t *)panel)[i];
        bad |= !in_range(value, kind);
    }
    return !bad;
}

fc_status fc_store_dense(const void *panel, fc_plan_type from, size_t width, size_t rows,
                         fc_source_kind kind, char *out, ptrdiff_t stride) {
    bool floats = kind == FC_SOURCE_F64 || kind == FC_SOURCE_F32;
    if (!floats && !all_in_range(panel, from, rows * width, kind)) return FC_EREFUSED;
    switch (kind) {
    case FC_SOURCE_F64: FC_STORE_FROM(double); break;
    case FC_SOURCE_F32: FC_STORE_FROM(float); break;
    case FC_SOURCE_I64: FC_STORE_FROM(int64_t); break;
    case FC_SOURCE_I32: FC_STORE_FROM(int32_t); break;
    case FC_SOURCE_I16: FC_STORE_FROM(int16_t); break;
    case FC_SOURCE_I8: FC_STORE_FROM(int8_t); break;
    case FC_SOURCE_U64: FC_STORE_FROM(uint64_t); break;
    case FC_SOURCE_U32: FC_STORE_FROM(uint32_t); break;
    case FC_SOURCE_U16: FC_STORE_FROM(uint16_t); break;
    case FC_SOURCE_U8: FC_STORE_FROM(uint8_t); break;
    default: return FC_EINVALID;
    }
    return FC_OK;
}

void fc_store_onehot(const int32_t *columns, size_t count, size_t width, size_t rows,
                     fc_source_kind kind, char *out, ptrdiff_t stride) {
    for (size_t r = 0; r < rows; r++, out += stride, columns += count) {
        memset(out, 0, width * fc_source_kind_size(kind));
        for (size_t j = 0; j < count; j++) {
            if (columns[j] < 0 || (size_t)columns[j] >= width) continue;
            if (kind == FC_SOURCE_F64)
                ((double *)(void *)out)[columns[j]] = 1.0;
            else
                (void)fc_store_cell(1.0, kind, out, (size_t)columns[j]);
        }
    }
}
