/* What the rest of the glue needs of the Python type `_core.Columns`. */
#ifndef FC_PYTHON_COLUMNS_H
#define FC_PYTHON_COLUMNS_H

#include "fastcore/columns.h"
#include "python/state.h"

/* A new Columns object of type `cls` (a subclass of _core.Columns) that owns `set`. Takes the set
 * also when it fails. OBJECT cells are owned references (or NULL, meaning None). */
PyObject *fc_py_columns_wrap(PyTypeObject *cls, fc_columns *set);
/* The set inside, borrowed; TypeError naming `argument` for anything else. */
fc_columns *fc_py_columns_of(fc_state *state, PyObject *object, const char *argument);

/* Makes column specifications out of a sequence of tuples
 * (name: str, kind: int, items: int, nullable: bool, utc: bool, texts: tuple[str, ...] | None),
 * `kind` being an fc_column_kind. Everything is copied into `arena`. 0, or -1 with an exception. */
int fc_py_column_specs(PyObject *sequence, fc_arena *arena, fc_column_spec **specs,
                       uint32_t *count);

/* Writes a Python value into cell `row`: None is null; bool, int, float, str, datetime, date as
 * the column's kind wants (for CODE a text of the dictionary; for items > 1 a sequence of that
 * length). The caller has reserved the row. 0, or -1 with TypeError/ValueError/OverflowError. */
int fc_py_column_put(fc_columns *set, uint32_t column, int64_t row, PyObject *value);

/* Releases the references of OBJECT cells in rows [0, rows) and frees the set: for a set that no
 * Columns object owns yet. */
void fc_py_columns_discard(fc_columns *set);

#endif
