"""Switches that come from the environment."""

import os


def disabled() -> bool:
    """Whether ``FASTCORE_DISABLE`` asks for the originals everywhere (the on-call switch)."""
    return os.environ.get("FASTCORE_DISABLE", "") not in ("", "0")
