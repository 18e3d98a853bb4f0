"""Documents for a plan, from a seed: right ones, ones with one thing wrong, wild ones.

Hypothesis takes a millisecond for a document; this takes some ten microseconds, so that one type
meets hundreds. The same plan and seed give the same documents.
"""

from __future__ import annotations

import datetime
import json
import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from .plans import KEYS, Plan

TEXTS = ["", "a", "ab", "x", "abc", "é", "e\u0301", "😀", "\u0000", 'q"', "\\", "\n", "1", "1.5",
         "true", "nan", "2020-01-01", " 7 ", "a" * 70, "日本" * 20, "B", "cat", "-0", "1_0", "٣",
         "\u2028", "\ud7ff", "YWI=", "6162"]  # fmt: skip
INTS = [2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64, -(2**70), 10**25, 0, 1, -1, 2, 3]
FLOATS = [0.0, -0.0, 1.0, 0.1, 5e-324, 1.7976931348623157e308, 1e22, 1e23, -2.5, 1e300, 3.0, 0.5]
#: Numbers as no serialiser would write them.
NUMBERS = ["-0", "-0.0", "1e0", "1E+2", "0e5", "1.50", "100e-2", "1e22", "9007199254740993.0",
           "1e19", "0.1e1", "123456789012345678901234567890", "1.0000000000000000000001", "2e-400",
           "3.14159265358979323846264338327950288", "4.9e-324", "1e16",
           "12345678901234567"]  # fmt: skip
DATES = ["2020-01-01", "2020-02-29", "2021-02-29", "1900-02-29", "0000-01-01", "9999-12-31",
         "2020-13-01", "2020-01-01T00:00:00", "20200101", "2020-1-1", "0001-01-01", "1577836800",
         "2020-01-0٣"]  # fmt: skip
TIMES = ["2020-01-01T24:00:00", "2020-02-30T00:00:00", "2020-01-01T00:00:60", "1e9", "",
         "2020-01-01T00:00", "9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59",
         "2020-01-01 00:00:00Z", "2020-01-01T00:00:00,5", "2020-01-01T00:00:00.1234567",
         "2020-01-01T00:00:00\u221201:00"]  # fmt: skip
CLOCKS = ["12:00", "12:00:00", "23:59:59.999999Z", "24:00", "12:00+05:30", "3600", "1"]
SPANS = ["P1D", "PT1H", "1 day, 02:00:00", "02:00", "1d", "-P1DT2H3.5S", "P1W", "3600"]
IDS = ["{12345678-1234-1234-1234-123456789abc}", "12345678123412341234123456789ABC",
       "12345678-1234-1234-1234-123456789ABC", "12345678-1234-1234-1234-123456789abg",
       "123456781-234-1234-1234-123456789abc", "1",
       "urn:uuid:12345678-1234-4234-8234-123456789abc"]  # fmt: skip
URLS = [
    "http://a.b/c?d#e",
    "https://é.org",
    "x:y",
    "http://",
    "a",
    "http://a.b:99999",
    "ftp://u:p@h",
]
BROKEN = [b"\xff", b"NaN", b"1e999", b"]", b'"', b"0", b"-Infinity", b"\\ud800",
          b"\xed\xa0\x80", b",", b"\x00", b"}", b"[", b" ", b"\\", b"e", b".", b"-"]  # fmt: skip


class Raw(str):
    """A number's text, to be written as it is."""


class Object(list[list[Any]]):
    """The pairs of an object; a key may be there twice."""


