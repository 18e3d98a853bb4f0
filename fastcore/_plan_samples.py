"""Plans whose input is no matrix: documents, or the dicts and lists that hashers read.

Such a plan has a *root*: what one sample is. ``documents``: a text; ``strings``: a list of texts;
``pairs``: a list of names and values; ``dict`` and ``fields``: a dict, for FeatureHasher and for
DictVectorizer. The input is any iterable of samples, as scikit-learn has it, and is iterated once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _unicode
from ._lowering import Lowered
from ._plan_tree import Chain, Parallel, Recipe, Step, Tree, is_identity

if TYPE_CHECKING:
    from .plan import Plan

ROOTS = frozenset(("documents", "strings", "pairs", "dict", "fields"))
#: Roots whose samples are dicts.
DICTS = frozenset(("dict", "fields"))
#: Samples that are looked through for the one that is refused.
SEARCHED = 256


class Broken:
    """What an iterable gave before it raised, and the exception: to be gone through once more."""

    def __init__(self, items: list[Any], error: Exception) -> None:
        self.items = items
        self.error = error

    def __iter__(self) -> Iterator[Any]:
        yield from self.items
        raise self.error


# ---- Input ------------------------------------------------------------------------------------


def opened(plan: Plan, X: Any) -> tuple[str, Any]:
    """``("samples", a list, tuple or vector)``, or ``("other", X)`` for the original."""
    root = plan._root
    assert root is not None
    X = _converted(root, X)
    if plan._recipe is None or isinstance(X, str):
        return "other", X
    if type(X) is list or type(X) is tuple:
        return "samples", X
    if type(X) is np.ndarray:
        plain = X.ndim == 1 and X.dtype.kind in "OU"
        return ("samples", X.astype(object, copy=False)) if plain else ("other", X)
    if _forks(plan._recipe.tree) and isinstance(X, Iterator):
        return "other", X  # the first branch takes all, and the others get nothing
    items: list[Any] = []
    try:
        items.extend(X)
    except Exception as error:
        return "other", Broken(items, error) if isinstance(X, Iterator) else X
    return "samples", items


def _converted(root: str, X: Any) -> Any:
    """What scikit-learn has no meaning for: Arrow's texts, Columns, models."""
    module, name = type(X).__module__.partition(".")[0], type(X).__name__
    if root == "documents":
        arrow = module == "pyarrow" and hasattr(X, "to_pylist") and not hasattr(X, "column_names")
        return X.to_pylist() if arrow else X
    if root == "fields" and isinstance(X, Mapping):
        return [X]
    if root in DICTS:
        if name == "Columns" and module == "fastcore":
            return X.to_rows()
        if type(X) in (list, tuple) and not all(isinstance(row, Mapping) for row in X):
            from ._input_rows import as_mapping

            rows = [row if isinstance(row, Mapping) else as_mapping(row) for row in X]
            return X if any(row is None for row in rows) else rows
    return X


def _forks(tree: Tree) -> bool:
    while isinstance(tree, Chain) and tree.steps:
        tree = tree.steps[0]
    return isinstance(tree, Parallel)


def prepared(lowered: Lowered | None, X: Any) -> tuple[Lowered, Any, int] | None:
    """The program, the vectors that it reads, and how many samples there are."""
    if lowered is None or not len(X):
        return None
    return lowered, (X,) * len(lowered.sources), len(X)


def softened(recipe: Recipe | None, X: Any) -> list[Any] | None:
    """The documents with capital sigmas lowered by Python, which looks at what is around them.

    None if there are no such, or a step does not lower its documents. The rest of a text, lowered
    once, stays as it is when it is lowered again.
    """
    sigma = chr(_unicode.SIGMA)
    if recipe is None or recipe.root != "documents" or not _all_lower(recipe.tree):
        return None
    if not any(type(text) is str and sigma in text for text in X):
        return None
    return [text.lower() if type(text) is str and sigma in text else text for text in X]


def _all_lower(tree: Tree) -> bool:
    if isinstance(tree, Step):
        return bool(tree.params.get("lower"))
    if isinstance(tree, Chain):
        steps = [step for step in tree.steps if not is_identity(step)]
        return bool(steps) and _all_lower(steps[0])
    return all(_all_lower(part.tree) for part in tree.parts)


def one(plan: Plan, sample: Any) -> np.ndarray | None:
    """The row that a sample becomes, dense; None where the original must be asked."""
    if plan._row is None or plan._recipe is None or plan._configured():
        return None
    found = plan._row.program.run_row([sample], False)
    if found is None:
        soft = softened(plan._recipe, [sample])
        found = None if soft is None else plan._row.program.run_row(soft, False)
    return found


