/* Python's `_core` types around the plan kernel. */
#include "python/state.h"

int fc_py_plan_exec(PyObject *module, fc_state *state) {
    (void)module;
    (void)state;
    return 0;
}
