"""The pytest plugin: shadows at the start, fails tests whose plans differed, counts at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from . import shadow

#: Left out: not about what `transform` gives for arrays and frames.
ELSEWHERE = ("array_api", "metadata", "routing", "routed", "mock")
#: Left out: functions of the test's own that must be called once, or draw random numbers.
CALLED = (
    "test_delegate_to_func",
    "test_function_transformer_feature_names_out_uses_estimator",
    "test_max_features_callable_data",
)
#: Left out but for ``--long``: long fits, few transforms.
SLOW = (
    "test_2d_coef",
    "test_fit_accepts_nan_inf",
    "test_fit_transform_not_associated_with_y",
    "test_iterative_imputer_no_missing",
    "test_iterative_imputer_truncated_normal_posterior",
    "test_n_features_in_pipeline",
    "test_power_transformer_2d",
)

#: Shadowed calls by test module.
by_module: Counter[str] = Counter()


def pytest_addoption(parser: Any) -> None:
    parser.addoption("--long", action="store_true")


def pytest_configure(config: Any) -> None:
    shadow.install()


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    words = ELSEWHERE + CALLED + (() if config.getoption("--long") else SLOW)
    left = [item for item in items if any(word in item.name for word in words)]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in set(left)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: Any) -> Iterator[None]:
    shadow.differences.clear()
    before = shadow.seen.total()
    try:
        result = yield
    finally:
        by_module[item.module.__name__] += shadow.seen.total() - before
    if shadow.differences:
        pytest.fail("a plan differs\n" + "\n\n".join(shadow.differences[:3]), pytrace=False)
    return result


def pytest_terminal_summary(terminalreporter: Any) -> None:
    write = terminalreporter.write_line
    for name in sorted({name for name, _ in shadow.seen}):
        counts = {how: n for (cls, how), n in sorted(shadow.seen.items()) if cls == name}
        write(f"{name:28} " + "  ".join(f"{how} {n}" for how, n in counts.items()))
    write(f"shadowed: {shadow.seen.total()} calls")
    for name, count in sorted(by_module.items()):
        write(f"  {name:56} {count}")
