"""Kill processes at random moments while they count or fold, and see what is left.

    python -m tests.monitor_killer DIRECTORY KILLS SEED

A writer updates a monitor in a tight loop and acknowledges each update through a pipe; another
process folds and reports in a loop. Both are killed (SIGKILL) after a random number of
acknowledgements, which falls anywhere into what they do next. After each kill a report must be
sound, and hold all acknowledged updates and at most the one under way, whole.
"""

import itertools
import json
import os
import random
import signal
import sys
from typing import Any

import numpy as np

from fastcore import Columns, Monitor
from fastcore.drift import Reference

SIZES = (1, 1, 1, 3, 40, 1500)  # one row, some, and more than there is room for without counting
WINDOWS = 7
EVER = 2**62
VALUES = np.random.default_rng(0).normal(size=4000)


def data(n: int) -> dict[str, Any]:
    """Three columns that must always have the same counts."""
    return {"a": VALUES[:n], "b": VALUES[:n], "c": VALUES[:n], "t": np.array(["x"] * n, object)}


REFERENCE = Reference.fit(data(4000), sample=60)
PARTS = {n: Columns.from_numpy(data(n)) for n in SIZES}


def make(path: str) -> Monitor:
    return Monitor(REFERENCE, path=path, window="1h", slots=WINDOWS + 1)


def sizes(seed: int) -> Any:
    """The sizes of a writer's updates, which the parent knows too."""
    chosen = random.Random(seed)
    return (chosen.choice(SIZES) for _ in itertools.count())


def write(path: str, acknowledge: int, seed: int, start: float) -> None:
    monitor = make(path)
    os.write(acknowledge, b"!")
    for i, n in enumerate(sizes(seed)):
        hour = start + i // 20 % WINDOWS * 3600  # back and forth between the windows
        if n == 1 and i % 2:
            monitor.update_one(
                {"a": VALUES[0], "b": VALUES[0], "c": VALUES[0], "t": "x"}, time=hour
            )
        else:
            monitor.update(PARTS[n], time=hour)
        os.write(acknowledge, b".")


def fold(path: str, acknowledge: int) -> None:
    while True:
        make(path).report()
        os.write(acknowledge, b".")


def child(run: Any) -> tuple[int, int]:
    """Fork; returns the child and the pipe on which it acknowledges."""
    read, write_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write_end)
        return pid, read
    os.close(read)
    try:
        run(write_end)
    finally:
        os._exit(3)  # neither ends by itself
    raise AssertionError


def check(path: str, what: str) -> int:
    """The rows of a report, which must be sound."""
    monitor = make(path)
    block = monitor._gather().total(-EVER, EVER)
    rows = monitor.report().rows
    assert not monitor.problems, (what, monitor.problems)
    assert REFERENCE._core.sound(block), what
    cells = [block[first : first + count] for _, _, first, count in REFERENCE.places[:3]]
    assert (cells[0] == cells[1]).all(), what
    assert (cells[0] == cells[2]).all(), what
    return rows


def acknowledged(pipe: int, count: int) -> int:
    """Read that many acknowledgements; all that there are, if the writer is dead."""
    seen = 0
    while count < 0 or seen < count:
        got = len(os.read(pipe, 1 if count >= 0 else 65536))
        if not got:
            break
        seen += got
    return seen


def main(path: str, kills: int, seed: int) -> None:
    chosen = random.Random(seed)
    start = make(path)._now / 1e6
    total = under_way = 0
    for round_ in range(kills // 2):
        writer, writes = child(lambda end, n=round_: write(path, end, seed + n, start))
        folder, folds = child(lambda end: fold(path, end))
        wanted = chosen.choice((1, 2, 5, 30, 300)) * chosen.randint(1, 3)
        seen = acknowledged(writes, wanted)
        before = check(path, f"round {round_}, while it writes")
        assert before >= total
        acknowledged(folds, chosen.randint(0, 3))
        os.kill(*chosen.choice(((folder, signal.SIGKILL), (writer, signal.SIGKILL))))
        for pid in (writer, folder):
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            assert os.WIFSIGNALED(status), (round_, status)
        seen += acknowledged(writes, -1)
        updates = list(itertools.islice(sizes(seed + round_), max(seen, 1)))
        sure, next_one = sum(updates[: seen - 1]), updates[seen - 1] if seen else 0
        rows = check(path, f"round {round_}, after the kill")
        assert rows >= before
        assert rows in (total + sure, total + sure + next_one), (
            round_,
            rows,
            total,
            sure,
            next_one,
        )
        under_way += rows - total - sure > 0
        total = rows
        os.close(writes)
        os.close(folds)
    left = [name for name in os.listdir(path) if name.endswith((".live", ".damaged"))]
    print(json.dumps({"rows": total, "under_way": under_way, "left": left}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
