"""Fetch and verify the public data sets: ``python data_scripts/download.py mnist kmnist``."""

from __future__ import annotations

import argparse
import sys

from tinyae.data import NAMES, fetch
from tinyae.errors import TinyaeError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--root", help="folder of all data sets (else TINYAE_DATA, else the cache)")
    parser.add_argument(
        "--mirror",
        action="append",
        metavar="URL",
        help="folder to download from, in place of the known ones; may be given several times",
    )
    options = parser.parse_args(arguments)
    try:
        for name in options.names:
            for path in fetch(name, options.root, options.mirror):
                print(path)
    except TinyaeError as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
