/* `_core.Monitor` for the snapshots. */
#ifndef FC_PYTHON_MONITOR_H
#define FC_PYTHON_MONITOR_H

#include "python/py_reference.h"

/* What a monitor and its snapshots agree on. `fingerprint` is 32 bytes. 0, or -1 with an
 * exception. */
int fc_py_store_spec(PyObject *window, PyObject *slots, PyObject *fingerprint, fc_store_spec *spec);
/* Adds the windows of a monitor of this process, which may be updated meanwhile. */
int fc_py_monitor_add_to(PyObject *monitor, fc_snapshot *snapshot);

#endif
