"""What this installation was built with: ``fastcore.build_info``."""

import platform
from typing import TypedDict

from . import _core
from . import _identity as _identity
from ._config import get_num_threads
from ._version import __version__


class BuildInfo(TypedDict):
    """What `build_info` returns."""

    version: str
    compiler: str
    variant: str
    openmp: bool
    threads: int
    simd: str
    simd_compiled: list[str]
    numpy_abi: str
    python: str
    extension: str


def build_info() -> BuildInfo:
    """Facts about this build, for reports and for a look at why a machine is slow.

    Returns
    -------
    dict
        ``version``; ``compiler`` and ``variant`` (release, debug, asan, tsan, cov) of the
        extension; ``openmp``, without which all runs on one thread; ``threads`` that a
        large call uses in this process, unless it is told otherwise (see `get_num_threads`);
        ``simd``, the level in use on this CPU, and ``simd_compiled``, those that the extension
        contains; ``numpy_abi``, the version of NumPy's C interface in hexadecimal; ``python``;
        ``extension``, the file that was loaded.

    Examples
    --------
    >>> import fastcore
    >>> info = fastcore.build_info()
    >>> info["simd"] in info["simd_compiled"]
    True
    """
    raw = _core.build_info()
    return {
        "version": __version__,
        "compiler": str(raw["compiler"]),
        "variant": str(raw["variant"]),
        "openmp": bool(raw["openmp"]),
        "threads": get_num_threads(),
        "simd": str(raw["simd"]),
        "simd_compiled": str(raw["simd_compiled"]).split(),
        "numpy_abi": f"{int(raw['numpy_abi']):#010x}",
        "python": platform.python_version(),
        "extension": str(_core.__file__),
    }
