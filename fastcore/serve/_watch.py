"""Counting what an endpoint is given, on its way in."""

import functools
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any

from pydantic import BaseModel

from .. import _core
from ..monitor import Monitor

_LOG = logging.getLogger("fastcore.monitor")


def watched(
    function: Callable[..., Any], monitor: Monitor, names: Sequence[str]
) -> Callable[..., Any]:
    """A function that does what `function` does, and counts its arguments `names` first.

    Whatever stands in the way of counting is said once in the log: the request goes on.
    """
    said: set[str] = set()

    def observe(values: dict[str, Any]) -> None:
        for name in names:
            try:
                count(monitor, values[name])
            except Exception as error:
                what = f"{type(error).__name__}: {error}"
                if what not in said and len(said) < 100:
                    said.add(what)
                    _LOG.warning("%s: not counted: %s", function.__qualname__, what)

    if any(map(inspect.iscoroutinefunction, (function, inspect.unwrap(function)))):

        @functools.wraps(function)
        async def call(*args: Any, **values: Any) -> Any:
            observe(values)
            return await function(*args, **values)

        return call

    @functools.wraps(function)
    def call_plain(*args: Any, **values: Any) -> Any:
        observe(values)
        return function(*args, **values)

    return call_plain


def count(monitor: Monitor, value: Any) -> None:
    """Count the rows in a request's body: Columns, a record, or a list of them, there or inside.

    Raises
    ------
    TypeError
        If there are none.
    """
    if isinstance(value, _core.Columns):
        monitor.update(value)
    elif isinstance(value, (list, tuple)):
        for row in value:
            monitor.update_one(row)
    elif isinstance(value, BaseModel) or is_dataclass(value) or isinstance(value, Mapping):
        fields = monitor._as_dict(value)
        if monitor.reference.names[0] in fields:
            monitor.update_one(fields)
            return
        inside = [v for v in fields.values() if isinstance(v, (_core.Columns, list, tuple))]
        inside = [v for v in inside if _has_rows(v)]
        if not inside:
            raise TypeError("the body holds no rows of the monitor's reference")
        for part in inside:
            count(monitor, part)
    else:
        raise TypeError(f"a {type(value).__name__} holds no rows")


def _has_rows(value: Any) -> bool:
    if isinstance(value, _core.Columns):
        return True
    return bool(value) and isinstance(value[0], (BaseModel, Mapping))
