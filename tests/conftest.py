"""One ground for all tests of random input; see `tests.profiles`."""

from fastcore._config import disabled

from .profiles import register

register()

#: Tests of what plans do by themselves, with nobody to ask: with everything switched off, nothing.
NATIVE = (
    "categories", "columns", "compose", "counters", "dense", "dicts", "documents", "forged",
    "found", "function", "impute", "inputs", "labels", "orders", "output", "power", "project",
    "rows", "sparse", "spline", "target", "text", "tfidf", "tokens", "unseen",
)  # fmt: skip
collect_ignore = (
    [*(f"test_plan_{name}.py" for name in NATIVE), "plan_differential"] if disabled() else []
)
