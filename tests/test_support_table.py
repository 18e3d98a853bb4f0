"""The support table of the page "Validation" is what the compiler says."""

import re
from typing import get_args

from pydantic import VERSION
from pydantic_core.core_schema import CoreSchemaType

from fastcore._compile import Compiler

from .support_table import PAGE, TYPES, nodes, written


def test_the_page_has_the_table_of_this_compiler() -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = written(page)
    if VERSION.startswith("2.13."):  # where a Fraction is a plain function
        page, found = (re.sub(r"(?m)^\| `Fraction` .*\n", "", text) for text in (page, found))
    assert page == found, "run: python -m tests.support_table --write"


def test_every_kind_that_the_compiler_knows_has_a_row() -> None:
    known = {
        kind for kind in get_args(CoreSchemaType) if hasattr(Compiler, "_" + kind.replace("-", "_"))
    }
    assert len(known) > 15
    known.discard("call")  # the named tuples of older pydantic; the newer have a kind of their own
    shown = {str(node.kind) for _, type_ in TYPES for node in nodes(type_) if node.native}
    assert known <= shown, known - shown
