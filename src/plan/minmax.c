/* MinMaxScaler: x * scale, rounded, then + min, rounded. With float32 input and float64 constants
 * NumPy computes each of the two in double and stores float32: `single` says that the constants
 * were float32 themselves. Parameters: scale, min (d, width), single (q, 1), clip (d, 2; optional:
 * NaN stays NaN). */
#include "plan/elementwise.h"

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *scale = fc_blob_find(blob, "scale", 'd', shape->width);
    const fc_blob_item *min = fc_blob_find(blob, "min", 'd', shape->width);
    const fc_blob_item *clip = fc_blob_find(blob, "clip", 'd', 2);
    if (!scale || !min) return FC_EINVALID;
    fc_lanes *lanes;
    FC_TRY(fc_lanes_new(arena, shape, &lanes));
    *state = lanes;
    const double *scales = fc_blob_doubles(arena, scale), *mins = fc_blob_doubles(arena, min);
    if (!scales || !mins) return FC_ENOMEM;
    bool single = fc_blob_flag(blob, "single", 0) != 0;
    FC_TRY(fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL));
    FC_TRY(fc_lanes_add(arena, lanes, fc_lanes_wide(lanes, FC_LANE_MUL, single), scales));
    FC_TRY(fc_lanes_add(arena, lanes, fc_lanes_wide(lanes, FC_LANE_ADD, single), mins));
    FC_TRY(
        fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL)); /* of an overflow the original warns */
    if (!clip) return FC_OK;
    const double *range = fc_blob_doubles(arena, clip);
    if (!range) return FC_ENOMEM;
    FC_TRY(fc_lanes_add_same(arena, lanes, FC_LANE_AT_LEAST, range[0]));
    return fc_lanes_add_same(arena, lanes, FC_LANE_AT_MOST, range[1]);
}

const fc_family fc_family_minmax = {.name = "minmax", .build = build, .run = fc_lanes_run};
