"""The command line: ``tinyae``, or ``python -m tinyae``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tinyae.commands import bench, check, data, demo, explore, learn, lessons, step, train
from tinyae.errors import TinyaeError

__all__ = ["main"]

COMMANDS = (demo, train, step, explore, bench, data, lessons, learn, check)
"""In the order in which ``tinyae --help`` lists them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, the command's own, or 2 for a refusal.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``tinyae``; those the program was started with when left out.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.command(options) or 0
    except TinyaeError as error:
        print(f"tinyae: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"tinyae: a file could not be read or written: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as reason:
        print(f"tinyae: {str(reason) or 'interrupted'}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tinyae", description="Autoencoders in plain NumPy.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser
