"""The compiled kernels; see the modules that wrap them."""

from collections.abc import Iterable
from typing import Any, Self, TypeAlias, final

import numpy as np
import numpy.typing as npt
from typing_extensions import CapsuleType, disjoint_base

def build_info() -> dict[str, Any]: ...

#: (name, kind, items, nullable, utc, texts[, flags]): what a column is.
_Spec: TypeAlias = (
    tuple[str, int, int, bool, bool, tuple[str, ...] | None]
    | tuple[str, int, int, bool, bool, tuple[str, ...] | None, int]
)

@disjoint_base
class Columns:
    @property
    def num_rows(self) -> int: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def _specs(
        self,
    ) -> tuple[tuple[str, int, int, bool, bool, tuple[str, ...] | None, int], ...]: ...
    @classmethod
    def _build(cls, specs: Iterable[_Spec], data: Iterable[Any], /) -> Self: ...
    def __len__(self) -> int: ...
    def __getitem__(self, key: str, /) -> np.ndarray[Any, Any]: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    def __arrow_c_array__(
        self, requested_schema: object | None = None
    ) -> tuple[CapsuleType, CapsuleType]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...
    def valid(self, name: str, /) -> npt.NDArray[np.bool_] | None: ...
    def categories(self, name: str, /) -> list[str] | None: ...
    def matrix(
        self,
        names: Iterable[str] | None = None,
        dtype: npt.DTypeLike | None = None,
        order: str = "C",
        out: np.ndarray[Any, Any] | None = None,
        missing: float = ...,
    ) -> np.ndarray[Any, Any]: ...

def json_fault(data: bytes, max_depth: int, allow_nan: bool, /) -> tuple[str, int, str] | None: ...

@disjoint_base
class Schema:
    def validate_json(
        self,
        data: Any,
        /,
        *,
        strict: bool | None = None,
        context: Any = None,
        by_alias: bool | None = None,
        by_name: bool | None = None,
    ) -> Any: ...
    def try_route_json(self, data: Any, /) -> Any: ...
    def _set_up(
        self,
        program: tuple[tuple[Any, ...], ...],
        root: int,
        deepcopy: Any,
        validation_error: type[Exception],
        max_depth: int,
        allow_nan: bool,
        max_rows: int,
        native: bool,
        route: bool,
        /,
    ) -> None: ...

def plan_families() -> list[str]: ...

@final
class Program:
    def __new__(
        cls,
        sources: tuple[tuple[int, str | None, dict[str, int] | None, int, int], ...],
        panels: tuple[tuple[int, tuple[int, ...]], ...],
        steps: tuple[tuple[str, tuple[int, ...], int, int, dict[str, npt.NDArray[Any]]], ...],
        pieces: tuple[tuple[int, int, int], ...],
        columns: int,
        out_type: int,
    ) -> Self: ...
    @property
    def width(self) -> int: ...
    def run(
        self, columns: Any, rows: int, out: npt.NDArray[Any] | None, single: bool | None, /
    ) -> npt.NDArray[Any] | None: ...
    def run_csr(
        self, columns: Any, rows: int, single: bool | None, /
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]] | None: ...
    def run_row(self, row: Any, missing_nan: bool, /) -> npt.NDArray[Any] | None: ...
    def run_rows(
        self, rows: list[Any], missing_nan: bool, /
    ) -> tuple[npt.NDArray[Any], ...] | None: ...
    def codes(self, source: int, values: npt.NDArray[Any], /) -> npt.NDArray[Any] | None: ...
