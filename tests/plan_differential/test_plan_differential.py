"""A few of the generated pipelines; CI runs many of them."""

import numpy as np
import pytest

from fastcore import Plan

from ..profiles import SCALES, chosen
from .search import Differs, search


def test_all_equal():
    found = search(int(28 * SCALES[chosen()]), 0)
    assert found.taken > found.fitted
    assert found.native > found.fitted // 2


@pytest.mark.parametrize(
    "wrong", [lambda result: result + 1e-14, lambda result: result.astype(np.float32)]
)
def test_a_difference_is_found_and_made_small(wrong, monkeypatch):
    right = Plan.transform

    def transform(self, X, **options):
        result = right(self, X, **options)
        if isinstance(result, np.ndarray) and result.dtype == np.float64 and not options:
            return wrong(result)
        return result

    monkeypatch.setattr(Plan, "transform", transform)
    with pytest.raises(Differs) as error:
        search(20, 0)
    assert str(error.value).count("\n") < 120
