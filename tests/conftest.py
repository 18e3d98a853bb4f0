"""One ground for all tests of random input; see `tests.profiles`."""

from .profiles import register

register()
