/* Sizes of one name in the arrays of one object (fastcore/_agreement.py says what is asked). */
#include "python/py_array.h"
#include "python/py_schema.h"

/* The size, or -1: the field was not given, or is None. */
static Py_ssize_t size_of(const fc_py_size *size, const uint32_t *given, PyObject *const *values) {
    fc_array_info info;
    if (!given[size->field]) return -1; /* defaults were not looked at, and are not here */
    PyObject *value = values[size->field];
    if (!value || !fc_array_check(value) || fc_array_describe(value, "", &info) < 0) return -1;
    return (int)size->dimension < info.ndim ? info.shape[size->dimension] : -1;
}

bool fc_py_sizes_agree(const fc_py_model *model, const uint32_t *given, PyObject *const *values) {
    Py_ssize_t wanted = -1;
    for (uint32_t i = 0; i < model->size_count; i++) {
        const fc_py_size *size = &model->sizes[i];
        if (!i || size->name != size[-1].name) wanted = -1;
        Py_ssize_t found = size_of(size, given, values);
        if (wanted >= 0 && found >= 0 && found != wanted) return false;
        if (wanted < 0) wanted = found;
    }
    return true;
}
