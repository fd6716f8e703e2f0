"""Every system of the documents by name: ``recipes.get("conv-vae").run()``."""

from __future__ import annotations

import difflib

from tinyae.errors import TinyaeError
from tinyae.recipes.base import Recipe, Result, Settings
from tinyae.recipes.fitted import CONV_VAE, DENSE_VAE, GAUSSIAN_VAE, MLP_VAE
from tinyae.recipes.stacked import STACKED_09, STACKED_10

__all__ = ["RECIPES", "Recipe", "Result", "Settings", "get"]

RECIPES = {
    recipe.name: recipe
    for recipe in (GAUSSIAN_VAE, DENSE_VAE, CONV_VAE, STACKED_09, STACKED_10, MLP_VAE)
}
"""The recipes by name, in the order of the documents."""


def get(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises
    ------
    TinyaeError
        For an unknown name, with the names that come near.
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(name.lower(), RECIPES)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise TinyaeError(f"recipe: expected one of {', '.join(RECIPES)}, got {name!r}{hint}")
    return RECIPES[name]
