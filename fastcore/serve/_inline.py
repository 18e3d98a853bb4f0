"""``inline``: this plain function is short, run it on the event loop."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])

_MARK = "__fastcore_inline__"


def inline(function: _Function) -> _Function:
    """Mark a plain ``def`` endpoint as short enough to run on the event loop.

    FastAPI runs a plain ``def`` endpoint in a thread, and validates its response in a thread
    again, so that a slow function does not stop the loop; for one that takes microseconds the two
    hops cost far more than the function. Only `FastRoute` heeds the mark; everywhere else the
    function is what it was. Marked is the very function given: a decorator put over it makes
    another one, so `inline` stands outermost, right below the route's decorator.

    Parameters
    ----------
    function : callable
        A plain function. It must not block: while it runs, no other request is served.

    Returns
    -------
    callable
        The same object.

    Raises
    ------
    TypeError
        If `function` is not a plain function: ``async def`` runs on the loop anyhow, and a
        generator is a stream.

    Examples
    --------
    >>> @inline
    ... def double(x: float) -> float:
    ...     return 2 * x
    >>> double(4.0)
    8.0
    """
    if not inspect.isfunction(function):
        raise TypeError(f"inline: expected a plain function, got {type(function).__name__}")
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"inline: {function.__qualname__} is async def, it is on the loop already")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"inline: {function.__qualname__} is a generator, a stream is not short")
    setattr(function, _MARK, function)
    return function


def is_inline(function: object) -> bool:
    """Whether `function` itself was given to `inline` (`functools.wraps` copies the mark)."""
    return getattr(function, _MARK, None) is function


def on_loop(function: Callable[..., Any]) -> Callable[..., Any]:
    """A coroutine function that does what `function` does, for FastAPI to await."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    # FastAPI's validation errors name file and line of the endpoint; let both be the user's.
    code = function.__code__
    call.__code__ = call.__code__.replace(
        co_filename=code.co_filename, co_firstlineno=code.co_firstlineno
    )
    return functools.wraps(function)(call)
