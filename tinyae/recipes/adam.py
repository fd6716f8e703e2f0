"""Training that is one model and one call of ``fit`` with Adam."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

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
        snapshots = _Snapshots(model, self.snapshot_every) if self.snapshot_every else None
        watch = Stopwatch()
        with watch:
            history = fit(
                model,
                batches,
                epochs,
                optimizer,
                self.loss() if self.loss else None,
                on_batch=snapshots,
                progress=settings.progress,
            )
        return Trained(
            model=model,
            history=history,
            parameters=model.count_parameters(),
            epochs=epochs,
            metrics=self.measure(model.eval(), test_data) if self.measure and test_data else {},
            seconds=watch.seconds,
            snapshots=snapshots.taken if snapshots else [],
        )


class _Snapshots:
    """Observes training: every so many batches, images sampled in training mode, as document 004.

    Its state goes into checkpoints, so that a run that goes on has the earlier snapshots too.
    """

    def __init__(self, model: Any, every: int) -> None:
        self.model, self.every, self.taken = model, every, list[Snapshot]()

    def __call__(self, epoch: int, batch: int, losses: dict[str, float]) -> None:
        """Take a snapshot when one is due."""
        if (batch + 1) % self.every == 0:
            samples = to_numpy(self.model.sample(SAMPLES))
            self.taken.append(Snapshot(epoch + 1, batch + 1, losses, samples))

    def state_dict(self) -> dict[str, np.ndarray]:
        """Every snapshot as arrays."""
        state = {}
        for number, taken in enumerate(self.taken):
            state[f"{number:06}.samples"] = taken.samples
            state[f"{number:06}.place"] = np.array([taken.epoch, taken.batch])
            for name, value in taken.losses.items():
                state[f"{number:06}.losses.{name}"] = np.array(value)
        return state

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Have the snapshots of ``state``, and no other."""
        self.taken = []
        for number in sorted({key.partition(".")[0] for key in state}):
            prefix = f"{number}.losses."
            losses = {k.removeprefix(prefix): float(a) for k, a in state.items() if prefix in k}
            epoch, batch = state[f"{number}.place"].tolist()
            self.taken.append(Snapshot(epoch, batch, losses, state[f"{number}.samples"]))
