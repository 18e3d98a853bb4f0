"""Any number of hard samples through both: ``python -m tests.drift_differential --help``."""

import argparse
import sys
import time

from .search import JUDGES, search


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drift_differential", description=__doc__)
    parser.add_argument("--cases", type=int, default=3000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the samples (%(default)s)")
    parser.add_argument("--begin", type=int, default=0, help="the first case (%(default)s)")
    parser.add_argument("--only", choices=sorted(JUDGES), help="one function instead of all")
    parser.add_argument("--all", action="store_true", help="do not stop at the first difference")
    given = parser.parse_args()
    started = time.monotonic()
    count, found = search(given.cases, given.seed, given.begin, given.only, not given.all)
    for text in found:
        print(text)
    if found:
        return 1
    print(", ".join(f"{name} {count[name]}" for name in sorted(count)))
    print(f"all equal, in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
