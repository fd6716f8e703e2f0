"""``tinyae bench``: training times, alone or beside PyTorch's, and what they come from."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tinyae import recipes
from tinyae.errors import TinyaeError

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("bench", help="training times of the recipes")
    parser.add_argument("recipes", nargs="*", metavar="recipe", help="all when left out")
    parser.add_argument("--against", choices=["torch"], help="measure PyTorch in turn")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--layers", action="store_true", help="each layer of the networks instead")
    instead.add_argument("--growth", action="store_true", help="how Conv2d's cost grows instead")
    instead.add_argument("--steps", action="store_true", help="what made it fast instead")
    parser.add_argument("--figure", type=Path, help="draw the ratios into this file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backend", choices=["numpy", "cupy"], default="numpy")
    parser.add_argument("--json", action="store_true", help="last line: all times as JSON")
    parser.set_defaults(command=_bench)


def _bench(options: argparse.Namespace) -> None:
    if options.rounds < 1:
        raise TinyaeError(f"bench: expected --rounds of at least 1, got {options.rounds}")
    if options.layers:
        _bench_layers(options)
    elif options.growth:
        _bench_growth(options)
    elif options.steps:
        _bench_steps(options)
    else:
        _bench_recipes(options)


def _bench_recipes(options: argparse.Namespace) -> None:
    from tinyae.bench.timing import as_table, conditions, time_recipe

    timings, against_torch = [], options.against == "torch"
    if options.figure and not against_torch:
        raise TinyaeError("bench --figure: expected ratios to draw; add --against torch")
    for name in options.recipes or recipes.RECIPES:
        print(f"timing {name}", file=sys.stderr)
        timings.append(time_recipe(name, options.rounds, against_torch, options.backend))
    print(as_table(timings), conditions(against_torch, options.backend), sep="\n")
    if options.json:
        print(json.dumps([{**vars(timing), "ratio": timing.ratio} for timing in timings]))
    if options.figure:
        from tinyae.bench.figure import draw_ratios

        draw_ratios(timings, options.figure)


def _bench_layers(options: argparse.Namespace) -> None:
    from tinyae.bench.layers import as_table, time_layers

    _refuse(options, "--layers", "figure", "backend")
    found = {}
    for name in options.recipes or recipes.RECIPES:
        found[name] = time_layers(name, options.rounds, options.against == "torch")
        print(name, as_table(found[name]), sep="\n", end="\n\n")
    if options.json:
        print(json.dumps({name: list(map(vars, timings)) for name, timings in found.items()}))


def _bench_growth(options: argparse.Namespace) -> None:
    from tinyae.bench.growth import as_table, measure_growth

    _refuse(options, "--growth", "recipes", "against", "figure", "backend")
    lines = measure_growth(options.rounds)
    _print(options, as_table(lines), [{**vars(line), "rate": line.rate} for line in lines])


def _bench_steps(options: argparse.Namespace) -> None:
    from tinyae.bench.steps import as_table, time_steps

    _refuse(options, "--steps", "recipes", "against", "figure", "backend")
    timings = time_steps(options.rounds)
    _print(
        options, as_table(timings), [{**vars(timing), "gain": timing.gain} for timing in timings]
    )


def _print(options: argparse.Namespace, table: str, rows: list[dict[str, Any]]) -> None:
    """A table with the conditions it was measured under, and the same as JSON."""
    from tinyae.bench.timing import conditions

    print(table, conditions(against_torch=False), sep="\n")
    if options.json:
        print(json.dumps(rows))


def _refuse(options: argparse.Namespace, table: str, *without: str) -> None:
    """Refuse options that a table has no use for."""
    for name in without:
        if getattr(options, name) not in (None, [], "numpy"):
            given = " ".join(options.recipes) if name == "recipes" else f"--{name}"
            raise TinyaeError(f"bench {table}: expected no {name} to choose, got {given}")
