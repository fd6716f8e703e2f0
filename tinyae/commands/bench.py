"""``tinyae bench``: training times, alone or beside PyTorch's."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from tinyae import recipes

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("bench", help="training times of the recipes")
    parser.add_argument("recipes", nargs="*", metavar="recipe", help="all when left out")
    parser.add_argument("--against", choices=["torch"], help="measure PyTorch in turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backend", choices=["numpy", "cupy"], default="numpy")
    parser.add_argument("--json", action="store_true", help="last line: all times as JSON")
    parser.set_defaults(command=_bench)


def _bench(options: argparse.Namespace) -> None:
    from tinyae.bench.timing import as_table, time_recipe

    timings = []
    for name in options.recipes or recipes.RECIPES:
        print(f"timing {name}", file=sys.stderr)
        against_torch = options.against == "torch"
        timings.append(time_recipe(name, options.rounds, against_torch, options.backend))
    print(as_table(timings))
    if options.json:
        print(json.dumps([{**vars(timing), "ratio": timing.ratio} for timing in timings]))
