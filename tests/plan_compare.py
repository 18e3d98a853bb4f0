"""A plan against its estimator: value, dtype, format, exception and warnings."""

import warnings

import numpy as np
import pandas as pd
import pytest

from fastcore import Plan, UnsupportedError
from fastcore._sklearn_base import before_1_9


def outcome(call):
    """The value or the exception, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value, error = call(), None
        except Exception as raised:
            value, error = None, (type(raised), str(raised))
    return value, error, [(w.category, str(w.message)) for w in caught]


def assert_same(ours, theirs):
    assert type(ours) is type(theirs)
    if isinstance(theirs, pd.DataFrame):
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
        return
    if hasattr(theirs, "equals"):  # polars
        assert ours.schema == theirs.schema
        assert ours.equals(theirs)
        return
    if isinstance(theirs, list):  # a pipeline of nothing but "passthrough"
        assert ours is theirs or str(ours) == str(theirs)
        return
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    if hasattr(theirs, "indptr"):
        for name in ("data", "indices", "indptr"):
            a, b = getattr(ours, name), getattr(theirs, name)
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        return
    if theirs.dtype == object:  # NumPy does not take NaN in objects for equal
        pd.testing.assert_frame_equal(pd.DataFrame(ours), pd.DataFrame(theirs))
        return
    np.testing.assert_array_equal(ours, theirs)


def assert_near(ours, theirs, bound):
    """No further apart than `bound`, a number or one for each; what is equal or NaN is near."""
    with np.errstate(all="ignore"):
        near = np.abs(ours - theirs) <= bound
    near |= (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    assert near.all(), (
        f"{(~near).sum()} of {near.size} values are further apart than {np.max(bound)}"
    )


def assert_bits(ours, theirs):
    """Equal, and zeros of the same sign."""
    np.testing.assert_array_equal(ours, theirs)
    if theirs.dtype.kind == "f":
        sign = np.isnan(theirs) | (np.signbit(ours) == np.signbit(theirs))
        assert sign.all(), "signs of zeros"


def compare(est, X, plan=None):
    """The plan does what the estimator does with X; returns whether there was a value."""
    plan = Plan.from_sklearn(est) if plan is None else plan
    ours, theirs = outcome(lambda: plan.transform(X)), outcome(lambda: est.transform(X))
    assert ours[1] == theirs[1]
    assert ours[2] == theirs[2]
    if theirs[1] is None:
        assert_same(ours[0], theirs[0])
    return theirs[1] is None


def alone(est):
    """A plan that has nobody to ask: what it answers, C has computed."""
    plan = Plan.from_sklearn(est, strict=True)
    plan._original = plan._estimator = None
    return plan


def native_since_1_9(est, X):
    """The same; an older scikit-learn gives other containers, and is asked itself."""
    if before_1_9():
        with pytest.raises(UnsupportedError, match="this scikit-learn"):
            Plan.from_sklearn(est, strict=True)
        compare(est, X)
    else:
        native(est, X)


def native(est, X):
    """C computes this input, and to the estimator's bits."""
    ours, error, said = outcome(lambda: alone(est).transform(X))
    assert error is None, error
    theirs, _, spoken = outcome(lambda: est.transform(X))
    assert said == spoken
    assert_same(ours, theirs)
    return ours
