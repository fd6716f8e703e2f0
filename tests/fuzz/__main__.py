"""``python -m tests.fuzz [--files N] [--first N]``: the table of strangers' files."""

import argparse
import sys
import time

from tests.fuzz.running import run


def main() -> int:
    """Print the table; 1 when a file did what no file may do."""
    parser = argparse.ArgumentParser(description="Load spoilt files and tell what became of them.")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    options = parser.parse_args()
    start = time.perf_counter()
    outcome = run(options.files, options.first)
    print(outcome.table())
    print(f"{time.perf_counter() - start:.0f} s")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