class Documents:
    """Documents for one plan."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.random = random.Random(seed)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self.document()

    def document(self) -> bytes:
        r = self.random.random
        value = self.wild() if r() < 0.06 else self.right(self.plan)
        chance = r()
        # Most are right or have one thing wrong: the rest of C is only met behind them.
        for _ in range(0 if chance < 0.4 else 1 if chance < 0.9 else 3):
            value = self.spoiled(value)
        data = self.text(value).encode("utf-8", "surrogatepass")
        return self.damaged(data) if r() < 0.12 else data

    def pick(self, choices: Any) -> Any:
        return choices[int(self.random.random() * len(choices))]

    # ---- Values --------------------------------------------------------------------------------

    def wild(self, depth: int = 2) -> Any:
        chance = int(self.random.random() * (14 if depth else 10))
        if chance < 3:
            return self.pick(TEXTS)
        if chance < 5:
            return self.pick(INTS)
        if chance < 6:
            return self.pick(FLOATS)
        if chance < 7:
            return Raw(self.pick(NUMBERS))
        if chance < 10:
            return self.pick([None, True, False])
        size = int(self.random.random() * 4)
        if chance < 12:
            return [self.wild(depth - 1) for _ in range(size)]
        return Object([self.pick(KEYS), self.wild(depth - 1)] for _ in range(size))

    def right(self, plan: Plan, depth: int = 0) -> Any:
        """A value that often fits the plan's type."""
        return _RIGHT[plan[0]](self, plan, depth)

    def number(self, plan: Plan, depth: int) -> Any:
        bounds = {k: v for k, v in plan[1].items() if k not in ("strict", "allow_inf_nan")}
        chance = self.random.random()
        if bounds and chance < 0.2:
            at = self.pick(list(bounds.values())) + self.pick([0, 0, 1, -1])
            return at if plan[0] == "int" or self.random.random() < 0.7 else float(at)
        if bounds and chance < 0.85:
            step = bounds.get("multiple_of", 1)
            low = int(max(bounds.get("ge", -4), bounds.get("gt", -4) + 1, -4))
            high = int(min(bounds.get("le", 12), bounds.get("lt", 12) - 1, 12))
            return self.random.randint(min(low, high), high) // step * step
        if plan[0] == "int":
            return self.random.randint(-4, 12) if chance < 0.9 else self.pick(INTS)
        if chance < 0.7:
            return self.pick([0, 1, 2, 3, 4, 0.5, 1.0, -0.5, 7.25, -0.0])
        if chance < 0.8:
            return self.random.uniform(-10, 10)
        return Raw(self.pick(NUMBERS)) if chance < 0.9 else self.pick(FLOATS)

    def text_value(self, plan: Plan, depth: int) -> str:
        if self.random.random() < 0.3:
            return str(self.pick(TEXTS))
        least, most = plan[1].get("min_length", 0), plan[1].get("max_length", 4)
        return "".join(
            self.pick("abcé") for _ in range(self.random.randint(least, max(least, most)))
        )

    def plain(self, plan: Plan, depth: int) -> Any:
        make = _PLAIN.get(plan[1])
        return self.wild() if make is None else make(self)

    def enum_value(self, plan: Plan, depth: int) -> Any:
        values = (
            [*range(1, len(plan[2]) + 1), 0.5, 1.5] if plan[1] in ("IntEnum", "float") else plan[2]
        )
        return self.pick([*values, *values, "b", 1])

    def size(self, plan: Plan, depth: int) -> int:
        """How many items: mostly what the lengths allow."""
        least, most = plan[-1].get("min_length", 0), plan[-1].get("max_length", 4)
        if self.random.random() < 0.1:
            return self.pick([max(least - 1, 0), most + 1])
        return self.random.randint(least, max(least, min(most, 3 if depth < 3 else 1)))

    def items(self, plan: Plan, depth: int) -> list[Any]:
        return [self.right(plan[1], depth + 1) for _ in range(self.size(plan, depth))]

    def pairs(self, plan: Plan, depth: int) -> Object:
        return Object(
            [self.key(plan[1]), self.right(plan[2], depth + 1)]
            for _ in range(self.size(plan, depth))
        )

    def key(self, plan: Plan) -> str:
        if plan[0] in ("str", "checked") or plan == ("plain", "any") or self.random.random() < 0.1:
            return str(self.pick(KEYS))
        value = self.right(plan)
        return value if isinstance(value, str) else self.text(value)

    def tuple_(self, plan: Plan, depth: int) -> list[Any]:
        return [self.right(inner, depth + 1) for inner in plan[1]]

    def headed(self, plan: Plan, depth: int) -> list[Any]:
        tail = [self.right(plan[2], depth + 1) for _ in range(self.random.randint(0, 2))]
        return [self.right(plan[1], depth + 1), *tail]

    def twice(self, plan: Plan, depth: int) -> list[Any]:
        one = [self.right(plan[1], depth + 1) for _ in range(4)]
        return [one[0], one[1:3], self.pick([None, one[3]])]

    def through(self, plan: Plan, depth: int) -> Any:
        return self.right(plan[1], depth)

    def optional(self, plan: Plan, depth: int) -> Any:
        return None if self.random.random() < 0.25 else self.right(plan[1], depth)

    # ---- Objects -------------------------------------------------------------------------------

    def fields(self, plan: Plan, depth: int) -> Object:
        r = self.random.random
        made = Object()
        for name, (inner, presence, given) in plan[1].items():
            if r() < (0.03 if presence == "required" else 0.3):
                continue
            value = self.right(inner, depth + 1)
            self.put(made, name if r() < 0.03 else given or name, value)
            if given and r() < 0.05:
                made.append([name, value])  # by name as well
        if r() < 0.15:
            made.append([self.pick(["zz", "base", "unasked", "only", *KEYS]), self.wild(1)])
        if r() < 0.15:
            self.random.shuffle(made)
        return made

    def put(self, made: Object, place: Any, value: Any) -> None:
        """Where an alias leads."""
        if isinstance(place, str):
            made.append([place, value])
            return
        how, what = place
        if how == "choices":
            what = self.pick(what)
        if isinstance(what, str):
            made.append([what, value])
            return
        for step in reversed(what[1:]):
            if isinstance(step, str):
                value = Object([[step, value]])
            else:
                before, behind = (step, 0) if step >= 0 else (1, -step - 1)
                value = [*[None] * before, value, *[None] * behind]
        made.append([what[0], value])

    def named(self, plan: Plan, depth: int) -> Any:
        made = self.fields(plan, depth)
        if self.random.random() < 0.3:
            return made
        ordered = sorted(plan[1].items(), key=lambda field: field[1][1] != "required")
        return [self.right(inner, depth + 1) for _, (inner, _, _) in ordered]

    def generic(self, plan: Plan, depth: int) -> Object:
        first, second = plan[1], plan[2]
        made = Object([["item", self.right(first, depth + 1)]])
        if self.random.random() < 0.5:
            made.append(["others", [self.right(second, depth + 1)]])
        if depth < 3 and self.random.random() < 0.4:
            made.append(["inside", self.generic(plan, depth + 2)])
        return made

    def recursive(self, plan: Plan, depth: int) -> Object:
        made = Object([["value", self.right(plan[2], depth + 1)]])
        if depth < 4 and self.random.random() < 0.4:
            made.append(["next", self.pick([None, self.recursive(plan, depth + 2)])])
        if depth < 3 and self.random.random() < 0.4:
            made.append(["kids", [self.recursive(plan, depth + 2) for _ in range(2)]])
        return made

    def mutual(self, plan: Plan, depth: int) -> Object:
        made = Object([["value", self.right(plan[1], depth + 1)]])
        if depth < 4 and self.random.random() < 0.6:
            odd = Object([["value", self.right(plan[2], depth + 1)]])
            if self.random.random() < 0.6:
                odd.append(["even", [self.mutual(plan, depth + 2)]])
            made.append(["odd", odd])
        return made

    def tagged(self, plan: Plan, depth: int) -> Object:
        tag = self.pick(list(plan[1]))
        key = "k" if plan[3] == "alias" else "kind"
        given = tag if self.random.random() < 0.9 else self.pick(["cow", 1, None, str(tag), 1.0])
        made = Object([[key, given]])
        for name, inner in plan[1][tag].items():
            made.append([name, self.right(inner, depth + 1)])
        if self.random.random() < 0.3:
            self.random.shuffle(made)
        return made

    # ---- Faults --------------------------------------------------------------------------------

    def spoiled(self, value: Any) -> Any:
        """The value with one place of it changed."""
        places = list(_places(value))
        if not places or self.random.random() < 0.1:
            return self.converted(value)
        holder, at = self.pick(places)
        pair = isinstance(holder, Object)
        chance = self.random.random()
        if chance < 0.15:
            del holder[at]
        elif chance < 0.25:
            # Once more, perhaps with another value: which of the two counts?
            again = self.wild(1) if self.random.random() < 0.6 else None
            old = holder[at][1] if pair else holder[at]
            new = old if again is None else again
            holder.insert(
                self.random.randint(0, len(holder)), [holder[at][0], new] if pair else new
            )
        elif pair and chance < 0.33:
            key = str(holder[at][0])
            holder[at][0] = self.pick([key[:-1], key + "s", key.upper(), key.capitalize(), "zz"])
        elif pair:
            holder[at][1] = self.converted(holder[at][1])
        else:
            holder[at] = self.converted(holder[at])
        return value

    def converted(self, value: Any) -> Any:
        """Something else in its place: often the same in another type, or a little beside it."""
        chance = self.random.random()
        if chance < 0.4:
            return self.wild()
        if isinstance(value, bool) or value is None:
            return self.pick([0, 1, "true", "off", "1", [], None])
        if isinstance(value, int):
            real = float(value) if abs(value) < 2**60 else 1
            texts = [str(value), f" {value} ", Raw(f"{value}.0"), Raw(f"{value}.5")]
            return self.pick([*texts, real, value + 1, value - 1, bool(value)])
        if isinstance(value, float):
            return self.pick([str(value), int(value), value + 0.25, -value, f"{value} "])
        if isinstance(value, Raw):
            return str(value)
        if isinstance(value, str):
            return self.pick(
                [value + "x", value[:-1], value.upper(), value * 3, " " + value, [value]]
            )
        if isinstance(value, Object):
            return self.pick([[list(pair) for pair in value], [value], Object(), None])
        return self.pick([[*value, *value], value[:-1], [value], Object([["0", value]]), None])

    def damaged(self, data: bytes) -> bytes:
        """Not quite JSON any more, mostly."""
        at = self.random.randint(0, len(data))
        chance = self.random.random()
        if chance < 0.25:
            return data[:at]
        if chance < 0.5:
            return data[:at] + self.pick(BROKEN) + data[at:]
        if chance < 0.75 and at < len(data):
            return data[:at] + bytes([data[at] ^ 1 << self.random.randint(0, 7)]) + data[at + 1 :]
        if chance < 0.85:
            return data[:at] + data[at + 1 :]
        return data[:at] + self.pick(BROKEN) + data[at + 1 :]

    # ---- Text ----------------------------------------------------------------------------------

    def text(self, value: Any) -> str:
        spelling = int(self.random.random() * 8)
        comma, colon = _SEPARATORS[spelling]
        escape: Callable[[str], str] = _PLAINLY if spelling % 2 else _ESCAPED
        if spelling == 6:
            escape = _all_escaped

        def write(part: Any) -> str:
            if isinstance(part, Raw):
                return part
            if isinstance(part, str):
                return escape(part)
            if isinstance(part, Object):
                return "{" + comma.join(escape(k) + colon + write(v) for k, v in part) + "}"
            if isinstance(part, list):
                return "[" + comma.join(map(write, part)) + "]"
            return _WORDS[part] if part is None or part is True or part is False else repr(part)

        return write(value)


