"""The training loop: batches in, losses out, one step of the optimizer each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tinyae.arguments import checked
from tinyae.backend import Array, array_module, default_module, fixed_seed, to_numpy
from tinyae.checkpoints import kept
from tinyae.data.loader import NoisyBatches, RandomBatches
from tinyae.errors import TinyaeError
from tinyae.finite import Watch, check_weights, named_losses
from tinyae.history import History, Meter
from tinyae.layers.base import Layer
from tinyae.layers.module import Module
from tinyae.losses import Loss
from tinyae.optimizers import Optimizer
from tinyae.progress import Progress
from tinyae.run import Run
from tinyae.threads import one_blas_thread

__all__ = ["History", "descend", "evaluate", "fit"]

REPORTS = 20
"""Entries in the history of one run of ``descend``, at the most."""


@runtime_checkable
class Batches(Protocol):
    """What training goes through: a ``DataLoader``, a list, anything with length and order."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...


class _Supervised:
    """A layer and a loss together: something with ``loss(batch)`` and ``backward()``.

    The target is the batch's second half, or the input itself where there is none, as an
    autoencoder wants it.
    """

    def __init__(self, model: Layer, loss: Loss) -> None:
        self.model, self.criterion, self.reduction = model, loss, loss.reduction

    def loss(self, x: Array, y: Array | None = None) -> SimpleNamespace:
        prediction = self.model(x)
        target = x if y is None else y
        if y is None and x.size == prediction.size:  # a flat decoder of images
            target = x.reshape(prediction.shape)
        return SimpleNamespace(total=self.criterion(prediction, target))

    def backward(self) -> None:
        self.model.backward(self.criterion.backward())

    def accumulate(self) -> None:
        self.model.accumulate(self.criterion.backward())


@checked
def fit(
    model: Any,
    data: Batches,
    epochs: int,
    optimizer: Optimizer,
    loss: Loss | None = None,
    *,
    report_every: int | None = None,
    on_batch: Callable[[int, int, dict[str, float]], None] | None = None,
    on_epoch: Callable[[int, History], None] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int | None = None,
    resume: bool = False,
    title: str = "training",
    progress: bool = True,
) -> History:
    """Train a model: for each batch clear the gradients, loss, backward, step.

    Parameters
    ----------
    model : Layer, or Module with ``loss(x)`` and ``backward()``
        ``loss(x)`` returns an object whose ``total`` is the loss; its other attributes are
        reported by their names.
    data : DataLoader, or any sized iterable of batches
        A batch is x, or (x, y). It is moved to the backend of the model.
    epochs : int
        How many times to go through ``data``.
    optimizer : Optimizer
        Made with ``model.parameters()``.
    loss : Loss, optional
        Needed for a plain layer. Compares its output with y, or with x where there is no y.
    report_every : int, optional
        Batches between two entries of the history; an epoch's when left out.
    on_batch : callable, optional
        Called after each step with the epoch and the batch, both from 0, and the losses of
        the batch by name.
    on_epoch : callable, optional
        Called after each epoch with the epoch, from 0, and the history so far.
    checkpoint : path, optional
        A file that keeps all that training changes, so that a run that was killed can go on; a
        ``Checkpoints`` block does the same for a program of several runs. What callbacks
        gather is kept where they are objects with ``state_dict()`` and ``load_state_dict(d)``.
        Ctrl-C ends the batch, writes it and tells how to go on.
    every : int, optional
        Batches between two checkpoints; when left out, there is one at each epoch's end (each
        second, where epochs are shorter) and after 30 seconds.
    resume : bool
        Whether to go on from ``checkpoint``, if it is there. The result is that of a run that
        was never stopped, to the bit.
    title : str
        Shown in front of the progress.
    progress : bool
        Whether to show progress on standard error.

    Returns
    -------
    History
        The sum of the batches' losses for a loss that sums over samples, the average over the
        samples for one that averages.

    Raises
    ------
    TinyaeError
        For settings that cannot work, for a checkpoint of another run, and as soon as a batch is
        refused or a number is not finite, with the layer, the phase, the epoch and the batch,
        from 1.
    """
    objective: Any = _objective(model, loss)
    meter, batches = Meter(objective.reduction), len(data)
    report_every = batches if report_every is None else report_every
    for what, number in (("epoch", epochs), ("batch", batches), ("batch a report", report_every)):
        if number < 1:
            raise TinyaeError(f"fit: expected at least one {what}, got {number}")
    model.train()
    run = Run(model, optimizer, data, meter, observers={"on_batch": on_batch, "on_epoch": on_epoch})
    run.settings = {"title": title, "loss": type(loss).__name__, "reduction": objective.reduction}
    run.settings |= {"epochs": epochs, "batches": batches, "report_every": report_every}
    watch = Watch(objective, model)
    with (
        kept(run, checkpoint, every, resume) as keeper,
        one_blas_thread(),
        np.errstate(all="ignore"),  # the watch tells it better
        Progress(title, epochs, batches, run.epoch * batches + run.batch, progress) as line,
    ):
        for epoch in range(run.epoch, epochs):
            for index, batch in enumerate(_on_backend(run.rest_of_epoch(), model), run.batch):
                optimizer.zero_grad()
                values = watch.loss(batch, f"epoch {epoch + 1}, batch {index + 1}")
                watch.backward()
                optimizer.step()
                meter.add(values, len(batch[0]))
                if on_batch:
                    on_batch(epoch, index, values)
                last, average = index + 1 == batches, meter.average()
                if last or (index + 1) % report_every == 0:
                    run.history.record(meter.read())
                line.advance(epoch, average, now=last)
                if not last:
                    keeper.after(epoch, index + 1)
            if on_epoch:
                on_epoch(epoch, run.history)
            keeper.after(epoch + 1, 0)
        check_weights(model, watch.place)
    return run.history


