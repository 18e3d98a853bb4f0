"""Serving with FastAPI: a route class whose request bodies are read in C.

`FastRoute` answers as FastAPI's own route does, faster; `install` puts it in force and attaches a
monitor; `inline` runs a short plain function on the event loop. FastAPI comes with the extra
``fastcore-ml[serve]``.
"""

from .. import _identity as _identity
from ._inline import inline

try:
    from ._install import install
    from .route import FastRoute
except ImportError as error:
    if (error.name or "").split(".")[0] not in ("fastapi", "starlette"):
        raise
    raise ImportError(
        "fastcore.serve needs FastAPI: python -m pip install 'fastcore-ml[serve]'",
        name=error.name,
    ) from error

__all__ = ["FastRoute", "inline", "install"]
