"""Switches that come from the environment, and the number of threads."""

import os

_threads: int | None = None


def disabled() -> bool:
    """Whether ``FASTCORE_DISABLE`` asks for the originals everywhere (the on-call switch)."""
    return os.environ.get("FASTCORE_DISABLE", "") not in ("", "0")


def set_num_threads(n: int | None) -> None:
    """Set how many threads a call may use that does not say so itself.

    Parameters
    ----------
    n : int or None
        At least 1. None goes back to ``FASTCORE_NUM_THREADS``, and without it to OpenMP's own rule.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer, or less than 1.
    """
    global _threads
    _threads = None if n is None else _checked(n, "n")


def get_num_threads() -> int:
    """The number of threads that a call without ``threads=`` may use.

    In this order: what `set_num_threads` was given, the environment's ``FASTCORE_NUM_THREADS``,
    the first number of ``OMP_NUM_THREADS``, the CPUs that this process may run on. Always 1 in a
    build without OpenMP, and in a process that was forked while a call used several threads.

    Raises
    ------
    ValueError
        If ``FASTCORE_NUM_THREADS`` is not an integer of at least 1.
    """
    return thread_count(None)


def thread_count(threads: int | None, name: str = "threads") -> int:
    """The number of threads for one call: its own argument first, then the rules of the process.

    This is the one place that knows them. C asks here (``fc_py_threads``) once a call has enough
    work for several threads.

    Parameters
    ----------
    threads : int or None
        The call's argument; None if it has none.
    name : str
        The argument's name, for the error.

    Raises
    ------
    TypeError, ValueError
        If `threads` is not an integer, or less than 1.
    """
    wanted = _checked(threads, name) if threads is not None else _threads
    if wanted is None:
        wanted = _from_environment()
    from . import _core

    return _core.parallel_threads(wanted)


def reading_threads() -> int:
    """The number of threads for reading one document: 1, unless somebody has said how many.

    A service has a process a core as it is, and a large request that takes the cores of the others
    makes all of them slower; so the number of CPUs is no reason here. C asks for large documents.
    """
    if _threads is None and not os.environ.get("FASTCORE_NUM_THREADS", "").strip():
        return 1
    return thread_count(None)


def _checked(value: object, name: str) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: expected an int, got {type(value).__name__}")
    number = value.__index__()
    if number < 1:
        raise ValueError(f"{name}: expected at least 1, got {number}")
    return int(number)


def _from_environment() -> int:
    text = os.environ.get("FASTCORE_NUM_THREADS", "").strip()
    if text:
        if not text.isdecimal() or int(text) < 1:
            raise ValueError(f"FASTCORE_NUM_THREADS: expected an integer >= 1, got {text!r}")
        return int(text)
    # OpenMP's own variable may be a list for nested regions ("4,2"); ours are never nested.
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
