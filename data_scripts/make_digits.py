"""Write the embedded digits as IDX files: ``python data_scripts/make_digits.py FOLDER``."""

from __future__ import annotations

import argparse
import sys

from tinyae.data.datasets import write_digits
from tinyae.errors import TinyaeError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="where the four files go; created when it is missing")
    options = parser.parse_args(arguments)
    try:
        for path in write_digits(options.folder):
            print(path)
    except TinyaeError as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
