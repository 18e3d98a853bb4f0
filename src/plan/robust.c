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
    static const char *const names[] = {"center", "scale"};
    static const fc_lane_kind kinds[] = {FC_LANE_SUB, FC_LANE_DIV};
    for (int i = 0; i < 2; i++) {
        const fc_blob_item *item = fc_blob_find(blob, names[i], 'd', shape->width);
        if (!item) {
            if (fc_blob_find(blob, names[i], 'd', SIZE_MAX)) return FC_EINVALID;
            continue;
        }
        const double *values = fc_blob_doubles(arena, item);
        if (!values) return FC_ENOMEM;
        FC_TRY(fc_lanes_add(arena, lanes, fc_lanes_wide(lanes, kinds[i], single), values));
    }
    return fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL); /* of an overflow the original warns */
}

const fc_family fc_family_robust = {"robust", build, fc_lanes_run};
