/* StandardScaler: (x - mean) / scale in the input's own type; the constants are rounded to that
 * type first, as scikit-learn does, and it is a division, not a multiplication by a reciprocal.
 * Parameters: mean (d, width; optional), scale (d, width; optional). */
#include "plan/elementwise.h"

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    fc_lanes *lanes;
    FC_TRY(fc_lanes_new(arena, shape, &lanes));
    *state = lanes;
    FC_TRY(fc_lanes_add(arena, lanes, FC_LANE_NO_INF, NULL));
    static const char *const names[] = {"mean", "scale"};
    static const fc_lane_kind kinds[] = {FC_LANE_SUB, FC_LANE_DIV};
    for (int i = 0; i < 2; i++) {
        const fc_blob_item *item = fc_blob_find(blob, names[i], 'd', shape->width);
        if (!item) {
            if (fc_blob_find(blob, names[i], 'd', SIZE_MAX)) return FC_EINVALID;
            continue;
        }
        const double *values = fc_blob_doubles(arena, item);
        if (!values) return FC_ENOMEM;
        FC_TRY(fc_lanes_add(arena, lanes, kinds[i], values));
    }
    return FC_OK;
}

const fc_family fc_family_standardize = {"standardize", build, fc_lanes_run};