def descend(
    model: Layer,
    loss: Loss,
    optimizer: Optimizer,
    x: Array,
    y: Array | None = None,
    *,
    steps: int | None = None,
    batch_size: int = 1,
    noise: float = 0.0,
    title: str = "training",
    progress: bool = True,
) -> History:
    """Stochastic gradient descent on random samples of x, reported up to ``REPORTS`` times.

    Parameters
    ----------
    model, loss, optimizer
        As for ``fit``.
    x, y : array
        Samples and, where the loss wants them, labels.
    steps : int, optional
        As many as make up the number of samples when left out.
    batch_size : int
        Samples a step, drawn with replacement.
    noise : float
        Standard deviation of what is added to x, anew at each step; the target stays clean.
    title, progress
        As for ``fit``.

    Returns
    -------
    History

    Raises
    ------
    TinyaeError
        As ``fit`` does, and for x and y of different lengths.
    """
    batches: Batches = RandomBatches(x, y, batch_size=batch_size, steps=steps)
    if noise:
        batches = NoisyBatches(batches, noise)
    every = -(-len(batches) // REPORTS)
    return fit(
        model, batches, 1, optimizer, loss, report_every=every, title=title, progress=progress
    )


@checked
def evaluate(model: Any, data: Batches, loss: Loss | None = None) -> dict[str, float]:
    """The losses over ``data`` in evaluation mode, by name; the model stays as it was.

    Parameters
    ----------
    model, data, loss
        As for ``fit``.

    Returns
    -------
    dict
        Sums over the samples or averages, as in ``fit``. What a model draws, such as the codes
        of a VAE, it draws from seed 0, and the package's generator stays where it was.

    Raises
    ------
    TinyaeError
        For no batch at all, and for whatever the model or the loss refuses.
    """
    objective: Any = _objective(model, loss)
    meter = Meter(objective.reduction)
    with fixed_seed(0), evaluation_mode(model):
        for batch in _on_backend(data, model):
            meter.add(named_losses(objective.loss(*batch)), len(batch[0]))
    if not meter.samples:
        raise TinyaeError("evaluate: expected at least one batch, got none")
    return meter.read()


@contextmanager
def evaluation_mode(model: Module) -> Iterator[None]:
    """``model.eval()`` inside the block; after it each module has its own mode again."""
    modes = [(module, module.training) for _, module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _objective(model: Any, loss: Loss | None) -> Any:
    if loss is not None:
        if not isinstance(model, Layer):
            raise TinyaeError(
                f"fit: expected model to be a Layer where there is a loss, got {model!r}"
            )
        return _Supervised(model, loss)
    if not (hasattr(model, "loss") and hasattr(model, "backward")):
        raise TinyaeError(
            f"fit: expected a loss for {type(model).__name__}, which has none of its own: "
            "fit(model, data, epochs, optimizer, loss=ta.MSELoss())"
        )
    return model


def _on_backend(data: Iterable, model: Module) -> Iterable[tuple[Array, ...]]:
    """Each batch as a tuple, on the backend of the model's weights."""
    parameters = model.parameters()
    xp = array_module(parameters[0].value) if parameters else default_module()
    for batch in data:
        parts = batch if isinstance(batch, tuple | list) else (batch,)
        yield tuple(
            part if isinstance(part, xp.ndarray) else xp.asarray(to_numpy(part)) for part in parts
        )
