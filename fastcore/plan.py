"""Fitted scikit-learn pipelines, compiled: the same output, without the Python.

``Plan.from_sklearn(pipeline)`` reads what a fitted transformer has learnt and makes a plan of it.
What a plan computes by itself is equal to scikit-learn's output bit for bit. Where it isn't certain
(infinities, unknown categories that are an error, unusual dtypes, columns in another order ...) it
calls the fitted estimator with the original input, so that results, exceptions and warnings are
scikit-learn's own.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _identity as _identity
from . import _plan_calls, _plan_counters, _plan_frames, _plan_input, _plan_samples
from ._config import disabled
from ._core import PlanCounts
from ._lower import Lowered, NotLowered, lower
from ._plan_labels import Labels, labels_of
from ._plan_names import Named
from ._plan_store import Storable
from ._plan_tree import Recipe, entry_by_name, fingerprint, is_identity, notices, used_columns
from ._plan_unseen import Unseen, warns
from .errors import UnsupportedError
from .explanation import Explanation, Node

if TYPE_CHECKING:
    from ._plan_file import Stored

__all__ = ["Plan"]

#: Programs kept for one plan; inputs of more signatures than this are lowered each time.
MAX_PROGRAMS = 64


class Plan(Named, Storable):
    """A compiled, immutable feature pipeline; make one with :meth:`from_sklearn` or :meth:`load`.

    Threads may share a plan.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import StandardScaler
    >>> from fastcore import Plan
    >>> plan = Plan.from_sklearn(StandardScaler().fit([[0.0], [2.0]]))
    >>> plan.transform(np.array([[1.0], [3.0]]))
    array([[0.],
           [2.]])
    """

    def __init__(self) -> None:
        raise TypeError("Plan: use Plan.from_sklearn(estimator) or Plan.load(path)")

    _estimator: Any
    _original: Any
    _recipe: Recipe | None
    _identity: bool  # it does nothing: whatever goes in, comes out
    _nodes: list[Node]
    _used: set[int]
    _by_name: bool
    _programs: dict[Any, Lowered | str]
    _arrays: dict[Any, Lowered]  # by dtype, for the commonest input
    _get_config: Any
    _output: str  # scikit-learn's configuration of containers that it was made for ...
    _others: dict[str, Plan]  # ... and plans for others
    _row: Lowered | None
    _row_of_dict: Callable[[Any, bool], np.ndarray | None] | None  # where rows may be dicts
    _notices: list[str]  # what the estimator warns of at each call
    _warns: bool  # the estimator warns of categories that were not seen
    _second: Unseen | None  # what is asked then, once it was made
    _roles: dict[int, str]  # what the columns of rows are, for the original
    _labels: Labels | None  # where `X` is labels, and C reads them
    _of_labels = False  # `X` is labels
    _root: str | None  # what a sample is, if the input is no matrix
    _verify: float
    _mismatches: int
    _verified: int
    _rows: int
    _counts: PlanCounts
    _lock: threading.Lock
    _stored: Stored | None  # what a loaded plan was made from
    _asked_native: bool

    @classmethod
    def _make(
        cls, estimator: Any, original: Any, recipe: Recipe | None, nodes: list[Node], verify: float
    ) -> Plan:
        self = object.__new__(cls)
        self._estimator = estimator
        self._original = original
        self._recipe = recipe
        self._identity = recipe is not None and is_identity(recipe.tree)
        self._nodes = nodes
        self._verify = verify
        self._get_config = None
        self._output = "default"
        if estimator is not None:
            from sklearn import get_config

            self._get_config = get_config
            self._output = get_config()["transform_output"]
        self._stored = None
        self._asked_native = True
        self._notices = [] if recipe is None else notices(recipe.tree)
        self._roles = {}
        self._warns = recipe is not None and warns(recipe.tree)
        self._labels = None if recipe is None else labels_of(recipe.tree)
        self._of_labels = self._labels is not None
        self._root = None if recipe is None else recipe.root
        if estimator is not None:
            from ._plan_build import column_roles, takes_labels
            from ._sklearn import root_of

            self._of_labels = takes_labels(estimator)
            self._roles = {} if self._identity else column_roles(estimator)
            self._root = root_of(estimator)
        if recipe is not None:
            self._by_name = entry_by_name(recipe.tree)
            self._used = used_columns(recipe.tree, recipe.columns)
        self._begin_counting()
        return self

    def _begin_counting(self, counts: PlanCounts | None = None) -> None:
        """Anew, with programs of its own, since they do the counting."""
        self._lock = threading.Lock()
        self._mismatches = self._verified = self._rows = 0
        recipe = self._recipe
        self._counts = counts or _plan_counters.begun(recipe)
        self._programs, self._arrays, self._others, self._second = {}, {}, {}, None
        self._row = self._row_of_dict = None
        if recipe is not None:
            kind = ("rows", "auto") if self._root is None else ("samples", "text")
            self._row = self._lowered(kind[0], (kind[1],) * recipe.columns)
            if self._row is not None and recipe.names and not (self._notices or self._row.unread):
                self._row_of_dict = self._row.program.run_row

    @classmethod
    def from_sklearn(
        cls, estimator: Any, *, strict: bool = False, native: bool = True, verify: float = 0.0
    ) -> Plan:
        """Compile a fitted transformer.

        Parameters
        ----------
        estimator : scikit-learn transformer
            Fitted; a Pipeline, ColumnTransformer, FeatureUnion or single transformer, nested as
            you like. It is kept, and not to be fitted again while the plan is in use.
        strict : bool, default False
            Refuse what would run scikit-learn's own transformer inside the plan.
        native : bool, default True
            False sends everything to ``estimator``, as ``FASTCORE_DISABLE=1`` does.
        verify : float, default 0.0
            This share of ``transform`` calls is compared with the estimator; see :meth:`counters`.

        Raises
        ------
        UnsupportedError
            Where there is no ``transform``; with ``strict``, naming the first step that has no
            native form.
        ValueError
            If ``verify`` is not between 0 and 1.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        """
        from . import _plan_build

        _plan_build.check_version()
        if not 0.0 <= verify <= 1.0:
            raise ValueError(f"verify: expected a share between 0 and 1, got {verify!r}")
        _plan_build.check_estimator(estimator)
        if disabled() or not native:
            why = "native=False" if not native else "FASTCORE_DISABLE"
            nodes = [Node("", type(estimator).__name__, False, why)]
            plan = cls._make(estimator, estimator, None, nodes, verify)
            plan._asked_native = native
            return plan
        recipe, nodes, original = _plan_build.build(estimator)
        if strict and recipe is None:
            node = next(node for node in nodes if not node.native)
            raise UnsupportedError(
                f"step {node.path or type(estimator).__name__!r} ({node.kind}): {node.reason}; "
                "leave strict=False to run scikit-learn's own transformer there"
            )
        return cls._make(estimator, original, recipe, nodes, verify)

    # -- Programs

    def _lowered(self, container: str, tags: tuple[str, ...]) -> Lowered | None:
        """The program for a signature, or None if there is none."""
        key = (container, tags)
        known = self._programs.get(key)
        if known is None:
            assert self._recipe is not None
            try:
                known = lower(self._recipe, tags, container, counts=self._counts)
            except NotLowered as error:
                known = str(error)
            if len(self._programs) < MAX_PROGRAMS:
                self._programs[key] = known
        return known if isinstance(known, Lowered) else None

    def _prepare(self, X: Any, container: str, nan: bool) -> tuple[Lowered, Any, int] | None:
        """The program for this input, its columns as vectors, and the number of rows."""
        recipe = self._recipe
        assert recipe is not None
        if container == "samples":
            return _plan_samples.prepared(self._row, X)
        if container == "array":
            known = self._arrays.get(X.dtype)
            if known is not None and X.ndim == 2 and X.shape[1] == recipe.columns and len(X):
                return known, X, len(X)
        if container in ("csr", "csc"):
            parts = None if recipe.names else _plan_input.sparse_parts(X, recipe.columns)
            lowered = None if parts is None else self._lowered(container, (parts[0],))
            if parts is None or lowered is None or not X.shape[0]:
                return None
            return lowered, (parts[1],), X.shape[0]
        if container in ("array", "lists"):
            return None if recipe.names else self._prepare_array(X, container)
        if container == "rows":
            lowered = self._row if recipe.names else None
            if lowered is None:
                return None
            rows = [_plan_input.as_mapping(row) for row in X]
            asked = () if nan else lowered.unread
            if asked and not all(_plan_input.has(row, asked) for row in rows):
                return None
            vectors = lowered.program.run_rows(rows, nan)
            return None if vectors is None else (lowered, vectors, len(X))
        given = _plan_input.frame_names(X, container)
        labels = _plan_input.labels_of(given, recipe, self._used, self._by_name)
        if labels is None:
            return None
        if container == "columns":
            lowered, count = self._row, int(X.num_rows)
        else:
            tags = _plan_input.frame_tags(X, container, labels, given)
            pandas = container in ("pandas", "named")
            lowered = self._lowered("pandas" if pandas else "table", tags)
            count = len(next(iter(X.values()))) if container == "named" else len(X)
        if lowered is None or not count:
            return None
        vectors = _plan_input.frame_vectors(X, container, labels, lowered, given == labels)
        return None if vectors is None else (lowered, vectors, count)

    def _prepare_array(self, X: Any, container: str) -> tuple[Lowered, Any, int] | None:
        assert self._recipe is not None
        array = X
        if container == "lists":
            made = _plan_input.array_of_lists(X, self._by_name, self._recipe.tree)
            if made is None:
                return None
            array = made
        tags = _plan_input.array_tags(array, self._recipe.columns)
        lowered = None if tags is None else self._lowered("array", tags)
        if lowered is None or not len(array):
            return None
        vectors = _plan_input.array_vectors(array, lowered)
        if vectors is not None and vectors is array:
            self._arrays[array.dtype] = lowered
        return None if vectors is None else (lowered, vectors, len(array))

    def _native(
        self, X: Any, container: str, out: Any, dtype: Any, threads: int | None, nan: bool
    ) -> Any:
        """The result, or None where the original must be asked."""
        if self._recipe is None or self._configured():
            return None
        if self._identity:
            return _plan_calls.deliver(self._original_input(X, container, nan), out, dtype)
        if container == "other":
            return None
        if self._labels is not None:
            found = self._labels.transform(self._lowered, X, threads)
            return None if found is None else _plan_calls.deliver(found, out, dtype)
        prepared = self._prepare(X, container, nan)
        if prepared is None:
            return None
        lowered, vectors, rows = prepared
        if _plan_input.unfit(lowered, vectors):
            return None
        if lowered.frame is not None:
            values = None
            if any(dtype is not None for _, _, dtype in lowered.frame.slots):
                values = lowered.program.run(vectors, rows, None, None, threads)
                if values is None:
                    return None
            fortran = _plan_input.in_fortran_order(X, vectors, container, lowered.order)
            made = _plan_frames.make(lowered, values, X, container, self._recipe.names, fortran)
            return None if made is None else _plan_calls.deliver(made, out, dtype)
        if lowered.dtype.kind != "f" and (out is not None or dtype is not None):
            result = self._native(X, container, None, None, threads, nan)
            return None if result is None else _plan_calls.deliver(result, out, dtype)
        single = None if dtype is None else dtype == np.float32
        if not lowered.sparse:
            if out is None and _plan_input.in_fortran_order(X, vectors, container, lowered.order):
                kind = lowered.dtype if dtype is None else dtype
                if kind.kind != "f":  # only floats are written with strides
                    dense = lowered.program.run(vectors, rows, None, None, threads)
                    return None if dense is None else np.asfortranarray(dense)
                out = np.empty((rows, lowered.width), dtype=kind, order="F")
            return lowered.program.run(vectors, rows, out, single, threads)
        if out is not None:
            return None
        found = lowered.program.run_csr(vectors, rows, single, threads)
        shape = (rows, lowered.width)
        wide = lowered.wide and dtype is None  # SciPy's `astype` chooses the indices anew
        return None if found is None else _plan_calls.csr(found, shape, wide)

    def _configured(self) -> bool:
        """Whether scikit-learn's configuration asks for other containers than we make."""
        if self._get_config is None:
            return False
        config = self._get_config()
        return config.get("sparse_interface", "spmatrix") != "spmatrix" or bool(
            config.get("array_api_dispatch")
        )

    def _now(self) -> Plan:
        """The plan for scikit-learn's present configuration: this one, but for where it changed."""
        if self._get_config is None:
            return self
        asked = self._get_config()["transform_output"]
        if asked == self._output:
            return self
        other = self._others.get(asked)
        if other is None:
            other = type(self).from_sklearn(self._estimator, native=self._asked_native)
            other._begin_counting(self._counts)
            self._others[asked] = other
        return other

    def _open(self, X: Any) -> tuple[str, Any]:
        """Which container X is, and what was read of it where it can be read but once."""
        if self._of_labels:
            return "labels", X
        if self._root is not None:
            return _plan_samples.opened(self, X)
        return _plan_input.open_input(X)

    # -- The original

    def _original_input(self, X: Any, container: str, nan: bool) -> Any:
        names = self._recipe.names if self._recipe else _plan_calls.names_of(self._estimator)
        if container == "columns":
            return _plan_input.frame_of_rows(X.to_rows(), names, self._roles)
        if container == "named":
            return _plan_input.frame_of_arrays(X, names, self._roles)
        if container != "rows":
            return X
        if nan and names:
            maps = [dict(_plan_input.as_mapping(row) or {}) for row in X]
            X = [{**dict.fromkeys(names, np.nan), **row} for row in maps]
        return _plan_input.frame_of_rows(X, names, self._roles)

    def _ask(self, X: Any, container: str, nan: bool) -> Any:
        from . import _plan_errors

        if self._identity and not self._configured():
            return self._original_input(X, container, nan)
        if self._original is None:
            raise _plan_errors.refusal(self, X, container, nan)
        asked = self._estimator if self._configured() else self._original
        given = self._original_input(X, container, nan)
        try:
            return asked.transform(given)
        except Exception as error:
            _plan_errors.annotate(self, X, container, nan, error)
            raise

    # -- Calls

    def transform(
        self,
        X: Any,
        *,
        out: np.ndarray | None = None,
        dtype: Any = None,
        threads: int | None = None,
        missing_keys: str = "error",
    ) -> Any:
        """What ``estimator.transform(X)`` returns.

        Parameters
        ----------
        X : array-like, shape (n_rows, n_features_in_)
            Whatever the estimator takes (for vectorizers and hashers any iterable of documents or
            samples, shape (n_rows,)), and fastcore ``Columns``, Arrow tables, and lists of
            rows: dicts, pydantic models or dataclass instances. Rows and ``Columns`` mean the
            DataFrame of them with the columns' fitted dtypes. Labels where the estimator takes
            labels.
        out : ndarray of float32 or float64, shape (n_rows, n_features_out), optional
            Where to write dense output. Its content is unspecified if an exception is raised.
        dtype : {numpy.float32, numpy.float64}, optional
            Of the output; by default scikit-learn's. Equal to ``transform(X).astype(dtype)``.
        threads : int, optional
            At most so many; by default `fastcore.get_num_threads`. Small work stays on the
            caller's thread, and the output is the same, bit by bit, for any number of them.
        missing_keys : {"error", "nan"}
            What a key means that a row does not have: scikit-learn's error, or missing.

        Returns
        -------
        ndarray, scipy.sparse.csr_matrix or DataFrame, shape (n_rows, n_features_out)
            Sparse where the estimator's output is, a frame where ``set_output`` says so. ``out`` if
            that was given.

        Raises
        ------
        ValueError, TypeError, KeyError
            As the estimator; and if ``out``, ``dtype``, ``threads`` or ``missing_keys`` is wrong.
        """
        nan = False
        if dtype is not None or threads is not None or missing_keys != "error":
            dtype, threads, nan = _plan_calls.check_arguments(out, dtype, threads, missing_keys)
        container, X = self._open(X)
        plan = self._now()
        result, said = plan._native(X, container, out, dtype, threads, nan), plan._notices
        if result is None and container == "samples":
            soft = _plan_samples.softened(plan._recipe, X)
            if soft is not None:
                result = plan._native(soft, container, out, dtype, threads, nan)
        if result is None and plan._warns and not plan._configured():
            result, said = plan._unseen().transform(X, container, out, dtype, threads, nan)
        if result is not None and said:
            _plan_calls.warn(said)
        if result is None:
            _plan_calls.check_arguments(out, dtype, threads, missing_keys)
            result = _plan_calls.deliver(plan._ask(X, container, nan), out, dtype)
        elif self._verify and random.random() < self._verify:
            self._compare(result, X, container, nan)
        # A plain addition may lose a count where threads race: a lock for each call costs more.
        self._rows += _plan_calls.rows_of(result)
        return result

    def transform_one(self, row: Any, *, missing_keys: str = "error") -> np.ndarray:
        """One row, as a vector.

        Parameters
        ----------
        row : mapping, pydantic model, dataclass instance, or sequence
            By name, or in the order of the fitted columns; where the estimator takes labels, a
            label or a set of labels. Where the plan begins with a vectorizer or a hasher it is one
            document or sample: ``transform([row])`` has the same row.
        missing_keys : {"error", "nan"}
            See :meth:`transform`.

        Returns
        -------
        ndarray, shape (n_features_out,)
            Dense, also where :meth:`transform` is sparse.
        """
        if self._of_labels:
            found = self.transform([row], missing_keys=missing_keys)
            return np.atleast_1d(found.toarray()[0] if hasattr(found, "toarray") else found[0])
        of_dict = self._row_of_dict
        if of_dict is not None and type(row) is dict and missing_keys == "error":
            found = of_dict(row, False)
            if found is not None:
                self._rows += 1
                return found
        elif self._root is not None:
            found = _plan_samples.one(self, row)
            if found is not None:
                self._rows += 1
                return found
        elif self._row is not None:
            nan = missing_keys == "nan"
            if type(row) is not dict and not isinstance(row, (list, tuple)):
                fields = _plan_input.as_mapping(row)
                row = row if fields is None else fields
            named = type(row) is not dict or self._recipe.names  # type: ignore[union-attr]
            if named and (nan or _plan_input.has(row, self._row.unread)):
                found = self._row.program.run_row(row, nan)
                if found is not None:
                    self._rows += 1
                    if self._notices:
                        _plan_calls.warn(self._notices)
                    return found
        return self._one_slowly(row, missing_keys)

    def _unseen(self) -> Unseen:
        if self._second is None:
            self._second = Unseen(self)
        return self._second

    def _one_slowly(self, row: Any, missing_keys: str) -> np.ndarray:
        from ._plan_one import slowly

        names = self._recipe.names if self._recipe else _plan_calls.names_of(self._estimator)
        return slowly(self, row, missing_keys, names)

    # -- What it is

    @property
    def fingerprint(self) -> str:
        """Equal for plans that compute the same, in every process.

        Raises
        ------
        UnsupportedError
            If a step runs scikit-learn's own transformer: what that computes has no such name.
        """
        if self._recipe is None:
            raise self._not_native("fingerprint")
        return fingerprint(self._recipe)

    def explain(self) -> Explanation:
        """Which steps are native, and why the others are not."""
        if self._estimator is not None:
            title = type(self._estimator).__name__
        else:
            title = (self._stored and self._stored.title) or "loaded plan"
        return Explanation(self._nodes, title)

    def check(self, X: Any) -> dict[str, float]:
        """The largest absolute difference to the estimator on these rows, by output column.

        Returns
        -------
        dict of str to float
            0.0 where all values are equal; ``inf`` where one is NaN and the other is not, or where
            the dtype, the shape or the kind (sparse, frame) differs. Columns that nothing names
            are numbered.

        Raises
        ------
        UnsupportedError
            If the plan was loaded from a file: it has no estimator.
        """
        from . import _plan_build, _plan_check

        if self._estimator is None:
            raise UnsupportedError("check: a loaded plan has no estimator to compare with")
        container, X = self._open(X)
        theirs = self._estimator.transform(self._original_input(X, container, False))
        names = _plan_build.names_out(self._estimator)
        return _plan_check.differences(self.transform(X), theirs, names)

    def _compare(self, result: Any, X: Any, container: str, nan: bool) -> None:
        from ._plan_check import agree

        theirs = self._estimator.transform(self._original_input(X, container, nan))
        tree = None if self._recipe is None else self._recipe.tree
        same = agree(result, theirs, self._nodes, tree)
        with self._lock:
            self._verified += 1
            self._mismatches += not same

    def counters(self) -> dict[str, Any]:
        """How much was done since the plan was made, or since :meth:`reset_counters`.

        Returns
        -------
        dict
            ``rows`` transformed; with ``verify``, calls ``verified`` and those of them that did
            not agree (``mismatches``). ``inputs`` has by column (its number, where columns have no
            names) what was found in the rows that the plan did itself: ``rows``; ``missing`` (NaN,
            None, null); ``unknown``, of no category that was fitted; ``outside`` the fitted range,
            where a scaler, bins, quantiles or splines that read the column know one.
        """
        with self._lock:
            return {
                "rows": self._rows,
                "verified": self._verified,
                "mismatches": self._mismatches,
                "inputs": _plan_counters.by_input(self._counts, self._recipe),
            }

    def reset_counters(self) -> None:
        """Begin counting anew."""
        with self._lock:
            self._counts.reset()
            self._rows = self._verified = self._mismatches = 0

    def _not_native(self, what: str) -> UnsupportedError:
        node = next((node for node in self._nodes if not node.native), self._nodes[0])
        return UnsupportedError(
            f"{what}: step {node.path!r} ({node.kind}) runs scikit-learn's own transformer "
            f"({node.reason}); pickle the estimator instead, or leave that step out"
        )

    def __repr__(self) -> str:
        native = sum(node.native for node in self._nodes)
        title = type(self._estimator).__name__ if self._estimator is not None else "loaded"
        return (
            f"<Plan of {title}: {getattr(self, 'n_features_in_', 'any')} columns in, "
            f"{native} of {len(self._nodes)} steps native>"
        )

    def _repr_html_(self) -> str:
        from ._plan_picture import picture

        return picture(self)
