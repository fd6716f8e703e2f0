"""Training that is one model and one call of ``fit`` with Adam."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinyae.backend import Array, to_numpy
from tinyae.data import DataLoader
from tinyae.layers.module import Module
from tinyae.losses import Loss
from tinyae.optimizers import Adam
from tinyae.recipes.base import Data, Settings, Snapshot, Stopwatch, Trained
from tinyae.training import fit

__all__ = ["AdamTraining"]

SAMPLES = 64
"""Images drawn from the prior for a snapshot: a grid of 8 × 8."""


@dataclass(frozen=True)
class AdamTraining:
    """Training with Adam at its usual rate of 10⁻³.

    Attributes
    ----------
    build : callable
        Makes the model; takes ``latent_dim``.
    epochs : int
        The document's number.
    batch_size : int or None
        Of shuffled batches; all samples at once when ``None``.
    drop_last : bool
        Whether a short last batch is left out.
    loss : type of Loss or None
        For a model that has none of its own.
    snapshot_every : int or None
        Batches between two snapshots of a VAE, counted anew each epoch.
    measure : callable or None
        From the model, in evaluation mode, and the test data to final scores by name.
    """

    build: Callable[..., Module]
    epochs: int
    batch_size: int | None = None
    drop_last: bool = False
    loss: type[Loss] | None = None
    snapshot_every: int | None = None
    measure: Callable[[Any, Data], dict[str, float]] | None = None

    def model(self, latent_dim: int | None) -> Module:
        """A new model, with the document's ``latent_dim`` or another."""
        return self.build() if latent_dim is None else self.build(latent_dim=latent_dim)

    def batches(self, x: Array) -> DataLoader:
        """The batches of an epoch."""
        shuffle, size = self.batch_size is not None, self.batch_size or len(x)
        return DataLoader(x, batch_size=size, shuffle=shuffle, drop_last=self.drop_last)

    def __call__(self, data: Data, test: Callable[[], Data], settings: Settings) -> Trained:
        """Build, train, measure."""
        model, epochs = self.model(settings.latent_dim), settings.epochs or self.epochs
        batches, optimizer = self.batches(data[0]), Adam(model.parameters(), lr=1e-3)
        test_data = test() if self.measure else None  # a missing file is found before training
        snapshots: list[Snapshot] = []
        watch = Stopwatch()

        def observe(epoch: int, batch: int, losses: dict[str, float]) -> None:
            if self.snapshot_every and (batch + 1) % self.snapshot_every == 0:
                snapshots.append(_snapshot(model, epoch, batch, losses))

        with watch:
            history = fit(
                model,
                batches,
                epochs,
                optimizer,
                self.loss() if self.loss else None,
                on_batch=observe,
                progress=settings.progress,
            )
        return Trained(
            model=model,
            history=history,
            parameters=model.count_parameters(),
            epochs=epochs,
            metrics=self.measure(model.eval(), test_data) if self.measure and test_data else {},
            seconds=watch.seconds,
            snapshots=snapshots,
        )


def _snapshot(model: Any, epoch: int, batch: int, losses: dict[str, float]) -> Snapshot:
    """The losses of a batch, and images sampled in training mode, as document 004 does."""
    return Snapshot(epoch + 1, batch + 1, losses, to_numpy(model.sample(SAMPLES)))
