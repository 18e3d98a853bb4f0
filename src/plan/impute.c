/* SimpleImputer on numbers: a missing value becomes its column's fill. Missing is NaN, or a marker
 * number (then scikit-learn refuses NaN). Parameters: fill (d, width), marker (d, 1; optional). */
#include "plan/elementwise.h"

static fc_status build(fc_arena *arena, const fc_shape *shape, const fc_blob *blob, void **state) {
    const fc_blob_item *fill = fc_blob_find(blob, "fill", 'd', shape->width);
    const fc_blob_item *marker = fc_blob_find(blob, "marker", 'd', 1);
    if (!fill) return FC_EINVALID;
    fc_lanes *lanes;
    FC_TRY(fc_lanes_new(arena, shape, &lanes));
    *state = lanes;
    const double *values = fc_blob_doubles(arena, fill);
    if (!values) return FC_ENOMEM;
    FC_TRY(fc_lanes_add(arena, lanes, marker ? FC_LANE_FINITE : FC_LANE_NO_INF, NULL));
    if (!marker) return fc_lanes_add(arena, lanes, FC_LANE_FILL, values);
    const double *what = fc_blob_doubles(arena, marker);
    return what ? fc_lanes_replace(arena, lanes, values, *what) : FC_ENOMEM;
}

const fc_family fc_family_impute = {.name = "impute", .build = build, .run = fc_lanes_run};
