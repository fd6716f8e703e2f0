"""``tinyae explore``: a trained model's coded space as a page."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tinyae import recipes
from tinyae.data import NAMES, load, scale
from tinyae.errors import TinyaeError
from tinyae.files import load as load_model
from tinyae.layers import Conv2d, Layer
from tinyae.models import StackedAutoencoder

__all__ = ["add_to"]


def add_to(commands: Any) -> None:
    """Add the command to the parser's commands."""
    parser = commands.add_parser("explore", help="a trained model's coded space as a page")
    parser.add_argument("model", type=Path, help="model.npz, as train --out or ta.save writes it")
    parser.add_argument("--data", help=f"{', '.join(NAMES)} (default: what it learnt from)")
    parser.add_argument("--split", choices=["train", "test"], default="test")
    parser.add_argument("--limit", type=int, default=2000, help="use the first so many samples")
    parser.add_argument("--out", type=Path, help="the page (default: explore.html beside MODEL)")
    parser.set_defaults(command=_explore)


def _explore(options: argparse.Namespace) -> None:
    from tinyae.views.explorer import explore

    if options.limit < 1:
        raise TinyaeError(f"explore: expected --limit of at least 1, got {options.limit}")
    model = load_model(options.model)
    x, labels = _samples(options, model)
    path = options.out or options.model.with_name("explore.html")
    print(explore(model, x[: options.limit], labels[: options.limit], path).path)


def _samples(options: argparse.Namespace, model: Any) -> tuple[Any, Any]:
    """The data as the model's recipe prepares it, if ``train`` wrote which one that was."""
    note = options.model.with_name("result.json")
    try:
        result = json.loads(note.read_text(encoding="utf-8"))
        recipe, trained_on = recipes.get(result["recipe"]), result["data"]
    except FileNotFoundError:
        return _prepared(model, *load(options.data or "digits", options.split))
    except (ValueError, KeyError, TypeError) as reason:
        raise TinyaeError(f"{note}: expected the result of a recipe ({reason})") from reason
    data = options.data or trained_on
    return recipe.load(data, "train" if data == "gaussian-groups" else options.split)


def _prepared(model: Any, images: Any, labels: Any) -> tuple[Any, Any]:
    """Images as the recipes would prepare them for a model of this kind."""
    stacked = isinstance(model, StackedAutoencoder)
    x = scale(images, 128, -1) if stacked else scale(images)
    first = next((m for _, m in model.modules() if isinstance(m, Layer) and not m.children()), None)
    shape = (1, *x.shape[1:]) if isinstance(first, Conv2d) else (-1,)
    return x.reshape(len(x), *shape), labels
