"""Document 001: autoencoders stacked greedily, a classifier on top, fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tinyae.data import load, scale, select_classes
from tinyae.layers.linear import Linear
from tinyae.losses import CrossEntropyLoss
from tinyae.models.stacked import StackedAutoencoder
from tinyae.optimizers import SGD
from tinyae.recipes.base import Data, Recipe, Settings, Stopwatch, Trained
from tinyae.training import History, descend

__all__ = ["STACKED_09", "STACKED_10"]

SIZES = (784, 196, 49, 25, 9)
FEW_STEPS = 1000
"""Steps of the linear baseline and of fine-tuning."""


def _digits(classes: Sequence[int]) -> Callable[[str, str], Data]:
    """A loader of these classes, numbered from 0, with pixels in [−1, 1)."""

    def load_digits(name: str, split: str) -> Data:
        images, labels = select_classes(*load(name, split), classes)
        return scale(images, 128, -1).reshape(len(images), -1), labels

    return load_digits


def _as_written(
    classes: int, baseline_lr: float
) -> Callable[[Data, Callable[[], Data], Settings], Trained]:
    """Plain SGD with one random sample a step, as the document has it."""

    def train(data: Data, test: Callable[[], Data], settings: Settings) -> Trained:
        (x, y), epochs, progress = data, settings.epochs or 1, settings.progress
        baseline = Linear(SIZES[0], classes)
        model = StackedAutoencoder(SIZES, activation="tanh", codes="before")
        steps, history, metrics, watch = epochs * len(x), History(), {}, Stopwatch()
        test_x, test_y = test()
        with watch:
            optimizer = SGD(baseline.parameters(), lr=baseline_lr)
            title = "linear baseline"
            history["linear"] = descend(
                baseline, CrossEntropyLoss(), optimizer, x, y,
                steps=FEW_STEPS, title=title, progress=progress,
            )["loss"]  # fmt: skip
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

    return train


STACKED_09 = Recipe(
    name="stacked-09",
    about="stacked autoencoders tell 0 from 9, one sample a step (document 001)",
    dataset="mnist",
    load=_digits((0, 9)),
    train=_as_written(classes=2, baseline_lr=1e-3),
)

STACKED_10 = Recipe(
    name="stacked-10",
    about="the same for all ten digits (document 001)",
    dataset="mnist",
    load=_digits(range(10)),
    train=_as_written(classes=10, baseline_lr=0.1),
)
