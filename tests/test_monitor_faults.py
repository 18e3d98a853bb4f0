"""Everything that can go wrong with a monitor's files, its disk and its directory."""

import logging
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcore import Monitor
from tests.monitor_data import reference, rows
from tests.profiles import examples
from tests.test_monitor import REFERENCE, block, files, in_child


def ended(path: Path, seeds: int = 1) -> None:
    """Files of ended processes, not yet folded: 10 rows each."""
    for seed in range(seeds):
        monitor = Monitor(REFERENCE, path=path)
        monitor.update(rows(10, seed))
        del monitor


def test_a_damaged_file_is_named_and_the_others_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ended(tmp_path)
    (good,) = files(tmp_path, ".live")
    for i, spoil in enumerate([b"", b"FCSTORE", good.read_bytes()[:5000], os.urandom(9000)]):
        good.with_name(good.name[:13] + f"{i:032x}.live").write_bytes(spoil)
    whole = bytearray(good.read_bytes())
    whole[100:108] = b"\xff" * 8
    good.with_name(good.name[:13] + "f" * 32 + ".live").write_bytes(whole)
    with caplog.at_level(logging.WARNING, "fastcore.monitor"):
        monitor = Monitor(REFERENCE, path=tmp_path)
        assert monitor.report().rows == 10
    assert len(monitor.problems) == 5
    assert {"is shorter than it says", "is no file of a monitor"} < set(monitor.problems.values())
    assert len(files(tmp_path, ".damaged")) == 5  # set aside, and looked at once
    assert len(caplog.records) == 5