_PLAINLY = json.JSONEncoder(ensure_ascii=False).encode
_ESCAPED = json.JSONEncoder().encode
_WORDS = {None: "null", True: "true", False: "false"}
_SEPARATORS = [(",", ":")] * 4 + [(", ", ": "), (" ,\n", " :\t"), (",", ":"), ("\r\n,", ":")]


def _all_escaped(text: str) -> str:
    """Each ASCII character as an escape; keys are compared after reading them."""
    return '"' + "".join(f"\\u{ord(c):04x}" if c < "\x7f" else c for c in text) + '"'


def _places(value: Any) -> Iterator[tuple[Any, int]]:
    stack = [value]
    while stack:
        top = stack.pop()
        if isinstance(top, list):
            for at, item in enumerate(top):
                yield top, at
                stack.append(item[1] if isinstance(top, Object) else item)


def _union(self: Documents, plan: Plan, depth: int) -> Any:
    return self.right(self.pick(plan[1]), depth)


def _literal(self: Documents, plan: Plan, depth: int) -> Any:
    return self.pick(plan[1])


def _bool(self: Documents, plan: Plan, depth: int) -> Any:
    return self.random.random() < 0.5


def _date(self: Documents) -> str:
    if self.random.random() < 0.4:
        return str(self.pick(DATES))
    return datetime.date.fromordinal(self.random.randint(1, 3652059)).isoformat()


