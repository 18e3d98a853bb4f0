"""A hundred kills (a thousand in the long run) tear nothing; see `monitor_killer`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.profiles import chosen

pytestmark = pytest.mark.once

KILLS = {"long": 1000}.get(chosen(), 100)


@pytest.mark.parametrize("seed", range(4))
def test_killed_processes_lose_at_most_the_update_under_way(tmp_path: Path, seed: int) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.monitor_killer"),
            *(str(tmp_path), str(KILLS // 4), str(seed * 1000)),
        ],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rows"] > 0
    assert found["left"] == []  # everything was folded, nothing was damaged
