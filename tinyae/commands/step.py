"""``tinyae step``: go through one batch of a recipe, step by step."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tinyae import recipes
from tinyae.data import NAMES

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("step", help="one batch of a recipe, step by step")
    parser.add_argument("recipe", help=", ".join(recipes.RECIPES))
    parser.add_argument("--data", help=f"data set: {', '.join(NAMES)}")
    parser.add_argument(
        "--limit", type=int, default=8, help="samples in the batch (default: 8, few enough to see)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--html", type=Path, help="write a page that plays the steps as a film")
    parser.set_defaults(command=_step)


def _step(options: argparse.Namespace) -> None:
    from tinyae.stepping.rehearsal import rehearse
    from tinyae.stepping.terminal import walk

    settings = recipes.Settings(data=options.data, limit=options.limit, seed=options.seed)
    tape = rehearse(recipes.get(options.recipe), settings)
    if options.html:
        tape.to_html(options.html)
        print(options.html)
    elif sys.stdin.isatty() and sys.stdout.isatty():
        walk(tape)
    else:
        print(tape.to_text(), end="")
