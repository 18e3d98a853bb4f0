"""fastcore: request validation, feature preprocessing and drift statistics for ML services, in C.

The distribution is ``fastcore-ml``; it is not fast.ai's ``fastcore``.
"""

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:  # what `_LAZY` brings at run time
    from ._build import build_info as build_info
    from ._config import get_num_threads as get_num_threads
    from ._config import set_num_threads as set_num_threads
    from .annotations import Array as Array
    from .annotations import Row as Row
    from .annotations import Rows as Rows
    from .annotations import Shape as Shape
    from .annotations import Table as Table
    from .columns import Columns as Columns
    from .errors import TruncatedValidationError as TruncatedValidationError
    from .errors import UnsupportedError as UnsupportedError
    from .kserve import InferenceRequest as InferenceRequest
    from .monitor import Monitor as Monitor
    from .plan import Plan as Plan
    from .schema import Schema as Schema

#: Says whose package this is: fast.ai publishes another one of the same import name.
__distribution__ = "fastcore-ml"

#: Public names and the submodules that define them, imported when first asked for.
_LAZY = {
    "Array": "annotations",
    "Columns": "columns",
    "InferenceRequest": "kserve",
    "Monitor": "monitor",
    "Plan": "plan",
    "Row": "annotations",
    "Rows": "annotations",
    "Schema": "schema",
    "Shape": "annotations",
    "Table": "annotations",
    "TruncatedValidationError": "errors",
    "UnsupportedError": "errors",
    "build_info": "_build",
    "get_num_threads": "_config",
    "set_num_threads": "_config",
}

__all__ = ["__version__", *_LAZY]


if not TYPE_CHECKING:  # or every misspelt name would be Any

    def __getattr__(name: str) -> Any:
        module = _LAZY.get(name)
        if module is None:
            raise AttributeError(f"module 'fastcore' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"fastcore.{module}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
