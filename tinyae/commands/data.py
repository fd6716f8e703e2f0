"""``tinyae data``: fetch public data sets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tinyae.data import NAMES, fetch

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("data", help="fetch public data sets")
    parser.add_argument("names", nargs="+", help=", ".join(NAMES))
    parser.add_argument(
        "--root", type=Path, help="folder (default: TINYAE_DATA, or the user cache)"
    )
    parser.set_defaults(command=_data)


def _data(options: argparse.Namespace) -> None:
    for name in options.names:
        print(*fetch(name, options.root), sep="\n")
