"""``python -m tinyae.bench.reference conv-vae --seed 0``: a recipe's figures in PyTorch."""

from __future__ import annotations

import argparse
import json

from tinyae import recipes
from tinyae.bench.torch_training import train_in_torch

__all__ = ["main"]


def main() -> None:
    """Run a recipe in PyTorch and print its losses and scores as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m tinyae.bench.reference")
    parser.add_argument("recipe", choices=list(recipes.RECIPES))
    parser.add_argument("--data")
    parser.add_argument("--split", choices=["train", "test"], default="train")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--latent-dim", type=int)
    parser.add_argument("--seed", type=int, default=0)
    options = vars(parser.parse_args())
    recipe = recipes.get(options.pop("recipe"))
    result = train_in_torch(recipe, recipes.Settings(**options))
    print(json.dumps({"recipe": recipe.name, **vars(result)}))


if __name__ == "__main__":
    main()
