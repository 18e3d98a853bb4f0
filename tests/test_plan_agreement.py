"""Steps that only come near: what `explain` says of them, and that `verify` counts none of them;
and the picture of a plan."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, FastICA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, OneHotEncoder, StandardScaler

from fastcore import Plan, _plan_check


@pytest.fixture(autouse=True)
def native(monkeypatch):
    monkeypatch.delenv("FASTCORE_DISABLE", raising=False)


def sample(dtype=np.float64):
    X = np.random.default_rng(3).normal(size=(200, 7)) * 3 + 1e4
    return np.asfortranarray(X.astype(dtype))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("est", [PCA(3), PCA(2, whiten=True), Normalizer("l2"), Normalizer("l1")])
def test_what_comes_near_is_no_mismatch(est, dtype):
    X = sample(dtype)
    plan = Plan.from_sklearn(est.fit(X), verify=1.0)
    plan.transform(X)
    for row in range(20):
        plan.transform(X[row : row + 1])
    assert plan.counters()["verified"] == 21
    assert plan.counters()["mismatches"] == 0
    assert plan.explain().nodes[0].reason == "agrees to 1e-12, float32 to 1e-06"


def test_what_is_farther_is_one():
    X = sample()
    plan = Plan.from_sklearn(PCA(2).fit(X), verify=1.0)
    plan._estimator.mean_ = plan._estimator.mean_ + 1e-3
    plan.transform(X)
    assert plan.counters()["mismatches"] == 1
    nodes = plan.explain().nodes
    a = np.array([[1.0, np.nan]])
    assert _plan_check.agree(a, a + 1e-13, nodes)
    assert not _plan_check.agree(a, a + 1e-11, nodes)
    assert not _plan_check.agree(a, a + 1e-13)
    assert not _plan_check.agree(a, np.array([[1.0, 1.0]]), nodes)


def test_exact_steps_say_nothing():
    plan = Plan.from_sklearn(Normalizer("max").fit(sample()))
    assert plan.explain().nodes[0].reason == ""
    holes = np.where(np.eye(7, dtype=bool)[np.arange(200) % 7], np.nan, sample())
    said = Plan.from_sklearn(KNNImputer().fit(holes)).explain().nodes[0].reason
    assert said == "agrees to 1e-09, float32 to 2e-05"


# ---- The picture --------------------------------------------------------------------------------


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.said = [], set(), []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)


def mixed(columns):
    names = [f"<b>{i}&" for i in range(columns)]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(9, columns)), columns=names)
    frame["t"] = list("abcabcabc")
    chain = make_pipeline(SimpleImputer(), StandardScaler())
    parts = [("n", chain, names), ("t", OneHotEncoder(), ["t"])]
    return ColumnTransformer(parts, remainder="passthrough").fit(frame)


def test_a_picture_shows_columns_steps_and_outputs():
    page = Plan.from_sklearn(mixed(3))._repr_html_()
    said = " ".join(Reader(page).said)
    for text in ("<b>0&", "SimpleImputer", "StandardScaler", "OneHotEncoder", "n__<b>2&", "t__t_a"):
        assert text in said
    assert "4 columns in" in said
    assert "6 columns out" in said
    loaded = Plan._from_bytes(Plan.from_sklearn(mixed(3)).__reduce__()[1][0])
    assert "SimpleImputer" in " ".join(Reader(loaded._repr_html_()).said)


def test_pictures_are_bounded_and_plain():
    page = Plan.from_sklearn(mixed(3000))._repr_html_()
    assert len(page) < 10_000
    many = ColumnTransformer([(f"p{i}", StandardScaler(), [i]) for i in range(300)])
    page = Plan.from_sklearn(many.fit(np.random.default_rng(0).normal(size=(5, 300))))._repr_html_()
    assert len(page) < 10_000
    assert "… and 288 more branches" in page
    assert not Reader(page).tags & {"script", "img", "link", "a"}


def test_steps_of_scikit_learn_are_told_apart():
    ica = FastICA(2, max_iter=500, tol=0.5, random_state=0)
    page = Plan.from_sklearn(make_pipeline(StandardScaler(), ica).fit(sample()))._repr_html_()
    assert "scikit-learn&#x27;s own, Python at each call" in page
    function = FunctionTransformer(lambda X: X)
    assert "fc-foreign" in Plan.from_sklearn(function.fit(sample()))._repr_html_()
