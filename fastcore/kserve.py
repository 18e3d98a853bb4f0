"""Request bodies of the Open Inference Protocol v2 (KServe, Triton, MLServer) as a type.

`InferenceRequest` is a pydantic model whose tensors are NumPy arrays of the datatype and the shape
that the request names, read natively by `fastcore.Schema` and `fastcore.serve.FastRoute`. The
protocol: https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
"""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, Field, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError
from pydantic_core import core_schema as cs

from . import _identity as _identity
from .annotations import MOST_DIMENSIONS, free_array_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

__all__ = ["InferenceRequest", "RequestInput", "RequestOutput"]

#: The protocol's datatypes and NumPy's; BYTES is text here, which JSON has.
DATATYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
}


class _Numbers:
    """Numbers (or bools) of a dtype, flat or nested."""

    def __init__(self, dtype: Any) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> cs.CoreSchema:
        return free_array_schema(self.dtype)


def _texts(value: Any) -> Any:
    """Texts, flat or nested, as an array of objects."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    sizes: list[int] = []
    errors: list[InitErrorDetails] = []
    level: list[tuple[tuple[int, ...], Any]] = [((), value)]
    while not sizes or (level and isinstance(level[0][1], (list, tuple))):
        if len(sizes) == MOST_DIMENSIONS:
            raise PydanticCustomError(
                "array_dimensions",
                "Array should have at most {most} dimensions",
                {"most": MOST_DIMENSIONS},
            )
        first = level[0][1]
        sizes.append(len(first) if isinstance(first, (list, tuple)) else 0)
        for place, items in level:
            if not isinstance(items, (list, tuple)):
                errors.append(InitErrorDetails(type="list_type", loc=place, input=items))
            elif len(items) != sizes[-1]:
                errors.append(_wrong_length(len(items), sizes[-1], place, items))
        if errors:
            raise ValidationError.from_exception_data("array", errors)
        level = [((*place, i), item) for place, items in level for i, item in enumerate(items)]
    errors = [
        InitErrorDetails(type="string_type", loc=place, input=item)
        for place, item in level
        if not isinstance(item, str)
    ]
    if errors:
        raise ValidationError.from_exception_data("array", errors)
    array = np.empty(len(level), object)
    array[:] = [item for _, item in level]
    return array.reshape(sizes)


def _wrong_length(
    found: int, expected: int, place: tuple[int | str, ...], value: Any
) -> InitErrorDetails:
    short = found < expected
    return InitErrorDetails(
        type="too_short" if short else "too_long",
        loc=place,
        input=value,
        ctx={
            "field_type": "List",
            "min_length" if short else "max_length": expected,
            "actual_length": found,
        },
    )


class _Texts:
    """The texts of BYTES."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> cs.CoreSchema:
        def serialize(value: Any, info: cs.SerializationInfo) -> Any:
            return value.tolist() if info.mode == "json" else value

        return cs.no_info_plain_validator_function(
            _texts,
            serialization=cs.plain_serializer_function_ser_schema(serialize, info_arg=True),
            metadata={"pydantic_js_functions": [lambda _schema, _handler: {"type": "array"}]},
        )


def _give_shape(tensor: _Tensor) -> _Tensor:
    """The tensor with its ``data`` in the shape that the request names."""
    fields = tensor.__dict__
    data, shape = fields["data"], tuple(tensor.shape)
    if data.shape != shape:
        fields["data"] = _shaped(data, shape)
    return tensor


#: It may run in a trial, whose failure nobody sees.
_give_shape.__fastcore_pure__ = True  # type: ignore[attr-defined]


def _shaped(data: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    if len(shape) > MOST_DIMENSIONS:
        raise _refused(_wrong_length(len(shape), MOST_DIMENSIONS, ("shape",), list(shape)))
    size = math.prod(shape)
    if data.ndim == 1 and data.size != size <= sys.maxsize:
        raise _refused(_wrong_length(data.size, size, ("data",), data.tolist()))
    if data.size == size and (data.ndim == 1 or not size):
        with suppress(ValueError):  # no items, and sizes beyond what an array can have
            return data.reshape(shape)
    wrong = PydanticCustomError(
        "array_shape",
        "Data should have the shape {expected}, not {actual}",
        {"expected": list(shape), "actual": list(data.shape)},
    )
    raise _refused(InitErrorDetails(type=wrong, loc=("data",), input=data.tolist()))


def _refused(line: InitErrorDetails) -> ValidationError:
    return ValidationError.from_exception_data("tensor", [line])


class _Tensor(BaseModel):
    """What the inputs of all datatypes have."""

    name: str
    shape: list[Annotated[int, Field(ge=0)]]
    parameters: dict[str, Any] | None = None


def _tensor(datatype: str, dtype: Any) -> type[_Tensor]:
    kind = _Texts() if dtype is np.object_ else _Numbers(dtype)
    fields: dict[str, Any] = {
        "datatype": (Literal[datatype], ...),
        "data": (Annotated[Any, kind], ...),
    }
    name = f"{datatype}Input"
    return create_model(name, __base__=_Tensor, __module__=__name__, **fields)


if TYPE_CHECKING:

    class RequestInput(_Tensor):
        """One tensor: its ``data`` is an array of the named datatype and shape."""

        datatype: str
        data: np.ndarray[Any, Any]

else:
    _INPUTS = tuple(
        Annotated[_tensor(name, dtype), AfterValidator(_give_shape)]
        for name, dtype in DATATYPES.items()
    )
    from typing import Union

    #: One tensor: its ``data`` is an array of the named datatype and shape.
    RequestInput = Annotated[Union[_INPUTS], Field(discriminator="datatype")]  # noqa: UP007


class RequestOutput(BaseModel):
    """An output that the client asks for."""

    name: str
    parameters: dict[str, Any] | None = None


class InferenceRequest(BaseModel):
    """The body of ``POST v2/models/NAME/infer``.

    Attributes
    ----------
    id : str or None
    parameters : dict or None
    inputs : list of RequestInput
        Each has ``name``, ``shape``, ``datatype``, ``parameters`` and ``data``: an array of that
        datatype and shape, whether the document has it flat or nested. FP16, FP32 and FP64 are
        floats of 2, 4 and 8 bytes, and finite; BYTES is text, in an array of objects.
    outputs : list of RequestOutput or None

    Raises
    ------
    pydantic_core.ValidationError
        What is wrong with the document. What an `Array` of the datatype refuses is at the element;
        ``too_short`` or ``too_long`` at ``data`` is a flat one whose length is not the product of
        the shape, and ``array_shape`` there a nested one of another shape.

    Examples
    --------
    >>> from fastcore import Schema
    >>> from fastcore.kserve import InferenceRequest
    >>> request = Schema(InferenceRequest).validate_json('''{"inputs": [
    ...     {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4.5]},
    ...     {"name": "plan", "shape": [2], "datatype": "BYTES", "data": ["free", "pro"]}
    ... ]}''')
    >>> request.arrays["x"]
    array([[1. , 2. ],
           [3. , 4.5]], dtype=float32)
    >>> request.arrays["plan"]
    array(['free', 'pro'], dtype=object)
    """

    id: str | None = None
    parameters: dict[str, Any] | None = None
    inputs: list[RequestInput]
    outputs: list[RequestOutput] | None = None

    @property
    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """The data of each input, by name; the last of one name."""
        return {tensor.name: tensor.data for tensor in self.inputs}
