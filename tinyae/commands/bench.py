"""``tinyae bench``: training times, alone or beside PyTorch's."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tinyae import recipes

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("bench", help="training times of the recipes")
    parser.add_argument("recipes", nargs="*", metavar="recipe", help="all when left out")
    parser.add_argument("--against", choices=["torch"], help="measure PyTorch in turn")
    parser.add_argument("--layers", action="store_true", help="each layer of the networks instead")
    parser.add_argument("--figure", type=Path, help="draw the ratios into this file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backend", choices=["numpy", "cupy"], default="numpy")
    parser.add_argument("--json", action="store_true", help="last line: all times as JSON")
    parser.set_defaults(command=_bench)


def _bench(options: argparse.Namespace) -> None:
    names, against_torch = options.recipes or list(recipes.RECIPES), options.against == "torch"
    if options.layers:
        _bench_layers(names, options.rounds, against_torch, options.json)
        return
    from tinyae.bench.timing import as_table, conditions, time_recipe

    timings = []
    for name in names:
        print(f"timing {name}", file=sys.stderr)
        timings.append(time_recipe(name, options.rounds, against_torch, options.backend))
    print(as_table(timings), conditions(against_torch), sep="\n")
    if options.figure:
        from tinyae.bench.figure import draw_ratios

        draw_ratios(timings, options.figure)
    if options.json:
        print(json.dumps([{**vars(timing), "ratio": timing.ratio} for timing in timings]))


def _bench_layers(names: list[str], rounds: int, against_torch: bool, as_json: bool) -> None:
    from tinyae.bench.layers import as_table, time_layers

    found = {}
    for name in names:
        found[name] = time_layers(name, rounds, against_torch)
        print(name, as_table(found[name]), sep="\n", end="\n\n")
    if as_json:
        print(json.dumps({name: list(map(vars, timings)) for name, timings in found.items()}))
