/* MaxAbsScaler: x / scale. With float32 input and float64 constants NumPy divides in double and
 * stores float32; `single` says that the constants were float32 themselves.
 * Parameters: scale (d, width), single (q, 1), clip (q, 1; optional: to [-1, 1], NaN stays). */
#include "plan/elementwise.h"

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *scale = fc_blob_find(blob, "scale", 'd', shape->width);
    if (!scale) return FC_EINVALID;
    fc_lanes *lanes;
    FC_TRY(fc_lanes_new(arena, shape, &lanes));
    *state = lanes;
    const double *values = fc_blob_doubles(arena, scale);
    if (!values) return FC_ENOMEM;
    bool single = fc_blob_flag(blob, "single", 0) != 0;
    FC_TRY(fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL));
    FC_TRY(fc_lanes_add(arena, lanes, fc_lanes_wide(lanes, FC_LANE_DIV, single), values));
    FC_TRY(
        fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL)); /* of an overflow the original warns */
    if (!fc_blob_flag(blob, "clip", 0)) return FC_OK;
    FC_TRY(fc_lanes_add_same(arena, lanes, FC_LANE_AT_LEAST, -1));
    return fc_lanes_add_same(arena, lanes, FC_LANE_AT_MOST, 1);
}

const fc_family fc_family_maxabs = {.name = "maxabs", .build = build, .run = fc_lanes_run};
