"""Parameters of families as a forged plan file may have them: refused when a plan is built."""

from pathlib import Path

import numpy as np
import pytest

from fastcore import _core

SEEDS = Path(__file__).parent / "fuzz" / "corpus" / "plan"


def build(family, inputs=1, **blob):
    """A plan of one column and one step."""
    vectors = {
        name: np.atleast_1d(np.asarray(value, np.float64 if name in DOUBLES else np.int64))
        for name, value in blob.items()
        if value is not None
    }
    sources = ((0, None, None, -1, -1),)
    steps = ((family, (0,) * inputs, 0, 1, vectors),)
    return _core.Program(sources, ((0, (0,)),), steps, ((1, 0, 1),), 1, "f8")


DOUBLES = (
    "lambda rest quantiles references coef intercept low high fit mean marker fill values weight"
).split()
POWER = {"boxcox": 0, "single": 0, "lambda": 1.0, "rest": 1.0}
QUANTILE = {"quantiles": [0.0, 1.0, 2.0], "references": [0.0, 0.5, 1.0], "normal": 1}
ITERATE = {
    "target": [0, 0],
    "start": [0, 1, 2],
    "neighbor": [0, 0],
    "coef": [0.5, 0.5],
    "intercept": [0.0, 0.0],
    "low": -1.0,
    "high": 1.0,
    "known": 0,
}
NEIGHBORS = {"fit": [1.0, 2.0], "k": 1, "distance": 0, "mean": 1.5, "valid": 1}


@pytest.mark.parametrize(
    ("family", "good", "inputs", "bad"),
    [
        ("power", POWER, 1, {"lambda": [1.0, 2.0]}),
        ("power", POWER, 1, {"rest": None}),
        ("power", POWER, 2, {}),
        ("quantile", QUANTILE, 1, {"quantiles": [0.0, 1.0]}),
        ("quantile", QUANTILE, 1, {"references": []}),
        ("iterate", ITERATE, 1, {}),
        ("iterate", ITERATE, 2, {"target": [0, 1]}),
        ("iterate", ITERATE, 2, {"target": [0, -1]}),
        ("iterate", ITERATE, 2, {"neighbor": [0, 1]}),
        ("iterate", ITERATE, 2, {"start": [0, 3, 2]}),
        ("iterate", ITERATE, 2, {"start": [-1, 1, 2]}),
        ("iterate", ITERATE, 2, {"start": [0, 1, 1]}),
        ("iterate", ITERATE, 2, {"coef": [0.5]}),
        ("iterate", ITERATE, 2, {"known": [0, 0]}),
        ("neighbors", NEIGHBORS, 1, {"k": 0}),
        ("neighbors", NEIGHBORS, 1, {"k": 65}),
        ("neighbors", NEIGHBORS, 1, {"valid": [1, 1]}),
        ("neighbors", NEIGHBORS, 1, {"mean": None}),
        ("missing", {"columns": 0}, 1, {"columns": 1}),
        ("missing", {"columns": 0}, 1, {"forbidden": [0, 1]}),
        ("missing", {"columns": 0}, 1, {"forbidden": -1}),
        ("weigh", {"weight": 2.0}, 1, {"weight": [1.0, 2.0]}),
        ("weigh", {"weight": 2.0}, 1, {"low": 0.0}),
    ],
)
def test_refused(family, good, inputs, bad):
    needed = 2 if family == "iterate" else 1
    assert build(family, needed, **good).width == 1
    with pytest.raises(ValueError, match=family):
        build(family, inputs, **{**good, **bad})
    if inputs == needed and bad:
        with pytest.raises(ValueError, match=family):
            build(family, needed + 1, **good)


def of_matrix(family, width=2, **params):
    """A plan of a sparse matrix of two columns and one step."""
    dtypes = {"f": np.float64, "i": np.int64}
    blob = {k: np.atleast_1d(v).astype(dtypes[np.asarray(v).dtype.kind]) for k, v in params.items()}
    step = (family, (0,), 0 if family == "project_stored" else 4, width, blob)
    sources = ((0, None, "csr", -1, -1),)
    return _core.Program(sources, ((4, (0,), 2),), (step,), ((1, 0, width),), 2, "f8")


@pytest.mark.parametrize(
    ("family", "good", "bad"),
    [
        ("stored", {"scale": [1.0, 2.0]}, {"scale": [1.0]}),
        ("stored", {"fill": [1.0, 2.0]}, {"fill": [1.0, 2.0, 3.0]}),
        ("sift", {"columns": [0, 1]}, {"columns": [1, 0]}),
        ("sift", {"columns": [0, 1]}, {"columns": [0, 2]}),
        ("sift", {"columns": [0, 1]}, {"columns": [-1, 0]}),
        ("project_stored", {"matrix": np.ones(4)}, {"matrix": np.ones(3)}),
        ("tfidf", {"norm": 3}, {"norm": 4}),
    ],
)
def test_steps_of_matrices(family, good, bad):
    program = of_matrix(family, **good)
    assert program.width == 2
    with pytest.raises(ValueError, match=family):
        of_matrix(family, **{**good, **bad})
    with pytest.raises(ValueError, match="one source"):
        _core.Program(((0, None, "csr", -1, -1),), ((4, (), 2),), (), ((0, 0, 2),), 2, "f8")
    assert program.run_row([1.0, 2.0], False) is None
    for parts in (None, (np.ones(1),), tuple(np.ones(2) for _ in range(3))):
        assert program.run_csr((parts,), 1, None, None) is None


@pytest.mark.parametrize("widths", [[1, 1], [-1], [2], []])
def test_sparse_panels_side_by_side(widths):
    def stacked(widths):
        params = {"widths": np.array(widths, dtype=np.int64)}
        step = ("stack", (0,), 4, 1, params)
        sources = ((0, None, None, -1, -1),)
        return _core.Program(sources, ((0, (0,)),), (step,), ((1, 0, 1),), 1, "f8")

    assert stacked([1]).width == 1
    with pytest.raises(ValueError, match="stack"):
        stacked(widths)


def test_knots_out_of_order_stay_inside():
    rng = np.random.default_rng(1)
    knots = rng.normal(size=50)
    program = build("quantile", quantiles=knots, references=rng.normal(size=50), normal=1)
    assert program.run(rng.normal(size=(100, 1)), 100, None, None, None).shape == (100, 1)
    assert (
        build("neighbors", **NEIGHBORS | {"fit": []}).run(np.array([[np.nan]]), 1, None, None, None)
        is None
    )


def test_every_family_is_fuzzed():
    seeds = b"".join(p.read_bytes() for p in SEEDS.iterdir())
    missing = [name for name in _core.plan_families() if name.encode() + b"\0" not in seeds]
    assert not missing, f"{missing}: an estimator for tests/fuzz/plan_corpus.py, and run that"
