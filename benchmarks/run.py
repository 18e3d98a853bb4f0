"""The bench command: ``main(argv)`` finds the families, measures their cases, prints the table.

``python -m fastcore bench`` comes here from a checkout; ``python -m benchmarks.run`` does the same.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import _foreign, _harness


def families() -> list[str]:
    """Names of the families: the modules of this folder that have cases."""
    here = Path(__file__).resolve()
    return sorted(
        path.stem
        for path in here.parent.glob("*.py")
        if not path.stem.startswith("_") and path != here
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the command's name; default ``sys.argv[1:]``.

    Returns
    -------
    int
        0, or 1 where a peer's result is not ours or its process fails, or (``--gate``) a ratio is
        under half its target.
    """
    known = families()
    parser = argparse.ArgumentParser(
        prog="python -m fastcore bench",
        description="Ratios within one run: fastcore against its peers, after equal results.",
    )
    parser.add_argument("--family", action="append", choices=known, help="only this family")
    parser.add_argument("--quick", action="store_true", help="shorter rounds, seven of them")
    parser.add_argument("--json", action="store_true", help="one JSON object and nothing else")
    parser.add_argument(
        "--gate", action="store_true", help="end with 1 where a ratio is under half of its target"
    )
    parser.add_argument(
        "--foreign",
        action="store_true",
        help="also peers in environments of their own, which are made (downloaded) once",
    )
    options = parser.parse_args(argv)
    _foreign.enabled = options.foreign
    _harness.pin_to_one_core()
    results = []
    try:
        for family in options.family or known:
            module = importlib.import_module(f"benchmarks.{family}")
            for case in module.cases(options.quick):
                if not options.json:
                    print(f"{family}: {case.job} ...", file=sys.stderr, flush=True)
                results.append(_harness.measure(family, case, quick=options.quick))
    except AssertionError as error:
        print(f"not equal, so not timed: {error}", file=sys.stderr)
        return 1
    except _foreign.ForeignError as error:
        print(error, file=sys.stderr)
        return 1
    except ImportError as error:
        missing = f"{error}: the benchmarks need pip install -e '.[bench]'"
        print(missing, file=sys.stderr)
        return 1
    if options.json:
        found = [result.to_dict() for result in results]
        print(json.dumps({"environment": _harness.environment(), "results": found}, indent=1))
    else:
        _harness.show(results)
    failed = any(ratio.half_met is False for result in results for ratio in result.ratios)
    return 1 if failed and options.gate else 0


if __name__ == "__main__":
    raise SystemExit(main())
