"""Files of references with a right checksum and wrong content: refused, or harmless."""

import copy
import json
import random
from typing import Any

import numpy as np
import pytest

from fastcore import Monitor, _container, _reference
from fastcore.drift import Reference
from tests.profiles import SCALES, chosen

FILES = int(240 * SCALES[chosen()])
WORDS: list[Any] = [
    *(None, True, -1, 0, 1, 2**40, 2**63, 2**70, 1e308, float("nan"), "", "x", "é" * 100),
    *([], [1], ["a", "a"], [None], {}, {"a": 1}),
]
NUMBERS = (0.0, -1.5, 1e308, np.nan, np.inf, -np.inf)
COUNTS = (0, 1, 2, 5, 199, 200, 201, 2**53, 2**63)


def data() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=200),
        "t": rng.choice(list("abc"), 200).astype(object),
        "b": rng.random(200) < 0.3,
        "d": np.datetime64("2024-01-01", "us") + rng.integers(0, 10**12, 200),
        "e": rng.normal(size=(200, 3)),
    }


def changed(value: Any, rng: random.Random) -> Any:
    """Something of it left out, doubled, or another."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.8:
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        how = rng.random()
        if how < 0.1:
            del value[key]
        elif how < 0.2 and isinstance(value, list):
            value.append(copy.deepcopy(value[key]))
        else:
            value[key] = changed(value[key], rng)
        return value
    return rng.choice(WORDS)


def changed_array(array: Any, rng: random.Random) -> Any:
    how, array = rng.random(), array.copy()
    if how < 0.2:
        return array[: rng.randrange(len(array) + 1)]
    if how < 0.3:
        return np.concatenate((array, array))
    if how < 0.4:
        with np.errstate(invalid="ignore", over="ignore"):
            return array.astype(rng.choice([np.float32, np.int64, np.uint64, np.int32]))
    if how < 0.5:
        return array[::-1].copy()
    if len(array):
        at = rng.randrange(len(array))
        array[at] = rng.choice(COUNTS if array.dtype == np.uint64 else NUMBERS)
    return array


def loads(packed: bytes) -> tuple[Reference | None, str]:
    """The reference, or why there is none."""
    try:
        return Reference._from_bytes(packed), ""
    except ValueError as error:
        return None, str(error)


def use(reference: Reference, rows: dict[str, Any]) -> str:
    """All that a reference is for; why not, if the data are of another kind than it says."""
    rows = {name: rows.get(name, rows["x"]) for name in reference.columns}
    try:
        report = reference.compare(rows)
    except (KeyError, TypeError) as error:
        return str(error)
    assert json.loads(report.to_json()) == report.to_dict()
    report.to_html()
    assert Reference._from_bytes(reference._to_bytes()) == reference
    monitor = Monitor(reference, slots=2)
    monitor.update(rows)
    monitor.report().to_json()
    return ""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_forged_files_are_refused_or_harmless() -> None:
    rows = data()
    whole = Reference.fit(rows, sample=20, target="b")
    content, arrays = _container.unpack(_reference._MAGIC, 2, whole._to_bytes(), "a reference")
    rng, loaded, used = random.Random(1), 0, 0
    for _ in range(FILES):
        forged, given = json.loads(json.dumps(content)), list(arrays)
        if rng.random() < 0.6:
            forged = changed(forged, rng)
        else:
            at = rng.randrange(len(given))
            given[at] = changed_array(given[at], rng)
        packed = _container.pack(_reference._MAGIC, 2, forged, given)
        reference, refused = loads(packed)
        if reference is None:
            assert refused.startswith("is not valid: "), refused
            continue
        loaded += 1
        refused = use(reference, rows)
        used += not refused
        assert not refused or "column" in refused, refused
    assert loaded < FILES / 2
    assert used > 0


def test_a_time_beyond_all_calendars_is_shown_as_a_number() -> None:
    fitted = Reference.fit({"d": data()["d"]})
    _, at, _, _ = fitted.places[0]
    block = fitted.block.copy()
    block[at + 6] = np.float64(1e308).view(np.uint64)
    content, arrays = _container.unpack(_reference._MAGIC, 1, fitted._to_bytes(), "a reference")
    packed = _container.pack(_reference._MAGIC, 1, content, [*arrays[:-1], block])
    report = Reference._from_bytes(packed).compare({"d": data()["d"]})
    assert "1e+308" in report.to_html()
    (issue,) = report["d"].issues
    assert issue.endswith(", reference None")


@pytest.mark.parametrize(("name", "texts"), [("b", []), ("b", ["false"]), ("x", ["a"])])
def test_texts_of_another_kind(name: str, texts: list[str]) -> None:
    fitted = Reference.fit({name: data()[name]}, sample=20)
    content, arrays = _container.unpack(_reference._MAGIC, 1, fitted._to_bytes(), "a reference")
    packed = _container.pack(_reference._MAGIC, 1, [content[0] | {"texts": texts}], arrays)
    assert loads(packed) == (None, f"is not valid: the texts of '{name}' are no texts of its kind")
