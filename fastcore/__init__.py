"""fastcore: request validation, feature preprocessing and drift statistics for ML services, in C.

The distribution is ``fastcore-ml``; it is not fast.ai's ``fastcore``.
"""

from ._version import __version__

#: Says whose package this is: fast.ai publishes another one of the same import name.
__distribution__ = "fastcore-ml"

__all__ = ["__version__"]