# ---- Golden rows ------------------------------------------------------------------------------

_TEXTS = [
    "The quick brown fox of 1984, çà et là: naïve Ærøskøbing! 日本語 don't x_1",
    "",
    "A \N{GREEK SMALL LETTER SIGMA}\u0301 \N{LATIN CAPITAL LETTER I WITH DOT ABOVE}stanbul ﬁne ½x",
    "the the the THE  and\nof  it",
]


def _vocabulary(tree: Tree) -> list[str]:
    """Some of the terms that the first steps know."""
    if isinstance(tree, Chain):
        return _vocabulary(tree.steps[0]) if tree.steps else []
    if isinstance(tree, Parallel):
        return [term for part in tree.parts for term in _vocabulary(part.tree)]
    ends = tree.params.get("term_ends")
    if ends is None:
        return []
    count = len(ends)
    some = sorted({*range(min(count, 24)), *range(0, count, max(1, count // 24))})
    data = np.asarray(tree.params["term_bytes"]).tobytes()
    begins = [0, *ends[:-1]]
    return [data[begins[i] : ends[i]].decode(errors="replace") for i in some]


def golden_texts(tree: Tree) -> list[str]:
    """Documents that say much about the steps that read them."""
    terms = _vocabulary(tree)
    return [" ".join([*terms[:40], _TEXTS[0]]), *_TEXTS[1:], *terms[:8]]


def golden_samples(recipe: Recipe) -> list[Any]:
    """Samples that say much about a plan, in the form of JSON: a dict is a list of its items."""
    terms = _vocabulary(recipe.tree)
    texts = golden_texts(recipe.tree)
    if recipe.root == "documents":
        return texts
    if recipe.root == "strings":
        return [text.split(" ") for text in texts]
    names = terms[:40] or _TEXTS[0].split(" ")
    items: list[Any] = [[name, 1.0 + i] for i, name in enumerate(names)]
    choices = [["city", "Rome"], ["unknown", 7.0], ["zero", 0.0]]
    choices += [term.split("=", 1) for term in names if "=" in term][:8]
    few = [[name, -0.3] for name in reversed(names[:2])]
    samples = [items, choices, [], items[:1], few]
    if recipe.root in DICTS:
        samples = [[list(item) for item in dict(map(tuple, sample)).items()] for sample in samples]
    return samples


def live(root: str | None, row: list[Any]) -> list[Any]:
    """A golden row as it is run."""
    return [dict(map(tuple, row[0]))] if root in DICTS else row


# ---- Errors -----------------------------------------------------------------------------------


class Sample:
    """A sample that is refused by itself."""

    def __init__(self, number: int, value: Any) -> None:
        self.number = number
        self.value = value

    def __str__(self) -> str:
        shown = repr(self.value)
        return f"sample {self.number}: {shown if len(shown) <= 80 else shown[:77] + '...'}"


def found(plan: Plan, X: Any) -> Sample | None:
    for number, value in enumerate(X[:SEARCHED]):
        if one(plan, value) is None:
            return Sample(number, value)
    return None


def refusal(plan: Plan, X: Any, container: str) -> Exception:
    """The exception of a plan without an estimator."""
    documents = plan._root == "documents"
    if isinstance(X, Broken):
        return X.error
    if isinstance(X, str) and documents:
        said = "Iterable over raw text documents expected, string object received."
        return ValueError(said)
    if container == "other" and not isinstance(X, Iterable):
        return TypeError(f"{type(X).__name__!r} object is not iterable")
    if container == "samples" and not len(X):
        return ValueError("Sample sequence X is empty.")
    sample = found(plan, X) if container == "samples" else None
    if sample is None:
        return ValueError(
            f"X: this plan was loaded from a file and has no estimator to ask about a "
            f"{type(X).__name__} that it does not take natively; a list of samples is what it takes"
        )
    value = sample.value
    if documents and isinstance(value, float) and value != value:
        said = "np.nan is an invalid document, expected byte or unicode string."
        return ValueError(f"{said} ({sample})")
    if documents and not isinstance(value, (str, bytes)):
        return AttributeError(
            f"{type(value).__name__!r} object has no attribute 'lower' ({sample})"
        )
    kind = TypeError if not isinstance(value, (str, bytes, list, tuple, dict)) else ValueError
    return kind(f"this plan was loaded from a file and has no estimator to ask ({sample})")
