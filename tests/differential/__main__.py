"""Any number of generated documents through both: ``python -m tests.differential --help``."""

import argparse
import sys
import time

from . import routes, search
from .search import Differs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of types and documents (%(default)s)")
    parser.add_argument("--per-type", type=int, default=50, help="documents of one type")
    parser.add_argument("--routes", action="store_true", help="FastRoute against FastAPI's own")
    given = parser.parse_args()
    begin = time.monotonic()
    module = routes if given.routes else search
    try:
        tally = search.search(
            given.documents,
            given.seed,
            given.per_type,
            module.judge_of,
            f"{module.__name__}.compare",
        )
    except Differs as error:
        print(error)
        return 1
    print(tally)
    print(f"all equal, in {time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
