"""The command line: ``tinyae``, or ``python -m tinyae``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tinyae import recipes
from tinyae.data import NAMES, fetch
from tinyae.errors import TinyaeError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 2 for what cannot be done.

    Parameters
    ----------
    arguments : list of str, optional
        The words after ``tinyae``; those the program was started with when left out.
    """
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except TinyaeError as error:
        print(f"tinyae: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"tinyae: a file could not be read or written: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("tinyae: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tinyae", description="Autoencoders in plain NumPy.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="train a stacked autoencoder and a VAE, draw figures")
    demo.add_argument("--out", type=Path, default=Path("tinyae-demo"), help="folder for figures")
    demo.add_argument("--data", default="digits", help="data set (default: the embedded digits)")
    demo.add_argument("--seed", type=int, default=0)
    demo.set_defaults(command=_demo)

    train = commands.add_parser("train", help="run a recipe")
    train.add_argument("recipe", help=", ".join(recipes.RECIPES))
    train.add_argument("--data", help=f"data set: {', '.join(NAMES)}")
    train.add_argument("--split", choices=["train", "test"], default="train")
    train.add_argument("--limit", type=int, help="use the first so many samples")
    train.add_argument("--epochs", type=int)
    train.add_argument("--latent-dim", type=int, help="length of an autoencoder's code")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--backend", choices=["numpy", "cupy"], default="numpy")
    train.add_argument("--out", type=Path, help="folder for weights, history and figures")
    train.add_argument("--json", action="store_true", help="last line: the result as JSON")
    train.set_defaults(command=_train)

    bench = commands.add_parser("bench", help="training times of the recipes")
    bench.add_argument("recipes", nargs="*", metavar="recipe", help="all when left out")
    bench.add_argument("--against", choices=["torch"], help="measure PyTorch in turn")
    bench.add_argument("--rounds", type=int, default=5)
    bench.add_argument("--backend", choices=["numpy", "cupy"], default="numpy")
    bench.add_argument("--json", action="store_true", help="last line: all times as JSON")
    bench.set_defaults(command=_bench)

    data = commands.add_parser("data", help="fetch public data sets")
    data.add_argument("names", nargs="+", help=", ".join(NAMES))
    data.add_argument("--root", type=Path, help="folder (default: TINYAE_DATA, or the user cache)")
    data.set_defaults(command=_data)

    course = commands.add_parser("lessons", help="list the lessons of the course")
    course.set_defaults(command=_lessons)
    return parser


def _demo(options: argparse.Namespace) -> None:
    from tinyae.demo import run_demo

    run_demo(options.out, options.data, options.seed)


def _train(options: argparse.Namespace) -> None:
    settings = recipes.Settings(
        data=options.data,
        split=options.split,
        limit=options.limit,
        epochs=options.epochs,
        latent_dim=options.latent_dim,
        seed=options.seed,
        backend=options.backend,
    )
    result = recipes.get(options.recipe).run(settings)
    print(
        f"{result.recipe} on {result.n_train:,} samples of {result.data}: "
        f"{result.parameters:,} parameters, epochs {result.epochs}, {result.seconds:.1f} s"
    )
    for name, values in result.history.items():
        print(f"{name}: {values[0]:,.6g} at first, {values[-1]:,.6g} at last")
    for name, value in result.metrics.items():
        print(f"{name}: {value:,.5g}")
    if options.out:
        from tinyae.report import write_report

        for path in write_report(result, options.out):
            print(path)
    if options.json:
        print(json.dumps(result.as_json()))


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


def _data(options: argparse.Namespace) -> None:
    for name in options.names:
        print(*fetch(name, options.root), sep="\n")


def _lessons(options: argparse.Namespace) -> None:
    from tinyae.lessons import course_folder, listing

    print(listing(course_folder()))
