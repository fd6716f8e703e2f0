"""``tinyae demo``: the main job, on the embedded digits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("demo", help="train a stacked autoencoder and a VAE, draw figures")
    parser.add_argument("--out", type=Path, default=Path("tinyae-demo"), help="folder for figures")
    parser.add_argument("--data", default="digits", help="data set (default: the embedded digits)")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(command=_demo)


def _demo(options: argparse.Namespace) -> None:
    from tinyae.demo import run_demo

    run_demo(options.out, options.data, options.seed)