@given(data=st.data())
@examples(60)
def test_any_damage_is_survived(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        ended(path, 2)
        spoilt = data.draw(st.sampled_from(files(path, ".live")))
        content = bytearray(spoilt.read_bytes())
        # The head, the roots, the pending rows and the counts; most of the rest is not in use.
        for _ in range(data.draw(st.integers(1, 20))):
            at = data.draw(
                st.one_of(st.integers(0, 200), st.integers(4096, 12000), st.integers(0, 200_000))
            )
            content[at % len(content)] = data.draw(st.integers(0, 255))
        if data.draw(st.booleans()):
            content = content[: data.draw(st.integers(0, len(content)))]
        spoilt.write_bytes(content)
        monitor = Monitor(REFERENCE, path=path)
        assert 10 <= monitor.report().rows <= 20
        assert REFERENCE._core.sound(block(monitor))
        monitor.update(rows(5, 1))
        assert monitor.report().rows >= 15


@pytest.mark.parametrize("byte", range(16))
def test_damage_does_not_count_rows_that_never_came(tmp_path: Path, byte: int) -> None:
    ended(tmp_path)
    (file,) = files(tmp_path, ".live")
    content = bytearray(file.read_bytes())
    content[4096 + byte] ^= 0x01  # which root is in force, and how many rows were appended
    file.write_bytes(content)
    monitor = Monitor(REFERENCE, path=tmp_path)
    assert monitor.report().rows == 0
    assert list(monitor.problems.values()) == ["is damaged: its sums do not hold"]


def test_a_damaged_merged_file_is_set_aside(tmp_path: Path) -> None:
    ended(tmp_path)
    Monitor(REFERENCE, path=tmp_path)
    (merged,) = files(tmp_path, ".merged")
    content = bytearray(merged.read_bytes())
    content[len(content) // 2] ^= 1
    merged.write_bytes(content)
    monitor = Monitor(REFERENCE, path=tmp_path)
    assert monitor.report().rows == 0
    assert monitor.problems == {merged.name: "is damaged: its sums do not hold"}
    ended(tmp_path)
    assert monitor.report().rows == 10
    assert files(tmp_path, ".damaged")


def test_files_of_another_reference_are_none_of_ours(tmp_path: Path) -> None:
    ended(tmp_path, 2)
    other = Monitor(reference(seed=2), path=tmp_path)
    other.update(rows(7, 1))
    assert other.report().rows == 7
    assert Monitor(REFERENCE, path=tmp_path).report().rows == 20
    assert Monitor(REFERENCE, path=tmp_path, window="2h").report().rows == 0


def test_a_file_of_another_version_is_named(tmp_path: Path) -> None:
    ended(tmp_path)
    (file,) = files(tmp_path, ".live")
    content = bytearray(file.read_bytes())
    content[8] = 2
    file.write_bytes(content)
    monitor = Monitor(REFERENCE, path=tmp_path)
    assert list(monitor.problems.values()) == [
        "is of another version of the format, or another machine's"
    ]


def no_room(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = Monitor(REFERENCE, path=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", no_room)
        for _ in range(3):
            monitor.update(rows(10, 1))
            monitor._clock_offset += 10**6
        assert not files(tmp_path, ".live")
        assert not files(tmp_path, ".tmp")
        assert monitor.report().rows == 30
        assert "No space left" in str(monitor.problems)
    monitor.update(rows(10, 1))
    assert monitor.report().rows == 40
    assert not monitor.problems
    assert len(files(tmp_path, ".live")) == 1


def test_counts_in_memory_are_written_at_the_end(tmp_path: Path) -> None:
    code = """
allocate = os.posix_fallocate
def no_room(*_):
    raise OSError(28, "No space left on device")
os.posix_fallocate = no_room
monitor.update(rows(10, 1))
assert monitor.problems
os.posix_fallocate = allocate
"""
    in_child(tmp_path, code)
    assert Monitor(REFERENCE, path=tmp_path).report().rows == 10


def test_a_file_that_is_tidied_up_in_the_making_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monitor = Monitor(REFERENCE, path=tmp_path)
    original, left = fcntl.flock, [2]

    def flock(fd: int, how: int) -> None:
        if how == fcntl.LOCK_EX and left[0]:
            left[0] -= 1
            for file in files(tmp_path, ".tmp"):
                file.unlink()
        original(fd, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    monitor.update(rows(10, 1))
    assert left == [0]
    assert len(files(tmp_path, ".live")) == 1
    assert not monitor.problems


def test_a_full_disk_while_folding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended(tmp_path, 3)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_room)
        monitor = Monitor(REFERENCE, path=tmp_path)
        assert monitor.report().rows == 30
        assert monitor.problems
    assert monitor.report().rows == 30
    assert files(tmp_path, ".live") == []


def test_a_directory_that_vanishes(tmp_path: Path) -> None:
    path = tmp_path / "monitor"
    monitor = Monitor(REFERENCE, path=path)
    monitor.update(rows(10, 1))
    shutil.rmtree(path)
    assert monitor.report().rows == 10
    monitor.update(rows(10, 1))
    monitor._clock_offset += 10**6
    monitor.update(rows(10, 1))
    assert monitor.report().rows == 30
    assert Monitor(REFERENCE, path=path).report().rows == 30


def test_a_file_that_is_cut_short_while_it_is_open(tmp_path: Path) -> None:
    monitor = Monitor(REFERENCE, path=tmp_path)
    monitor.update(rows(10, 1))
    (file,) = files(tmp_path, ".live")
    other = Monitor(REFERENCE, path=tmp_path)
    content = file.read_bytes()
    # What a reader meets; the writer itself would be killed by the system, as with any mapped file.
    os.truncate(file, 4096)
    try:
        assert other.report().rows == 0
        assert list(other.problems.values()) == ["is shorter than it says"]
    finally:
        file.write_bytes(content)
    monitor._clock_offset += 10**6
    monitor.update(rows(10, 1))
    assert other.report().rows == 20


def test_where_no_monitor_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(OSError, match="File exists"):
        Monitor(REFERENCE, path=file)
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_: False)
        with pytest.raises(PermissionError, match="not writable"):
            Monitor(REFERENCE, path=tmp_path / "a")
    monkeypatch.setattr("fastcore._monitor_files._file_system", lambda _: "nfs4")
    with pytest.raises(OSError, match="needs a directory of this host, and this is nfs4"):
        Monitor(REFERENCE, path=tmp_path / "b")
