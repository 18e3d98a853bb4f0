/* RobustScaler: x - center, rounded, then / scale, rounded. With float32 input NumPy computes each
 * of the two in the wider type of input and constants, and stores float32. Here they are computed
 * in double unless all constants were float32 (`single`): that is the same number, since one
 * operation on float32 values, rounded to double and then to float32, is rounded as if once.
 * Parameters: center, scale (d, width; each optional), single (q, 1). */
#include "plan/elementwise.h"

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    fc_lanes *lanes;
    FC_TRY(fc_lanes_new(arena, shape, &lanes));
    *state = lanes;
    FC_TRY(fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL));
    bool single = fc_blob_flag(blob, "single", 0) != 0;
    FC_TRY(fc_lanes_add_named(arena, lanes, blob, "center", FC_LANE_SUB, single));
    FC_TRY(fc_lanes_add_named(arena, lanes, blob, "scale", FC_LANE_DIV, single));
    return fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL); /* of an overflow the original warns */
}

const fc_family fc_family_robust = {.name = "robust", .build = build, .run = fc_lanes_run};
