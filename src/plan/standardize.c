/* StandardScaler: (x - mean) / scale in the input's own type; the constants are rounded to that
 * type first, as scikit-learn does, and it is a division, not a multiplication by a reciprocal.
 * Parameters: mean (d, width; optional), scale (d, width; optional). */
#include "plan/elementwise.h"

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    fc_lanes *lanes;
    FC_TRY(fc_lanes_new(arena, shape, &lanes));
    *state = lanes;
    FC_TRY(fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL));
    FC_TRY(fc_lanes_add_named(arena, lanes, blob, "mean", FC_LANE_SUB, true));
    FC_TRY(fc_lanes_add_named(arena, lanes, blob, "scale", FC_LANE_DIV, true));
    return fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL); /* of an overflow the original warns */
}

const fc_family fc_family_standardize = {
    .name = "standardize", .build = build, .run = fc_lanes_run};
