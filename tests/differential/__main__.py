"""Any number of generated documents through both: ``python -m tests.differential --help``."""

import argparse
import sys
import time

from .search import Differs, search


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of types and documents (%(default)s)")
    parser.add_argument("--per-type", type=int, default=150, help="documents of one type")
    given = parser.parse_args()
    begin = time.monotonic()
    try:
        tally = search(given.documents, given.seed, given.per_type)
    except Differs as error:
        print(error)
        return 1
    print(tally)
    print(f"all equal, in {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
