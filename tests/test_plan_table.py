"""The table of the page "Preprocessing" is what the compiler says."""

import re
from importlib.metadata import version

import pytest

from fastcore._config import disabled
from fastcore._sklearn import REGISTRY

from .plan_table import BEGIN, END, PAGE, written

pytestmark = pytest.mark.once


def _rows(page: str) -> list[str]:
    return re.findall(r"(?m)^\| (\w+) \|", page.split(BEGIN)[1].split(END)[0])


def test_the_page_has_the_table_of_this_compiler() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert _rows(page)[1:] == sorted(key.rsplit(".", 1)[1] for key in REGISTRY)
    if version("scikit-learn").startswith("1.8.") or disabled():
        return  # whose options are other ones, or nothing is native
    assert page == written(page), "run: python -m tests.plan_table --write"
