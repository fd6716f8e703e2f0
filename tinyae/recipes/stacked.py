"""Document 001: autoencoders stacked greedily, a classifier on top, fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinyae.backend import Array
from tinyae.data import load, scale, select_classes
from tinyae.layers.linear import Linear
from tinyae.losses import CrossEntropyLoss
from tinyae.models.stacked import StackedAutoencoder
from tinyae.optimizers import SGD
from tinyae.recipes.base import Data, Recipe, Settings, Stopwatch, Trained
from tinyae.training import History, descend

__all__ = ["AsWritten", "STACKED_09", "STACKED_10"]

SIZES = (784, 196, 49, 25, 9)
FEW_STEPS = 1000
"""Steps of the linear baseline and of fine-tuning."""


def _digits(classes: Sequence[int]) -> Callable[[str, str], Data]:
    """A loader of these classes, numbered from 0, with pixels in [−1, 1)."""

    def load_digits(name: str, split: str) -> Data:
        images, labels = select_classes(*load(name, split), classes)
        return scale(images, 128, -1).reshape(len(images), -1), labels

    return load_digits


@dataclass(frozen=True)
class AsWritten:
    """Plain SGD with one random sample a step, as the document has it.

    Attributes
    ----------
    classes : int
        How many digits are told apart.
    baseline_lr : float
        Learning rate of the linear classifier on the pixels.
    """

    classes: int
    baseline_lr: float

    def __call__(self, data: Data, test: Callable[[], Data], settings: Settings) -> Trained:
        """Linear baseline, autoencoders, classifier on frozen codes, fine-tuning."""
        (x, y), (test_x, test_y), epochs = data, test(), settings.epochs or 1
        baseline = Linear(SIZES[0], self.classes)
        model = StackedAutoencoder(SIZES, activation="tanh", codes="before")
        steps, progress, watch = epochs * len(x), settings.progress, Stopwatch()
        history, metrics = History(), {}
        with watch:
            history["linear"] = self.fit_baseline(baseline, x, y, progress)
            for number, part in enumerate(model.pretrain(x, steps, lr=0.1, progress=progress), 1):
                history[f"autoencoder_{number}"] = part["loss"]
            history["classifier"] = model.fit_classifier(x, y, steps, progress=progress)["loss"]
        metrics["linear"] = float((baseline(test_x).argmax(axis=1) == test_y).mean())
        metrics["frozen"] = model.score(test_x, test_y)
        with watch:
            history["loss"] = model.fine_tune(x, y, FEW_STEPS, progress=progress)["loss"]
        metrics["fine_tuned"] = model.score(test_x, test_y)
        parameters = model.encoder.count_parameters()
        return Trained(model, history, parameters, epochs, metrics, watch.seconds)

    def fit_baseline(self, baseline: Linear, x: Array, y: Array, progress: bool) -> list[float]:
        """Train a linear classifier on the pixels; returns its losses."""
        optimizer = SGD(baseline.parameters(), lr=self.baseline_lr)
        settings: dict[str, Any] = {
            "steps": FEW_STEPS,
            "title": "linear baseline",
            "progress": progress,
        }
        return descend(baseline, CrossEntropyLoss(), optimizer, x, y, **settings)["loss"]


STACKED_09 = Recipe(
    name="stacked-09",
    about="stacked autoencoders tell 0 from 9, one sample a step (document 001)",
    dataset="mnist",
    load=_digits((0, 9)),
    train=AsWritten(classes=2, baseline_lr=1e-3),
)

STACKED_10 = Recipe(
    name="stacked-10",
    about="the same for all ten digits (document 001)",
    dataset="mnist",
    load=_digits(range(10)),
    train=AsWritten(classes=10, baseline_lr=0.1),
)
