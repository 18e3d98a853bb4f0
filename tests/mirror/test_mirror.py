"""What scikit-learn's own tests found in plans, and that they would find it again."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from fastcore import Plan

from ..plan_compare import compare
from . import shadow

X = np.random.default_rng(0).normal(size=(30, 4))


def test_documents_that_are_dicts():
    documents = [{"text": "one two"}, {"text": "two"}]
    for kind in (CountVectorizer, HashingVectorizer):
        assert compare(kind(preprocessor=lambda each: each["text"]).fit(documents), documents)


def test_a_selector_of_a_fitted_model():
    model = SGDClassifier(random_state=0).fit(X, X[:, 0] > 0)
    assert compare(SelectFromModel(model, prefit=True), X)


@pytest.mark.parametrize("func", [np.log1p, None])
def test_names_that_a_function_gives_to_frames(func):
    frame = pd.DataFrame(np.abs(X), columns=list("abcd"))
    est = FunctionTransformer(func, feature_names_out=lambda _, names: [n + "!" for n in names])
    assert list(est.fit(frame).transform(frame).columns) == ["a!", "b!", "c!", "d!"]
    assert compare(est, frame)


def test_more_features_than_fit_into_memory():
    wide = sp.csr_matrix(([1.0], ([0], [5])), shape=(1, 2**31 - 2))
    assert compare(PolynomialFeatures(2, interaction_only=True).fit(wide), wide)


def _off(result):
    return result + 1e-15


def _narrow(result):
    return result.astype(np.float32)


def _stray(result):
    return np.ascontiguousarray(result) if result.flags.f_contiguous else np.asfortranarray(result)


@pytest.mark.parametrize("wrong", [_off, _narrow, _stray, lambda result: 1 / 0])
def test_a_difference_is_found(wrong, monkeypatch):
    monkeypatch.setattr(shadow, "differences", [])
    est = StandardScaler().fit(X)
    shadow.shadow(est, est.transform, X)
    assert shadow.differences == []
    right = Plan.transform
    monkeypatch.setattr(Plan, "transform", lambda self, given: wrong(right(self, given)))
    np.testing.assert_array_equal(shadow.shadow(est, est.transform, X), est.transform(X))
    assert len(shadow.differences) == 1
