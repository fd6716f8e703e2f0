"""Batches: in order, shuffled, or drawn at random."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.backend import array_module, generator_for, host_generator
from tinyae.errors import TinyaeError

__all__ = ["DataLoader", "NoisyBatches", "RandomBatches"]


class DataLoader:
    """Goes through a data set in batches, one epoch for every ``for`` loop.

    Without ``shuffle`` the batches of an array are views of it; with it, every epoch goes through
    the data in a new order. The batches stay on the backend of the data.

    Parameters
    ----------
    x : array (N, ...), or anything with ``len(x)`` and ``x[integer array]``
        The samples, such as an array of images or an object of a class of your own.
    y : the same, optional
        What belongs to the samples, such as labels.
    batch_size : int
        Samples a batch.
    shuffle : bool
        Whether to draw a new order for every epoch.
    drop_last : bool
        Whether to leave out the last batch when it is shorter than the others.
    generator : numpy.random.Generator, optional
        Draws the orders; the package's own (see ``ta.seed``) when not given.

    Yields
    ------
    batch : x[batch] without ``y``, else (x[batch], y[batch])

    Raises
    ------
    TinyaeError
        When there is no sample, when x and y differ in length, when ``batch_size`` is no integer
        of at least 1, or when ``drop_last`` leaves no batch.
    """

    @checked
    def __init__(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.n_samples = _count_samples("DataLoader", x, y)
        self.batch_size = _positive("DataLoader", "batch_size", batch_size)
        if drop_last and self.batch_size > self.n_samples:
            raise TinyaeError(
                f"DataLoader: expected batch_size of at most {self.n_samples}, the number of "
                f"samples, as drop_last leaves no batch otherwise, got {self.batch_size}"
            )
        self.x, self.y = x, y
        self.shuffle, self.drop_last = shuffle, drop_last
        self.generator = _checked_generator("DataLoader", generator)

    def __len__(self) -> int:
        """Batches an epoch."""
        whole, rest = divmod(self.n_samples, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        order = self._new_order() if self.shuffle else None
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            batch = slice(start, min(start + self.batch_size, self.n_samples))
            yield _pick(self.x, self.y, batch if order is None else order[batch])

    def _new_order(self) -> np.ndarray:
        return (self.generator or host_generator()).permutation(self.n_samples)


class RandomBatches:
    """Draws every batch anew, uniformly and with replacement, for a given number of steps.

    This is what stochastic gradient descent with one random sample a step asks for: a sample may
    come twice while another has not come yet. The indices of all steps are drawn at once.

    Parameters
    ----------
    x, y : as for `DataLoader`
    batch_size : int
        Samples a batch; a batch of one keeps its first axis and is a view of an array.
    steps : int, optional
        Batches a ``for`` loop; as many as an epoch has when not given.
    generator : numpy.random.Generator, optional
        The package's own (see ``ta.seed``) when not given.

    Yields
    ------
    batch : x[batch] without ``y``, else (x[batch], y[batch])

    Raises
    ------
    TinyaeError
        When there is no sample, when x and y differ in length, or when ``batch_size`` or
        ``steps`` is no integer of at least 1.
    """

    @checked
    def __init__(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 1,
        steps: int | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.n_samples = _count_samples("RandomBatches", x, y)
        self.batch_size = _positive("RandomBatches", "batch_size", batch_size)
        epoch = -(-self.n_samples // self.batch_size)
        self.steps = epoch if steps is None else _positive("RandomBatches", "steps", steps)
        self.x, self.y = x, y
        self.generator = _checked_generator("RandomBatches", generator)

    def __len__(self) -> int:
        """Batches a ``for`` loop."""
        return self.steps

    def __iter__(self) -> Iterator[Any]:
        generator = self.generator or host_generator()
        drawn = generator.integers(self.n_samples, size=(self.steps, self.batch_size))
        if self.batch_size == 1:
            for index in drawn[:, 0].tolist():
                yield _pick(self.x, self.y, slice(index, index + 1))
        else:
            for indices in drawn:
                yield _pick(self.x, self.y, indices)


class NoisyBatches:
    """Goes through batches with Gaussian noise added to x.

    What belongs to a sample stays as it was: y, or the clean x where there is no y. An
    autoencoder trained on these batches learns to remove the noise.

    Parameters
    ----------
    batches : DataLoader, RandomBatches, or what else goes through batches
        Of arrays.
    noise : float
        Standard deviation, in the units of x, ≥ 0.

    Yields
    ------
    batch : (x + noise · ε, x) or (x + noise · ε, y), with ε from N(0, 1)

    Raises
    ------
    TinyaeError
        When the noise is negative or not finite.

    References
    ----------
    Vincent, Larochelle, Bengio and Manzagol, "Extracting and composing robust features with
    denoising autoencoders", 2008.
    """

    @checked
    def __init__(self, batches: Any, noise: float) -> None:
        if not 0 <= noise < np.inf:
            raise TinyaeError(f"NoisyBatches: expected a finite noise of at least 0, got {noise}")
        self.batches, self.noise = batches, float(noise)

    def __len__(self) -> int:
        """Batches a ``for`` loop."""
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for batch in self.batches:
            x, y = batch if isinstance(batch, tuple) else (batch, batch)
            if x.dtype.kind != "f":
                raise TinyaeError(f"NoisyBatches: expected x of a float type, got {x.dtype}")
            drawn = generator_for(x).standard_normal(x.shape, dtype=x.dtype)
            yield x + self.noise * drawn, y


def _pick(x: Any, y: Any, batch: slice | np.ndarray) -> Any:
    return _take(x, batch) if y is None else (_take(x, batch), _take(y, batch))


def _take(data: Any, batch: slice | np.ndarray) -> Any:
    if _is_array(data):
        return data[batch if isinstance(batch, slice) else array_module(data).asarray(batch)]
    return data[np.arange(batch.start, batch.stop) if isinstance(batch, slice) else batch]


def _is_array(data: Any) -> bool:
    return hasattr(data, "shape") and hasattr(data, "dtype")


def _count_samples(name: str, x: Any, y: Any) -> int:
    n = _length(name, x)
    if n == 0:
        raise TinyaeError(f"{name}: expected at least one sample, got none")
    if y is None:
        return n
    if _length(name, y) != n:
        raise TinyaeError(f"{name}: expected x and y of equal length, got {n} and {len(y)}")
    if _is_array(x) and _is_array(y):
        array_module(x, y)
    return n


def _length(name: str, data: Any) -> int:
    is_list = isinstance(data, list | tuple)
    is_number = _is_array(data) and data.shape == ()
    if is_list or is_number or not hasattr(data, "__getitem__") or not hasattr(data, "__len__"):
        raise TinyaeError(
            f"{name}: expected an array (N, ...) or an object with len and indexing by an integer "
            f"array, got {'a single number' if is_number else type(data).__name__}"
        )
    return len(data)


def _positive(name: str, argument: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise TinyaeError(
            f"{name}: expected {argument} to be an integer of at least 1, got {value}"
        )
    return number


def _checked_generator(name: str, generator: Any) -> np.random.Generator | None:
    if generator is not None and not isinstance(generator, np.random.Generator):
        raise TinyaeError(
            f"{name}: expected a numpy.random.Generator, got {type(generator).__name__}"
        )
    return generator
