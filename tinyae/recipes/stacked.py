"""Document 001: autoencoders stacked greedily, a classifier on top, fine-tuning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinyae.backend import Array
from tinyae.data import load, scale, select_classes
from tinyae.errors import TinyaeError
from tinyae.layers.linear import Linear
from tinyae.losses import CrossEntropyLoss
from tinyae.models.stacked import StackedAutoencoder
from tinyae.optimizers import SGD, Adam, Optimizer
from tinyae.recipes.base import Data, Recipe, Settings, Stopwatch, Trained
from tinyae.training import History, descend

__all__ = ["STACKED", "Phase", "StackedTraining"]

SIZES = (784, 196, 49, 25, 9)


@dataclass(frozen=True)
class Phase:
    """How one part of the training goes.

    Attributes
    ----------
    lr : float
        Learning rate.
    passes : int
        Steps as a number of passes over the data, times ``--epochs``; used without ``steps``.
    steps : int or None
        Steps as they stand, whatever ``--epochs`` says.
    batch_size, noise, optimizer
        As for ``StackedAutoencoder.pretrain``.
    """

    lr: float
    passes: int = 1
    steps: int | None = None
    batch_size: int = 1
    noise: float = 0.0
    optimizer: Callable[..., Optimizer] = SGD

    def settings(self, samples: int, epochs: int) -> dict[str, Any]:
        """What the methods of ``StackedAutoencoder`` take."""
        steps = self.steps or max(1, epochs * self.passes * samples // self.batch_size)
        chosen = {"steps": steps, "batch_size": self.batch_size, "lr": self.lr}
        noise = {"noise": self.noise} if self.noise else {}
        return {**chosen, **noise, "optimizer": self.optimizer}


@dataclass(frozen=True)
class StackedTraining:
    """Linear baseline, autoencoders, classifier on frozen codes, fine-tuning.

    Attributes
    ----------
    classes : int
        How many digits are told apart.
    codes : "before" or "after"
        The activation: what the next autoencoder learns.
    baseline, pretraining, classifier : Phase
    fine_tuning : tuple of Phase
        One after the other.
    """

    classes: int
    codes: str
    baseline: Phase
    pretraining: Phase
    classifier: Phase
    fine_tuning: tuple[Phase, ...]

    def __call__(self, data: Data, test: Callable[[], Data], settings: Settings) -> Trained:
        """Build, train, measure."""
        if settings.latent_dim is not None:
            raise TinyaeError(f"stacked recipes: expected no latent_dim, their sizes are {SIZES}")
        (x, y), (test_x, test_y), epochs = data, test(), settings.epochs or 1
        baseline = Linear(SIZES[0], self.classes)
        model = StackedAutoencoder(SIZES, activation="tanh", codes=self.codes)
        history, metrics, watch = History(), {}, Stopwatch()

        def how(phase: Phase) -> dict[str, Any]:
            return {**phase.settings(len(x), epochs), "progress": settings.progress}

        with watch:
            linear = _fit_baseline(baseline, x, y, **how(self.baseline))
            parts = model.pretrain(x, **how(self.pretraining))
            classifier = model.fit_classifier(x, y, **how(self.classifier))
        metrics["linear"] = float((baseline(test_x).argmax(axis=1) == test_y).mean())
        metrics["frozen"] = model.score(test_x, test_y)
        with watch:
            tuned = [model.fine_tune(x, y, **how(phase))["loss"] for phase in self.fine_tuning]
        metrics["fine_tuned"] = model.score(test_x, test_y)
        history["loss"] = [value for part in tuned for value in part]
        history["linear"], history["classifier"] = linear["loss"], classifier["loss"]
        for number, part in enumerate(parts, 1):
            history[f"autoencoder_{number}"] = part["loss"]
        parameters = model.encoder.count_parameters()
        return Trained(model, history, parameters, epochs, metrics, watch.seconds)


def _digits(classes: Sequence[int]) -> Callable[[str, str], Data]:
    """A loader of these classes, numbered from 0, with pixels in [−1, 1)."""

    def load_digits(name: str, split: str) -> Data:
        images, labels = select_classes(*load(name, split), classes)
        return scale(images, 128, -1).reshape(len(images), -1), labels

    return load_digits


def _fit_baseline(
    model: Linear,
    x: Array,
    y: Array,
    lr: float,
    optimizer: Callable[..., Optimizer],
    **settings: Any,
) -> History:
    """Train a linear classifier on the pixels."""
    step_rule = optimizer(model.parameters(), lr=lr)
    title = "linear baseline"
    return descend(model, CrossEntropyLoss(), step_rule, x, y, title=title, **settings)


ONE_SAMPLE = Phase(lr=1e-3)
A_THOUSAND = Phase(lr=1e-3, steps=1000)
ADAM: dict[str, Any] = {"batch_size": 100, "optimizer": Adam}

STACKED = (
    Recipe(
        name="stacked-09",
        about="stacked autoencoders tell 0 from 9, one sample a step (document 001)",
        dataset="mnist",
        load=_digits((0, 9)),
        train=StackedTraining(
            classes=2,
            codes="before",
            baseline=A_THOUSAND,
            pretraining=Phase(lr=0.1),
            classifier=ONE_SAMPLE,
            fine_tuning=(A_THOUSAND,),
        ),
    ),
    Recipe(
        name="stacked-10",
        about="the same for all ten digits (document 001)",
        dataset="mnist",
        load=_digits(range(10)),
        train=StackedTraining(
            classes=10,
            codes="before",
            baseline=Phase(lr=0.1, steps=1000),
            pretraining=Phase(lr=0.1),
            classifier=ONE_SAMPLE,
            fine_tuning=(A_THOUSAND,),
        ),
    ),
    Recipe(
        name="stacked-tuned",
        about="ten digits again, with what makes it work: batches, Adam, codes after tanh",
        dataset="mnist",
        load=_digits(range(10)),
        train=StackedTraining(
            classes=10,
            codes="after",
            baseline=Phase(lr=1e-3, passes=10, **ADAM),
            pretraining=Phase(lr=1e-3, passes=3, noise=0.3, **ADAM),
            classifier=Phase(lr=1e-2, passes=3, **ADAM),
            fine_tuning=(
                Phase(lr=5e-4, passes=20, noise=0.3, **ADAM),
                Phase(lr=1e-4, passes=5, noise=0.3, **ADAM),
            ),
        ),
    ),
)
