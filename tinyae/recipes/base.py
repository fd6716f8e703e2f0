"""What a recipe is: a system with its data, model, training and figures, under one name."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinyae.arguments import check_arguments, checked
from tinyae.backend import Array, get_module, seed, using
from tinyae.data import load
from tinyae.errors import TinyaeError
from tinyae.layers.module import Module
from tinyae.training import History

__all__ = ["Data", "Recipe", "Result", "Settings", "Snapshot", "Stopwatch", "Trained", "image_data"]

Data = tuple[Array, Array]
"""Samples, as the model takes them, and their labels."""

EXAMPLES = 2000
"""Samples kept for figures."""


@dataclass(frozen=True)
class Settings:
    """What a user may choose when a recipe runs.

    Attributes
    ----------
    data : str or None
        Name of a data set; the recipe's own when ``None``.
    split : "train" or "test"
        Which part of it to train on.
    limit : int or None
        Use the first so many samples; the recipe's own number when ``None``.
    epochs : int or None
        The recipe's own number when ``None``.
    latent_dim : int or None
        Length of the code of an autoencoder; the recipe's own when ``None``.
    seed : int
    backend : "numpy" or "cupy"
    progress : bool
        Whether to show progress on standard error.
    """

    data: str | None = None
    split: str = "train"
    limit: int | None = None
    epochs: int | None = None
    latent_dim: int | None = None
    seed: int = 0
    backend: str = "numpy"
    progress: bool = True

    def __post_init__(self) -> None:
        check_arguments("Settings", type(self).__init__, vars(self))


@dataclass(frozen=True)
class Snapshot:
    """A VAE in the middle of training: the losses of one batch, and samples from the prior."""

    epoch: int
    batch: int
    losses: dict[str, float]
    samples: np.ndarray


@dataclass(frozen=True)
class Trained:
    """What the training part of a recipe returns."""

    model: Module
    history: History
    parameters: int
    epochs: int
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    snapshots: list[Snapshot] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """A recipe that has run.

    Attributes
    ----------
    recipe, data : str
        Names of the recipe and of the data set.
    n_train : int
        Samples trained on.
    parameters : int
        Numbers learnt.
    epochs : int
    history : History
        Losses by name, an entry an epoch (stacked recipes: twenty entries a phase).
    metrics : dict
        Final scores by name.
    seconds : float
        The training alone; of a run that was resumed, what was done since.
    model : Module
        In evaluation mode.
    snapshots : list of Snapshot
        Taken as training went on, where the document does so.
    examples : Data
        The first samples trained on, for figures.
    """

    recipe: str
    data: str
    n_train: int
    parameters: int
    epochs: int
    history: History
    metrics: dict[str, float]
    seconds: float
    model: Module
    snapshots: list[Snapshot]
    examples: Data

    def as_json(self) -> dict[str, Any]:
        """The numbers alone, as JSON takes them."""
        left_out = ("model", "snapshots", "examples")
        return {name: value for name, value in vars(self).items() if name not in left_out}


@dataclass(frozen=True)
class Recipe:
    """A system of the documents that can be run by its name.

    Attributes
    ----------
    name, about : str
        What the command line calls it, and one line on what it is.
    dataset : str
        The data set it is made for.
    load : callable
        From the name of a data set and a split to ``Data``.
    train : callable
        From ``Data`` to learn from, a function that gives the test ``Data``, and ``Settings``
        to ``Trained``.
    limit : int or None
        How many samples the document takes; all of them when ``None``.
    """

    name: str
    about: str
    dataset: str
    load: Callable[[str, str], Data]
    train: Callable[[Data, Callable[[], Data], Settings], Trained]
    limit: int | None = None

    @checked
    def run(self, settings: Settings | None = None) -> Result:
        """Load the data, seed the random numbers, build, train and measure.

        Raises
        ------
        TinyaeError
            For data that is missing or does not suit the recipe, and for settings out of range.
        """
        settings = settings or Settings()
        for name in ("limit", "epochs", "latent_dim"):
            value = getattr(settings, name)
            if value is not None and value < 1:
                raise TinyaeError(f"{self.name}: expected {name} of at least 1, got {value}")
        dataset = settings.data or self.dataset
        with using(settings.backend):
            seed(settings.seed)
            x, y = self._load(dataset, settings.split, settings)
            limit = settings.limit or self.limit
            x, y = x[:limit], y[:limit]
            trained = self.train((x, y), lambda: self._load(dataset, "test", settings), settings)
        trained.model.eval()
        return Result(
            recipe=self.name,
            data=dataset,
            n_train=len(x),
            parameters=trained.parameters,
            epochs=trained.epochs,
            history=trained.history,
            metrics=trained.metrics,
            seconds=trained.seconds,
            model=trained.model,
            snapshots=trained.snapshots,
            examples=(x[:EXAMPLES], y[:EXAMPLES]),
        )

    def _load(self, dataset: str, split: str, settings: Settings) -> Data:
        xp = get_module(settings.backend)
        x, y = self.load(dataset, split)
        return xp.asarray(x), xp.asarray(y)


class Stopwatch:
    """Seconds spent inside ``with`` blocks, in all."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self.seconds += time.perf_counter() - self.start


def image_data(
    shape: tuple[int, ...], prepare: Callable[[np.ndarray], np.ndarray]
) -> Callable[[str, str], Data]:
    """A loader of images and labels: scaled by ``prepare``, each image of ``shape``."""

    def load_images(name: str, split: str) -> Data:
        images, labels = load(name, split)
        return prepare(images).reshape(len(images), *shape), labels

    return load_images
