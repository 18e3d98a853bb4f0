/* Python's `_core` types around the schema kernel. */
#include "python/state.h"

int fc_py_schema_exec(PyObject *module, fc_state *state) {
    (void)module;
    (void)state;
    return 0;
}