def _datetime(self: Documents) -> str:
    if self.random.random() < 0.3:
        return str(self.pick(TIMES + DATES))
    clock = f"{self.random.randint(0, 23):02}:{self.random.randint(0, 59):02}:0{self.pick('0123')}"
    fraction = self.pick(["", ".1", ".123456", ".1234567", ".", ",5", ".5"])
    zone = self.pick(["", "Z", "z", "+00:00", "-00:00", "+05:30", "-23:59", "+24:00", "+0530"])
    return _date(self)[:10] + self.pick("TTt _") + clock + fraction + zone


def _uuid(self: Documents) -> str:
    if self.random.random() < 0.3:
        return str(self.pick(IDS))
    made = str(uuid.UUID(int=self.random.getrandbits(128), version=self.pick([1, 4, 4])))
    return made.upper() if self.random.random() < 0.2 else made


def _one_of(choices: list[Any]) -> Callable[[Documents], Any]:
    return lambda self: self.pick(choices)


_PLAIN: dict[str, Callable[[Documents], Any]] = {
    "none": _one_of([None]),
    "skip": _one_of([1, 2, "x"]),
    "date": _date,
    "strictdate": _date,
    "bound date": _date,
    "datetime": _datetime,
    "aware": _datetime,
    "naive": _datetime,
    "time": _one_of(CLOCKS),
    "timedelta": _one_of(SPANS),
    "uuid": _uuid,
    "uuid4": _uuid,
    "decimal": _one_of(["1.10", "x", "nan", 1, 1.5, Raw("1.10"), Raw("1e3"), "1_0", "٣", *INTS]),
    "precise": _one_of(["1.10", "123.456", 12, 1.5, Raw("1.10"), Raw("99.999"), "-1"]),
    "path": _one_of(TEXTS),
    "url": _one_of(URLS),
    "httpurl": _one_of(URLS),
    "ipv4": _one_of(["127.0.0.1", "1.2.3", "256.0.0.1", 1, "::1"]),
    "fraction": _one_of(["1/2", "1.5", 1, 1.5, "x", Raw("1e3")]),
    "complex": _one_of(["1+2j", 1, 1.5, "x"]),
    "positive": _one_of([0, 1, 2, -1]),
    "interval": _one_of([-1, 1, 0.5, -0.0, 0.999]),
    "len": _one_of([[], [1], [1, 2, 3], [1, 2, 3, 4], [1, "x"]]),
    "multiple": _one_of([0.5, 1, 1.25, 0, -2.0]),
    "predicate": _one_of(["a", "A", "ab", ""]),
    "unit": _one_of([0, 1, 2]),
    "json": _one_of(["[1]", "[]", "[1", '["x"]', "1"]),
    "omit": _one_of([1, 2, "x", "3", None]),
    "secret": _one_of(TEXTS),
    "laxint": _one_of([1, "1", 1.0, True, "x"]),
}  # what is not here gets something wild

_RIGHT: dict[str, Callable[[Documents, Plan, int], Any]] = {
    "int": Documents.number,
    "float": Documents.number,
    "str": Documents.text_value,
    "bytes": Documents.text_value,
    "bool": _bool,
    "plain": Documents.plain,
    "literal": _literal,
    "enum": Documents.enum_value,
    **dict.fromkeys(("list", "many", "set", "frozenset", "sequence", "deque"), Documents.items),
    "dict": Documents.pairs,
    "mapping": Documents.pairs,
    "tuple": Documents.tuple_,
    "headed": Documents.headed,
    "twice": Documents.twice,
    "optional": Documents.optional,
    "strict": Documents.through,
    "checked": Documents.through,
    "root": Documents.through,
    "union": _union,
    "model": Documents.fields,
    "typed": Documents.fields,
    "dataclass": Documents.fields,
    "named": Documents.named,
    "generic": Documents.generic,
    "recursive": Documents.recursive,
    "mutual": Documents.mutual,
    "tagged": Documents.tagged,
}
