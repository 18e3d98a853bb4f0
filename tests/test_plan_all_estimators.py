"""Every transformer that scikit-learn lists: compiled, run as it is, or refused where nothing else
is allowed; and whatever a plan answers, the estimator answers too."""

import copy
import inspect
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import all_estimators
from sklearn.utils._test_common.instance_generator import _construct_instances

from fastcore import Plan, UnsupportedError

from .plan_compare import assert_same, outcome

#: Without the one that can only fit and transform at once.
LISTED = {k: c for k, c in all_estimators("transformer") if hasattr(c, "transform")}
#: What two calls of the estimator itself agree on: these draw anew at each call.
RANDOM = {"BernoulliRBM"}
#: Where scikit-learn's bits vary with the batch or the memory order (its BLAS, its sums).
CLOSE = {"PCA", "IncrementalPCA", "TruncatedSVD", "Normalizer", "KNNImputer", "IterativeImputer"}
MANY = 60


def data_of(name):
    """Something that this transformer can be fitted on."""
    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(40, 5)).round(3)) + 0.5
    if name == "DictVectorizer":
        return [{"a": float(row[0]), f"k{int(row[1])}": 1} for row in X]
    if name == "FeatureHasher":
        return [{"a": float(row[0]), "b": 2.0} for row in X]
    if name in ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer"):
        return ["the cat sat", "a dog, the dog", "Über cats", ""] * 10
    if name in ("LabelEncoder", "LabelBinarizer"):
        return (X[:, 0] * 3).astype(int)
    if name == "MultiLabelBinarizer":
        return [{int(row[0] * 3), int(row[1] * 3)} for row in X]
    if name == "IsotonicRegression":
        return X[:, :1]
    if name == "PatchExtractor":
        return rng.normal(size=(3, 12, 12))
    if name == "KernelCenterer":
        return X @ X.T
    if name == "SparseCoder":
        return X[:, :3]  # as wide as the words it is constructed with
    return X


def instances(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return list(_construct_instances(LISTED[name]))
        except Exception:  # one that needs arguments nobody knows
            return []


def fitted(est, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        takes_y = "y" in inspect.signature(est.fit).parameters
        return est.fit(X, y) if takes_y and y is not None else est.fit(X)


def batches(X):
    """What it was fitted on, some of it, one row, none, and values it has not seen."""
    yield X
    yield X[:1]
    yield X[:0]
    if isinstance(X, np.ndarray):
        yield X[::-2]
        yield X * 3 + 1
        yield X.astype(np.float32)
        yield np.where(np.median(X) < X, np.nan, X) if X.dtype.kind == "f" else X


def check(est, X, name):
    """One plan, strict or not, against the estimator; whether it was native."""
    said = ""
    try:
        plan, native = Plan.from_sklearn(est, strict=True), True
    except UnsupportedError as error:
        plan, native, said = Plan.from_sklearn(est), False, str(error)
    assert native or ("strict=False" in said and type(est).__name__ in said)
    for batch in batches(X):
        ours = outcome(lambda b=batch: plan.transform(copy.deepcopy(b)))
        theirs = outcome(lambda b=batch: est.transform(copy.deepcopy(b)))
        assert ours[1] == theirs[1]
        assert ours[2] == theirs[2]
        if theirs[1] is not None or name in RANDOM:
            continue
        if native and name in CLOSE and isinstance(theirs[0], np.ndarray):
            assert ours[0].dtype == theirs[0].dtype
            tolerance = 1e-10 if theirs[0].dtype == np.float64 else 1e-4
            np.testing.assert_allclose(ours[0], theirs[0], rtol=tolerance, atol=tolerance)
        else:
            assert_same(ours[0], theirs[0])
    return native


@pytest.mark.parametrize("name", sorted(LISTED))
def test_no_plan_gives_another_value(name):
    X = data_of(name)
    done = 0
    for est in instances(name):
        est = clone(est)
        for y in (None, np.arange(len(X)) % 2):
            try:
                fitted(est, X, y)
            except Exception:
                continue
            if hasattr(est, "transform"):
                check(est, X, name)
                done += 1
            break
    assert done, "not fitted on this data"


def test_most_are_tried():
    """So that the test above cannot skip unseen what it once tried."""
    tried = 0
    for name in LISTED:
        X = data_of(name)
        for est in instances(name)[:1]:
            for y in (None, np.arange(len(X)) % 2):
                try:
                    fitted(clone(est), X, y)
                except Exception:
                    continue
                tried += 1
                break
    assert tried >= MANY
