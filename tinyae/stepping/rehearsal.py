"""One batch of a recipe, recorded line by line."""

from __future__ import annotations

from typing import Any

from tinyae.backend import Array, seed
from tinyae.errors import TinyaeError
from tinyae.models import StackedAutoencoder
from tinyae.optimizers import Adam
from tinyae.recipes import Recipe, Settings
from tinyae.recipes.stacked import SIZES, StackedTraining
from tinyae.stepping.tape import Tape
from tinyae.stepping.tracing import trace
from tinyae.training import fit

__all__ = ["rehearse"]


def rehearse(recipe: Recipe, settings: Settings) -> Tape:
    """Load, seed and build as the recipe does, and record the first training step.

    Of a stacked recipe this is the first step of each autoencoder's pretraining.

    Parameters
    ----------
    recipe : Recipe
    settings : Settings
        ``data``, ``split``, ``seed``, and ``limit`` for the samples in the batch.

    Raises
    ------
    TinyaeError
        For data that is missing or does not suit the recipe, and for a limit below 1.
    """
    if settings.limit is not None and settings.limit < 1:
        raise TinyaeError(f"{recipe.name}: expected limit of at least 1, got {settings.limit}")
    seed(settings.seed)
    x, _ = recipe.load(settings.data or recipe.dataset, settings.split)
    x = x[: settings.limit]
    training: Any = recipe.train
    stacked = isinstance(training, StackedTraining)
    tape = _stacked(training, x) if stacked else _plain(training, x)
    tape.title = f"{recipe.name}, one batch of {len(x)}"
    return tape


def _plain(training: Any, x: Array) -> Tape:
    model = training.model(None)
    loss = training.loss() if training.loss else None
    with trace(model, lines=True) as tape:
        fit(model, [x], 1, Adam(model.parameters(), lr=1e-3), loss, progress=False)
    return tape


def _stacked(training: StackedTraining, x: Array) -> Tape:
    model = StackedAutoencoder(SIZES, activation="tanh", codes=training.codes)
    how = {**training.pretraining.settings(len(x), 1), "steps": 1, "batch_size": len(x)}
    with trace(model, lines=True) as tape:
        model.pretrain(x, progress=False, **how)
    return tape
