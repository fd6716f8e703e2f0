"""``tinyae train``: run a recipe."""

from __future__ import annotations

import argparse
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tinyae import recipes
from tinyae.checkpoints import Checkpoints
from tinyae.data import NAMES
from tinyae.errors import TinyaeError

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("train", help="run a recipe")
    parser.add_argument("recipe", help=", ".join(recipes.RECIPES))
    parser.add_argument("--data", help=f"data set: {', '.join(NAMES)}")
    parser.add_argument("--split", choices=["train", "test"], default="train")
    parser.add_argument("--limit", type=int, help="use the first so many samples")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--latent-dim", type=int, help="length of an autoencoder's code")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", choices=["numpy", "cupy"], default="numpy")
    parser.add_argument(
        "--out", type=Path, help="folder for checkpoints, weights, history and figures"
    )
    parser.add_argument("--resume", action="store_true", help="go on where a run into --out ended")
    parser.add_argument(
        "--every", type=int, metavar="N", help="batches between checkpoints (each epoch, 30 s)"
    )
    parser.add_argument("--json", action="store_true", help="last line: the result as JSON")
    parser.set_defaults(command=_train)


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
    with _checkpoints(options, settings):
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


def _checkpoints(options: argparse.Namespace, settings: recipes.Settings) -> Any:
    """A block that keeps the training in the folder of the results, if there is one."""
    if options.out is None:
        if options.resume or options.every:
            raise TinyaeError("train: expected --out DIR, which has the checkpoints, got none")
        return nullcontext()
    about = {"recipe": options.recipe, "settings": {**vars(settings), "progress": True}}
    return Checkpoints(options.out / "checkpoint.npz", options.every, options.resume, about)
