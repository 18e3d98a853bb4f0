"""Compiles scalars: values of one token."""

from __future__ import annotations

import decimal
import math
import uuid
from typing import Any

from pydantic_core import TzInfo

from ._nodes import (
    ANY,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    FLOAT,
    INT,
    INT64,
    NONE,
    TIME,
    UUID,
    Base,
    NotNative,
    choices,
    is_strict,
    only,
    refuse,
    text_node,
    tighter,
)
from ._rewrite import CoreSchema


class Scalars(Base):
    def _any(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return (ANY,)

    def _none(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return (NONE,)

    def _bool(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return (BOOL,)

    def _int(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "ge gt le lt strict multiple_of")
        refuse(schema, "multiple_of")
        bounds = [schema[key] for key in ("ge", "gt", "le", "lt") if schema.get(key) is not None]
        if not all(type(bound) is int for bound in bounds):
            raise NotNative("a bound that is not an int")
        low = [schema["ge"]] if schema.get("ge") is not None else []
        low += [schema["gt"] + 1] if schema.get("gt") is not None else []
        high = [schema["le"]] if schema.get("le") is not None else []
        high += [schema["lt"] - 1] if schema.get("lt") is not None else []
        least, most = max([INT64[0], *low]), min([INT64[1], *high])
        if least > INT64[1] or most < INT64[0]:
            raise NotNative("bounds beyond 64 bits")
        return (INT, least if low else None, most if high else None, False, False)

    def _float(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "ge gt le lt strict multiple_of allow_inf_nan")
        refuse(schema, "multiple_of")
        limits: dict[str, float] = {}
        for key in ("ge", "gt", "le", "lt"):
            if schema.get(key) is not None:
                try:
                    limits[key] = float(schema[key])
                except (TypeError, ValueError, OverflowError):
                    raise NotNative(f"the bound {key} is no float") from None
                if math.isnan(limits[key]):
                    raise NotNative(f"the bound {key} is NaN")
        low, low_open = tighter(limits.get("ge"), limits.get("gt"), max)
        high, high_open = tighter(limits.get("le"), limits.get("lt"), min)
        return (FLOAT, low, high, low_open, high_open)

    def _str(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        return text_node(schema, config)

    def _literal(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "expected")
        return choices((value, value) for value in schema["expected"])

    def _enum(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "cls members sub_type missing strict")
        if schema.get("sub_type") == "float":
            raise NotNative("an enum of floats")
        if schema.get("strict", config.get("strict")):
            self.impure = True  # Python mode then wants the member itself
        return choices((member.value, member) for member in schema["members"])

    # ---- In one canonical form ---------------------------------------------------------------

    def _date(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "strict le ge lt gt now_op now_utc_offset")
        refuse(schema, "now_op")
        if any(schema.get(key) is not None for key in ("le", "ge", "lt", "gt")):
            raise NotNative("bounds of dates")
        self.impure = is_strict(schema, config)
        return (DATE,)

    def _datetime(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(
            schema,
            "strict le ge lt gt now_op tz_constraint now_utc_offset microseconds_precision",
        )
        refuse(schema, "now_op tz_constraint")
        if any(schema.get(key) is not None for key in ("le", "ge", "lt", "gt")):
            raise NotNative("bounds of times")
        self.impure = is_strict(schema, config)
        return (DATETIME, (TzInfo, TzInfo(0)))

    def _uuid(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "version strict")
        self.impure = is_strict(schema, config)
        return (UUID, (uuid.UUID, uuid.SafeUUID.unknown), schema.get("version") or 0)

    def _time(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "strict le ge lt gt tz_constraint microseconds_precision")
        refuse(schema, "tz_constraint")
        if any(schema.get(key) is not None for key in ("le", "ge", "lt", "gt")):
            raise NotNative("bounds of times")
        self.impure = is_strict(schema, config)
        return (TIME, (TzInfo, TzInfo(0)))

    def _timedelta(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "strict le ge lt gt microseconds_precision")
        if any(schema.get(key) is not None for key in ("le", "ge", "lt", "gt")):
            raise NotNative("bounds of durations")
        self.impure = is_strict(schema, config)
        return (DURATION,)

    def _decimal(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "allow_inf_nan multiple_of le ge lt gt max_digits decimal_places strict")
        refuse(schema, "multiple_of")
        limits: dict[str, decimal.Decimal] = {}
        for key in ("ge", "gt", "le", "lt"):
            bound = schema.get(key)
            if bound is not None:
                if type(bound) not in (int, decimal.Decimal):
                    raise NotNative(f"the bound {key} is no int or Decimal")
                limits[key] = decimal.Decimal(bound)
                if not limits[key].is_finite():
                    raise NotNative(f"the bound {key} is not finite")
        low, low_open = tighter(limits.get("ge"), limits.get("gt"), max)
        high, high_open = tighter(limits.get("le"), limits.get("lt"), min)
        self.impure = is_strict(schema, config)
        counts = (schema.get(key) for key in ("max_digits", "decimal_places"))
        digits, places = (-1 if count is None else count for count in counts)
        return (
            DECIMAL, (decimal.Decimal, low, high), low_open, high_open, digits, places,
        )  # fmt: skip

    def _bytes(self, schema: CoreSchema, config: CoreSchema, path: Any) -> tuple[Any, ...]:
        only(schema, "max_length min_length strict")
        if config.get("val_json_bytes", "utf8") != "utf8":
            raise NotNative("config val_json_bytes")
        self.impure = is_strict(schema, config)
        least, most = schema.get("min_length"), schema.get("max_length")
        return (BYTES, -1 if least is None else least, -1 if most is None else most)
