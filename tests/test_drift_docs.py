"""What each public part of `fastcore.drift` says of itself."""

import doctest
import importlib
import inspect
import re

import pytest

from fastcore import drift

FUNCTIONS = [name for name in drift.__all__ if inspect.isfunction(getattr(drift, name))]
MODULES = sorted(
    {
        getattr(drift, name).__module__
        for name in drift.__all__
        if ">>>" in (getattr(drift, name).__doc__ or "")
    }
)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_its_source_and_an_example(name: str) -> None:
    text = getattr(drift, name).__doc__
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert re.search(rf"(?m)^ *{section}\n *-+$", text), section
    assert re.search(r"\b(19|20)\d\d\b", text), "a paper or a book"


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    names = {**vars(module), "__name__": "__main__"}
    names.pop("annotations", None)
    found = doctest.testmod(
        module, globs=names, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    assert found.failed == 0
    assert found.attempted > 0
