"""Scalars of JSON documents: those that programs write, and those that are hard to judge."""

from __future__ import annotations

import datetime
import json

from hypothesis import strategies as st
from pydantic import TypeAdapter

KEYS = st.sampled_from(["a", "b", "c", "name", "Größe", 'q"uote', "x y", "k" * 40, "id_", "d1"])
TEXTS = st.sampled_from(
    ["", "a", "ab", "x", "abc", "é", "e\u0301", "😀", "\u0000", 'q"', "\\", "\n", "1", "1.5",
     "true", "nan", "2020-01-01", " 7 ", "a" * 70, "日本" * 20]
)  # fmt: skip
INTS = st.one_of(
    st.integers(-5, 12),
    st.sampled_from([2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64, -(2**70), 10**25]),
)
FLOATS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1.0, 0.1, 5e-324, 1.7976931348623157e308, 1e22, 1e23, -2.5]),
)

DATES = st.dates().map(lambda d: d.isoformat())
TIMES = st.builds(
    lambda d, s, f, z: f"{d.isoformat()[:10]}{s}{d.isoformat()[11:19]}{f}{z}",
    st.datetimes(),
    st.sampled_from(["T", "t", " ", "_"]),
    st.sampled_from(["", ".1", ".123456", ".1234567", ".", ",5"]),
    st.sampled_from(["", "Z", "z", "+00:00", "-00:00", "+05:30", "-23:59", "+24:00", "+0530"]),
)
HARD_TIMES = [
    *("2020-01-01T24:00:00", "2020-02-30T00:00:00", "2020-01-01T00:00:60", "1e9", 1e9, ""),
    *("2020-01-01T00:00", "9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59"),
]
UUIDS = st.uuids().map(str)
HARD_UUIDS = ["{12345678-1234-1234-1234-123456789abc}", "12345678123412341234123456789ABC",
              "12345678-1234-1234-1234-123456789ABC", "12345678-1234-1234-1234-123456789abg",
              "123456781-234-1234-1234-123456789abc", "\u0031"]  # fmt: skip

DECIMALS = st.one_of(
    st.decimals(-1000, 1000, places=2).map(str),
    st.builds("{}{}.{}".format, st.sampled_from(["", "-", "0", "-00"]), st.integers(0, 99),
              st.sampled_from(["0", "00", "5", "05", "50", "123456789"])),
)  # fmt: skip
HARD_DECIMALS = [
    *("-0", "0", "0.0", "00.05", "1e3", ".5", "5.", "1_0", "+1", "\u0661", "NaN", "Infinity"),
    "--1",
    *("9" * 40, "0." + "9" * 40, "1" + "0" * 30, "-", "", 1.0, 1.10, 1e22, 0.05, 0, 1e-7, 100),
    *(True, [0, [1], 2], "1.5\n", 12345.678),
]
HARD_CLOCKS = [
    *("24:00:00", "12:60:00", "12:00:60", "12:00", "3600", 3600, 86399, 86400, 1.5, "12:00:00."),
    *("12:00:00.1234567", "1:00:00", "12:00:00Z+", "12:00:00+24:00", "12:00:00 Z"),
]
DURATIONS = st.one_of(
    st.timedeltas().map(TypeAdapter(datetime.timedelta).dump_json).map(json.loads),
    st.timedeltas(datetime.timedelta(-9), datetime.timedelta(9)).map(
        TypeAdapter(datetime.timedelta).dump_json
    ).map(json.loads),
    st.builds(
        lambda sign, parts: sign + "P" + "".join(parts),
        st.sampled_from(["", "-", "+"]),
        st.lists(
            st.sampled_from(["1Y", "02D", "T", "3H", "4M", "5S", "6.5S", "7W", "0.25S", "T1S"]),
            max_size=4,
        ),
    ),
)  # fmt: skip
HARD_DURATIONS = [
    *("P", "PT", "P1DT", "PT1.S", "PT1.1234567S", "PT.5S", "P1.5D", "PT1M1H", "P999999999D"),
    *("P999999Y", "P1000000000D", "-P999999999D", "PT999999H99999M999999S", "P1D1D", "PTT1S"),
    *("1 day, 02:00:00", "02:00", "02:00:00", "3600", 3600, 1.5, "-PT0S", "P1M", "p1d", "PT1s"),
]
