"""The compiled kernels; see the modules that wrap them."""

from typing import Any

def build_info() -> dict[str, Any]: ...
