"""Any number of generated pipelines through both: ``python -m tests.plan_differential --help``."""

import argparse
import sys
import time

from .search import Differs, search


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.plan_differential", description=__doc__)
    parser.add_argument("--pipelines", type=int, default=300, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="begin with this one (%(default)s)")
    parser.add_argument("--all", action="store_true", help="go on behind a difference")
    given = parser.parse_args()
    begin = time.monotonic()
    try:
        found = search(given.pipelines, given.seed, given.first, go_on=given.all)
    except Differs as error:
        print(error)
        return 1
    print(found)
    if found.differences:
        return 1
    print(f"all equal, in {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
