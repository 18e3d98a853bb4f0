"""The table of NumPy's inner loops that plans run themselves."""

import numpy as np

from fastcore import _core


def test_every_function_of_the_table_was_found_and_agreed():
    names = _core.plan_loops()
    assert len(names) == 38
    assert {"log1p", "expm1", "log", "exp", "sqrt", "sin"} < set(names)
    for name in names:
        ufunc = getattr(np, name)
        assert ufunc.nin == ufunc.nout == 1
        assert {"d->d", "f->f"} <= set(ufunc.types)
