/* What the files of the watch share: `_core.Reference` and its users. */
#ifndef FC_PYTHON_REFERENCE_H
#define FC_PYTHON_REFERENCE_H

#include "fastcore/monitor.h"
#include "python/state.h"

/* The reference inside, borrowed; TypeError naming `argument` for anything else. */
fc_reference *fc_py_reference_of(fc_state *state, PyObject *object, const char *argument);
/* How a set feeds the reference: a reference of the caller's, or NULL with KeyError for a feature
 * without a column, TypeError for a column of another kind. */
fc_mapping *fc_py_reference_mapping(PyObject *reference, fc_columns *set);
/* A set of one row out of a dict, made for fc_py_reference_row_mapping. Keys that are no feature
 * are passed over; KeyError for a missing one, TypeError or ValueError for a value. */
fc_columns *fc_py_reference_row(PyObject *reference, PyObject *dict);
fc_mapping *fc_py_reference_row_mapping(PyObject *reference); /* borrowed */

/* The reference inside of a `_core.Reference`, borrowed. */
const fc_reference *fc_py_reference_inside(PyObject *object);
/* The method `compare` of `_core.Reference` (python/py_compare.c). */
extern const char fc_py_compare_doc[];
PyObject *fc_py_compare(PyObject *reference, PyObject *const *args, Py_ssize_t nargs);
/* The words of an array that is a block of a reference, borrowed; NULL with ValueError. */
const uint64_t *fc_py_block_of(const fc_reference *reference, PyObject *object);

#endif
