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
    count = Counter(monitor)

    def observe(values: dict[str, Any]) -> None:
        for name in names:
            try:
                count(values[name])
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


class Counter:
    """Counts the rows in a request's body: Columns, a record, or a list of them, there or inside.

    Parameters
    ----------
    monitor : Monitor
    """

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self.first = monitor.reference.columns[0]
        self.update, self.update_one = monitor.update, monitor.update_one
        #: Types of models whose instances are known to be records: the short way.
        self.records: set[type] = set()

    def __call__(self, value: Any) -> None:
        """Count the rows.

        Raises
        ------
        TypeError
            If there are none.
        """
        kind = type(value)
        if kind in self.records:
            self.update_one(value.__dict__)
        elif isinstance(value, _core.Columns):
            self.update(value)
        elif isinstance(value, (list, tuple)):
            for row in value:
                self.update_one(row.__dict__ if type(row) in self.records else row)
        elif isinstance(value, BaseModel) or is_dataclass(value) or isinstance(value, Mapping):
            self.count_fields(value)
        else:
            raise TypeError(f"a {kind.__name__} holds no rows")

    def count_fields(self, value: Any) -> None:
        """Count one record, or what is inside of it."""
        fields = self.monitor._fields(value)
        if self.first in fields:
            self.update_one(fields)
            if isinstance(value, BaseModel) and self.first in type(value).model_fields:
                self.records.add(type(value))
            return
        inside = [v for v in fields.values() if _has_rows(v)]
        if not inside:
            raise TypeError("the body holds no rows of the monitor's reference")
        for part in inside:
            self(part)


def _has_rows(value: Any) -> bool:
    if not isinstance(value, (list, tuple)):
        return isinstance(value, _core.Columns)
    return bool(value) and (isinstance(value[0], (BaseModel, Mapping)) or is_dataclass(value[0]))
