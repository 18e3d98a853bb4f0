"""``Schema``: a compiled contract, made from any type that pydantic understands."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from pydantic import TypeAdapter
from pydantic_core import (
    PydanticOmit,
    PydanticUseDefault,
    SchemaError,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from . import _core
from . import _identity as _identity
from ._compile import Program, compile_schema
from ._config import disabled
from ._errors import (
    Line,
    asks_in_vain_is_missing,
    duplicate_key,
    has_nonfinite_input,
    line_errors,
    missing,
    not_json,
    raised_lines,
    too_short,
)
from ._fingerprint import fingerprint
from ._ndjson import iterate, validate
from ._options import MAX_DEPTH, Options
from ._places import annotate
from ._rewrite import CoreSchema, finite_floats, limit_rows
from .explanation import Explanation

if TYPE_CHECKING:
    from .columns import Columns

__all__ = ["Schema"]

T = TypeVar("T")


class Schema(_core.Schema, Generic[T]):
    """A compiled, immutable contract of what a request may be.

    C accepts a value by itself only where it is certain that pydantic would, with the same result.
    Anything else (a coercion, a type C does not know, a value that is wrong) is handed to pydantic
    as its bytes, so results and errors are pydantic's own.

    Parameters
    ----------
    type_ : type
        Any type that ``pydantic.TypeAdapter`` takes.
    allow_nan : bool, default False
        False: the tokens ``NaN`` and ``Infinity`` are not JSON (``json_invalid``), and what would
        become a non-finite float is ``finite_number`` at its place. True: as pydantic does.
    duplicate_keys : {"last", "error"}
        What a key means that an object has twice: its last value, as in pydantic, or an error of
        type ``duplicate_key`` at the key, before any value is looked at.
    max_depth : int, default 200
        How deeply arrays and objects may be nested; 200 (pydantic's own limit) at the most.
    max_errors : int, optional
        The largest number of errors that are listed; where there are more the exception is a
        `TruncatedValidationError`.
    max_rows : int, optional
        The largest number of records in a ``Rows`` or ``Table``; more is ``too_long``.
    hide_input : bool, default False
        Errors do not have what was given: their ``input`` is None, and their text is without it.
    max_input : int, optional
        The longest ``input`` of an error, in characters (of its JSON, where it is no text); of more
        the beginning is given, as a text with an ellipsis.
    native : bool, default True
        False sends everything to pydantic, as ``FASTCORE_DISABLE=1`` does.
    verify : float, default 0
        The share of the documents that pydantic judges as well, evenly spread over the calls. Its
        answer is then the one that is given, validators run twice, and a difference is an error in
        the log ``fastcore.verify``, without the document.

    Raises
    ------
    ValueError
        A limit is out of range.
    fastcore.UnsupportedError
        A record has two columns of one name.

    Examples
    --------
    >>> from typing import Literal
    >>> from pydantic import BaseModel, Field
    >>> class Flight(BaseModel):
    ...     carrier: Literal["AA", "B6", "UA"]
    ...     distance: float = Field(ge=0)
    >>> schema = Schema(Flight)
    >>> schema.validate_json(b'{"carrier": "B6", "distance": 1065}')
    Flight(carrier='B6', distance=1065.0)
    >>> schema.validate_json(b'{"carrier": "XX", "distance": 1065}')
    Traceback (most recent call last):
        ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for Flight
    carrier
      Input should be 'AA', 'B6' or 'UA' [type=literal_error, input_value='XX', input_type=str]
    ...
    """

    __slots__ = (
        "_adapter",
        "_fingerprint",
        "_given_schema",
        "_hide_input",
        "_options",
        "_original_schema",
        "_program",
        "_type",
        "_use_prebuilt",
        "_validator",
    )

    def __init__(
        self,
        type_: type[T] | Any,
        *,
        allow_nan: bool = False,
        duplicate_keys: Literal["last", "error"] = "last",
        max_depth: int = MAX_DEPTH,
        max_errors: int | None = None,
        max_rows: int | None = None,
        hide_input: bool = False,
        max_input: int | None = None,
        native: bool = True,
        verify: float = 0.0,
    ) -> None:
        options = Options(
            allow_nan, duplicate_keys, max_depth, max_errors, max_rows, hide_input, max_input
        )
        # Names in the type are looked up where the Schema is made, as TypeAdapter does.
        adapter = TypeAdapter(type_, _parent_depth=3)
        schema = adapter.core_schema
        if not isinstance(schema, dict):  # deferred: pydantic builds it when it is first used
            adapter.rebuild()
            schema = adapter.core_schema
        self._start(type_, adapter, cast(CoreSchema, schema), options, native, verify)

    @classmethod
    def from_core_schema(
        cls, core_schema: CoreSchema, *, native: bool = True, verify: float = 0.0, **options: Any
    ) -> Schema[Any]:
        """A schema from a pydantic-core ``CoreSchema`` instead of a type.

        Parameters
        ----------
        core_schema : dict
            Anything that ``pydantic_core.SchemaValidator`` takes.
        native, verify, **options
            As for `Schema`.

        Returns
        -------
        Schema
        """
        self: Schema[Any] = cls.__new__(cls)
        self._start(None, None, core_schema, Options(**options), native, verify)
        return self

    def _start(
        self,
        type_: Any,
        adapter: TypeAdapter[Any] | None,
        schema: CoreSchema,
        options: Options,
        native: bool,
        verify: float,
    ) -> None:
        if not 0 <= verify <= 1:
            raise ValueError(f"verify: expected a share from 0 to 1, got {verify!r}")
        allow_nan, max_rows = options.allow_nan, options.max_rows
        original = schema if max_rows is None else limit_rows(schema, max_rows)
        original = original if allow_nan else finite_floats(original)
        # A model's ready-made validator may not be that of the schema that is given or rewritten.
        prebuilt = adapter is not None and original is schema
        if adapter is None:
            validator = _validator(original, None)
        else:
            validator = cast(SchemaValidator, adapter.validator)
            if not prebuilt:
                config = _own_config(schema) if _is_of_class(validator, type_) else {}
                validator = _validator(original, {**config, "title": validator.title})
        program: Program = compile_schema(original)
        self._set_up(
            program.nodes,
            program.root,
            copy.deepcopy,
            ValidationError,
            options.max_depth,
            allow_nan,
            -1 if max_rows is None else max_rows,
            native and not disabled(),
            program.route,
            options.duplicate_keys == "error",
            float(verify),
        )  # refused for a schema that is set up: it stays as it is
        self._type, self._adapter = type_, adapter
        self._options = options
        self._original_schema, self._given_schema = original, schema
        self._fingerprint: str | None = None
        self._use_prebuilt = prebuilt
        self._validator = validator
        self._hide_input = _hides_input(validator)
        self._program = program

    @property
    def route_native(self) -> bool:
        """Whether `try_route_json` can succeed at all."""
        return self._program.route and not disabled()

    def validate_python(self, obj: Any) -> T:
        """Validate a Python object, as ``TypeAdapter.validate_python`` does.

        Parameters
        ----------
        obj : object
            What is to be validated; ``Rows``, ``Row`` and ``Array`` are understood.

        Returns
        -------
        object
            The validated value.

        Raises
        ------
        pydantic_core.ValidationError
            The object is not of the type.
        """
        try:
            return cast(T, self._validator.validate_python(obj))
        except ValidationError as error:
            if not self._options.edits_errors:
                raise
            raise self._options.edited(error, "python", self._hide_input) from None

    if TYPE_CHECKING:  # it is C's, which does not know T

        def validate_json(
            self,
            data: Any,
            /,
            *,
            strict: bool | None = None,
            context: Any = None,
            by_alias: bool | None = None,
            by_name: bool | None = None,
        ) -> T: ...

    def validate_ndjson(self, data: Any) -> T:
        """Validate lines of JSON, one record each (NDJSON, JSON Lines).

        Parameters
        ----------
        data : bytes, bytearray, memoryview, str or any buffer
            Lines that end with a line feed, the last one with or without it; lines without anything
            but blanks are passed over.

        Returns
        -------
        Columns
            What `validate_json` gives for the array of the records.

        Raises
        ------
        TypeError
            The schema's type is not ``Rows[...]``.
        pydantic_core.ValidationError
            Some lines are not JSON, or not such records. The first part of each ``loc`` is the
            number of the line, counted from 0.
        """
        self._need_rows("validate_ndjson")
        return cast(T, validate(self, data))

    def iter_ndjson(self, file_or_chunks: Any, *, rows: int = 65536) -> Iterator[Columns]:
        """Validate a stream of lines of JSON, batch by batch, in bounded memory.

        Parameters
        ----------
        file_or_chunks : file or iterable of bytes
            Anything with ``read(size)`` (an open file, also of gzip or zstandard), or chunks that
            may be cut anywhere.
        rows : int
            The largest number of records in a batch.

        Yields
        ------
        Columns
            Batches with at least one record, in order.

        Raises
        ------
        TypeError
            The schema's type is not ``Rows[...]``, or `file_or_chunks` is a document itself.
        ValueError
            `rows` is less than 1, or a line is longer than 64 MiB.
        pydantic_core.ValidationError
            As in `validate_ndjson`, with the number of the line in the whole stream. The batches
            before it have been given.
        """
        self._need_rows("iter_ndjson")
        if isinstance(rows, bool) or rows < 1:
            raise ValueError(f"rows: expected at least 1, got {rows!r}")
        return iterate(self, file_or_chunks, rows)

    def _need_rows(self, method: str) -> None:
        schema = self._original_schema
        definitions = {item["ref"]: item for item in schema.get("definitions", ())}
        while schema["type"] in ("definitions", "definition-ref"):
            inner = schema.get("schema")
            schema = definitions[schema["schema_ref"]] if inner is None else inner
        layout = (schema.get("metadata") or {}).get("fastcore")
        if layout is None or layout.kind != "rows":
            raise TypeError(f"{method}() needs a Schema of Rows[...], this is {self!r}")

    @property
    def _hides(self) -> bool:
        """Whether the text of errors leaves the input out."""
        return self._hide_input or self._options.hide_input

    def json_schema(self, mode: str = "validation") -> dict[str, Any]:
        """The JSON Schema (2020-12) that pydantic gives for the type.

        Parameters
        ----------
        mode : {"validation", "serialization"}
            Which side of the contract.

        Returns
        -------
        dict
        """
        if self._adapter is not None:
            return self._adapter.json_schema(mode=mode)  # type: ignore[arg-type]
        from pydantic.json_schema import GenerateJsonSchema

        return GenerateJsonSchema().generate(cast(Any, self._original_schema), mode=mode)  # type: ignore[arg-type]

    @property
    def fingerprint(self) -> str:
        """64 hexadecimal digits: equal for equal contracts, in every process and with every
        supported pydantic. Names of classes and titles are not in it; functions are in it by module
        and qualified name, not by what they do.
        """
        if self._fingerprint is None:
            options = self._options
            kept = ("allow_nan", "duplicate_keys", "max_depth", "max_rows")
            self._fingerprint = fingerprint(
                self._given_schema, {name: getattr(options, name) for name in kept}
            )
        return self._fingerprint

    def explain(self) -> Explanation:
        """Which nodes C decides by itself, and why it does not decide the others.

        Returns
        -------
        Explanation
        """
        return Explanation(self._program.report, title=repr(self))

    def __repr__(self) -> str:
        name = getattr(self._type, "__name__", None) if self._type is not None else "core schema"
        return f"Schema({name or self._type!r})"

    def __reduce__(self) -> Any:
        raise TypeError("a Schema cannot be pickled: make it anew from its type")

    # ---- Called from C -------------------------------------------------------------------

    def _whole(self, data: Any, **options: Any) -> Any:
        """The original's answer for the whole document."""
        if not isinstance(data, bytes | bytearray | str):
            with suppress(TypeError):  # the original has the error for what is no buffer
                data = bytes(memoryview(data))
        given = {key: value for key, value in options.items() if value is not None}
        unknown = sorted(set(options) - {"strict", "context", "by_alias", "by_name"})
        if unknown:
            raise TypeError(f"validate_json() got an unexpected keyword argument {unknown[0]!r}")
        self._check_policy(data)
        try:
            return self._validator.validate_json(data, **given)
        except ValidationError as error:
            found = error.errors(include_url=False)
            if self._options.allow_nan or not has_nonfinite_input(found):
                if self._options.edits_errors:
                    raise self._options.edited(error, "json", self._hide_input, data) from None
                if not self._hide_input:
                    annotate(error, data, found)
                raise
            text = data.encode() if isinstance(data, str) else bytes(data)
            lines = line_errors(error, (), text)
        return self._raise(lines, data)

    def _check_policy(self, data: Any) -> None:
        """Raise for a document that breaks a rule of ours which the original does not have."""
        if not isinstance(data, bytes | bytearray | str):
            return
        text = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
        suspect = not self._options.allow_nan and (b"NaN" in text or b"Infinity" in text)
        if self._options.duplicate_keys == "error":
            self._check_keys(text)
        if suspect or self._options.max_depth < MAX_DEPTH:
            fault = _core.json_fault(text, self._options.max_depth, self._options.allow_nan)
            if fault is not None:
                self._refuse(data, text, fault[2], fault[1])

    def _check_keys(self, data: bytes | str) -> None:
        """Raise for a key that occurs twice in an object; of what is no JSON nothing is said."""
        text = data.encode() if isinstance(data, str) else data
        options = self._options
        found = _core.json_duplicates(text, options.max_depth, options.allow_nan)
        if found:
            self._raise([duplicate_key(loc) for loc in found], text)

    def _refuse(self, data: Any, text: bytes, rule: str, at: int) -> None:
        what = ""
        if rule == "nonfinite" and not self._options.allow_nan:
            what = "expected value"
        elif rule == "depth" and self._options.max_depth < MAX_DEPTH:
            what = "recursion limit exceeded"
        if what:
            lines = [not_json(data, text, what, at)]
            raise self._options.error(self._validator.title, lines, "json", self._hide_input, text)

    def _syntax(self, data: Any, rule: str, at: int) -> Any:
        """The original's answer for a document that C's reader refused; or that of our rule."""
        self._refuse(data, data.encode() if isinstance(data, str) else bytes(data), rule, at)
        return self._whole(data)

    def _original(self, node: int) -> Any:
        """The bound ``validate_json`` of one node by itself."""
        schema, config = self._program.originals[node]
        if node == self._program.root:
            return self._validator.validate_json
        return self._validator_of(schema, config).validate_json

    def _validator_of(self, schema: CoreSchema, config: CoreSchema | None) -> SchemaValidator:
        definitions = self._program.definitions
        if definitions:
            schema = {"type": "definitions", "schema": schema, "definitions": definitions}
        return _validator(schema, config, self._use_prebuilt)

    def _record(self, node: int) -> Any:
        """The same for one record of a ROWS or ROW node."""
        return _validator(self._program.layouts[node].record, None).validate_json

    def _values(self, node: int, record: Any) -> list[Any]:
        return cast("list[Any]", self._program.layouts[node].values(record))

    def _signal(self, error: BaseException) -> int:
        """What a span's original says beyond a value and errors: 1 omit it, 2 use a default.

        pydantic passes these up to the node around; alone, they end as a SchemaError. One that has
        been through a frame of Python is what a handler raised inside of user code.
        """
        if isinstance(error, SchemaError) and error.__traceback__ is None:
            text = str(error)
            if text.startswith("Uncaught Omit"):
                return 1
            return 2 if text.startswith("Uncaught `PydanticUseDefault`") else 0
        return 0

    def _verified(self, data: Any) -> Any:
        from ._verify import verified

        return verified(self, data)

    def _failed(
        self, node: int, error: BaseException, loc: tuple[Any, ...], span: bytes
    ) -> list[Line] | tuple[Any] | int | None:
        """What a validator's exception means to pydantic.

        A list of errors, (the default that it asks for,), a signal as of `_signal`, or None: it
        passes through.
        """
        if isinstance(error, PydanticOmit):
            return 1
        if isinstance(error, PydanticUseDefault):
            return self._nearest_default(node, loc)
        return raised_lines(error, loc, span, self._options.allow_nan)

    def _uncaught(self, signal: int) -> Any:
        """End as pydantic does where nothing is around that could act on a signal."""

        def say(_: Any) -> Any:
            raise PydanticOmit if signal == 1 else PydanticUseDefault

        SchemaValidator(core_schema.no_info_plain_validator_function(say)).validate_json(b"0")

    def _missing(self, loc: tuple[Any, ...], span: bytes) -> Line | None:
        return missing(loc, span) if asks_in_vain_is_missing() else None

    def _too_short(
        self, kind: str, loc: tuple[Any, ...], span: bytes, least: int, actual: int
    ) -> Line:
        return too_short(kind, loc, span, least, actual)

    def _nearest_default(self, node: int, loc: tuple[Any, ...]) -> list[Line] | tuple[Any] | int:
        schema, config = self._program.originals[node]
        nearest = None
        while schema["type"] in ("default", "nullable", "definitions"):
            nearest = schema if schema["type"] == "default" else nearest
            schema = schema["schema"]
        if nearest is None:
            return 2
        try:
            found = cast(Any, self._validator_of(nearest, config).get_default_value())
        except ValidationError as error:
            return line_errors(error, loc, None)
        return 2 if found is None else (found.value,)

    def _lines(self, error: ValidationError, loc: tuple[Any, ...], span: bytes) -> list[Line]:
        return line_errors(error, loc, None if self._options.allow_nan else span)

    def _raise(self, lines: list[Line], data: Any, first: int | None = None) -> None:
        title, hides = self._validator.title, self._hide_input
        raise self._options.error(title, lines, "json", hides, data, first)


def _validator(
    schema: CoreSchema, config: CoreSchema | None, prebuilt: bool = False
) -> SchemaValidator:
    """A validator of exactly this schema, unless models' ready-made ones may be used."""
    return SchemaValidator(cast(Any, schema), cast(Any, config), _use_prebuilt=prebuilt)


def _is_of_class(validator: SchemaValidator, type_: Any) -> bool:
    """Whether it is the one that a class made for itself, under its own config."""
    return validator is getattr(type_, "__pydantic_validator__", None)


def _own_config(schema: CoreSchema) -> CoreSchema:
    """The config of the class that the schema is of."""
    definitions = {item["ref"]: item for item in schema.get("definitions", ())}
    while schema.get("type") not in ("model", "dataclass"):
        inner = definitions.get(schema.get("schema_ref", ""), schema.get("schema"))
        if inner is None:
            return {}
        schema = inner
    return schema.get("config") or {}


def _hides_input(validator: SchemaValidator) -> bool:
    """Whether its messages leave the input out; asked with a text that is no JSON."""
    try:
        validator.validate_json(b"")
    except ValidationError as error:
        return "input_type=bytes]" not in str(error)
    return False
