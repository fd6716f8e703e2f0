"""Every system of the documents by name: ``recipes.get("conv-vae").run()``."""

from __future__ import annotations

from tinyae.arguments import checked
from tinyae.errors import TinyaeError, near_names
from tinyae.recipes.base import Recipe, Result, Settings
from tinyae.recipes.compression import COMPRESSION
from tinyae.recipes.stacked import STACKED
from tinyae.recipes.variational import VARIATIONAL

__all__ = ["RECIPES", "Recipe", "Result", "Settings", "get"]

RECIPES = {recipe.name: recipe for recipe in (*VARIATIONAL, *STACKED, COMPRESSION)}
"""The recipes by name."""


@checked
def get(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises
    ------
    TinyaeError
        For an unknown name, with the names that come near.
    """
    if name not in RECIPES:
        hint = near_names(name, RECIPES)
        raise TinyaeError(f"recipe: expected one of {', '.join(RECIPES)}, got {name!r}{hint}")
    return RECIPES[name]
