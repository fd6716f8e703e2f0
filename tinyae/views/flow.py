"""What flows through what: the layers of a model in the order in which a sample passes them."""

from __future__ import annotations

import contextlib
import functools
import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinyae.backend import Array, array_module, default_module, fixed_seed
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.module import Module
from tinyae.models import VAE, Autoencoder, StackedAutoencoder

__all__ = ["Branch", "Shape", "Step", "follow"]

Shape = tuple[int, ...]

MOST_NUMBERS = 2**28
"""Of one sample: beyond that a slip of the pen is likelier than such data."""


@dataclass(frozen=True)
class Step:
    """One layer that a sample passes. Shapes are those of one sample, without the batch axis.

    Attributes
    ----------
    path : str
        Where the layer sits in the model, as in ``state_dict``; empty for the model itself.
    layer : Layer
    input_shape, output_shape : tuple of int
    parameters : int
        How many numbers it learns that no earlier step learns.
    """

    path: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    parameters: int


@dataclass(frozen=True)
class Branch:
    """Layers one after the other, between two places where ways part or meet.

    Attributes
    ----------
    name : str
        Such as ``"decoder"``; empty for a model that is one chain of layers.
    sources : tuple of str
        The branches that it reads; none for the one that the sample enters.
    steps : tuple of Step
        None for ``"z"`` of a VAE, which is drawn from the outputs of its sources.
    input_shape, output_shape : tuple of int
    """

    name: str
    sources: tuple[str, ...]
    steps: tuple[Step, ...]
    input_shape: Shape
    output_shape: Shape

    @property
    def parameters(self) -> int:
        """How many numbers are learnt here that no earlier branch learns."""
        return sum(step.parameters for step in self.steps)


def follow(model: Module, input_shape: Sequence[int]) -> list[Branch]:
    """Send one sample of zeros through a model in evaluation mode and see where it passes.

    The model is afterwards what it was: modes, running statistics, what ``forward`` remembered
    for ``backward``, and the package's random numbers.

    A layer made of others is taken apart where these are one chain, as in ``Sequential``. Where
    it does more than that, it is one step.

    Parameters
    ----------
    model : Layer or VAE or StackedAutoencoder
    input_shape : sequence of int
        Of one sample, without the batch axis: ``(784,)``, ``(1, 28, 28)``.

    Returns
    -------
    list of Branch
        Sources before those that read them. ``encoder`` and ``decoder`` of an autoencoder;
        ``trunk``, ``mean``, ``log_var``, ``z`` and ``decoder`` of a VAE; ``encoder``,
        ``decoder`` and, if there is one, ``classifier`` of a stacked autoencoder.

    Raises
    ------
    TinyaeError
        For a model of no such kind, and for a shape that it does not take.
    """
    if not isinstance(model, Layer | VAE | StackedAutoencoder):
        raise TinyaeError(
            "expected a Layer, a VAE or a StackedAutoencoder to look into, "
            f"got {type(model).__name__}"
        )
    shape = _checked_shape(input_shape)
    with _undisturbed(model), np.errstate(all="ignore"):
        tracker = _Tracker(model)
        x = _zeros(model, shape)
        try:
            return _branches(tracker, model, x)
        except Exception as reason:  # a layer of one's own may raise anything
            raise TinyaeError(
                f"{type(model).__name__}: does not take an input_shape {shape} of one sample, "
                f"without the batch axis: {reason}"
            ) from reason


def _checked_shape(input_shape: Sequence[int]) -> Shape:
    try:
        shape = tuple(operator.index(length) for length in input_shape)
    except TypeError:
        shape = ()
    if not shape or min(shape) < 1 or math.prod(shape) > MOST_NUMBERS:
        raise TinyaeError(
            "expected an input_shape of one sample, such as (784,) or (1, 28, 28), "
            f"got {input_shape!r}"
        )
    return shape


def _branches(tracker: _Tracker, model: Any, x: Array) -> list[Branch]:
    """The branches of each kind of model."""
    if isinstance(model, VAE):
        trunk, h = tracker.branch("trunk", (), [model.trunk], x)
        mean, z = tracker.branch("mean", ("trunk",), [model.mean], h)
        log_var, _ = tracker.branch("log_var", ("trunk",), [model.log_var], h)
        sample = Branch("z", ("mean", "log_var"), (), z.shape[1:], z.shape[1:])
        decoder, _ = tracker.branch("decoder", ("z",), [model.decoder], z)
        return [trunk, mean, log_var, sample, decoder]
    if isinstance(model, Autoencoder):
        encoder, code = tracker.branch("encoder", (), [model.encoder], x)
        return [encoder, tracker.branch("decoder", ("encoder",), [model.decoder], code)[0]]
    if isinstance(model, StackedAutoencoder):
        encoder, code = tracker.branch("encoder", (), [model.encoder], x)
        back = model.decoders.layers[::-1]
        branches = [encoder, tracker.branch("decoder", ("encoder",), back, code)[0]]
        if model.classifier is not None:
            branches += tracker.branch("classifier", ("encoder",), [model.classifier], code)[:1]
        return branches
    return [tracker.branch("", (), [model], x)[0]]


@dataclass
class _Call:
    """A forward pass of one layer, and those that it called."""

    path: str
    layer: Layer
    x: Array
    y: Array = None
    inner: list[_Call] = field(default_factory=list)

    def is_chain(self) -> bool:
        """Whether it did nothing but hand its input from one layer to the next."""
        if not self.inner or self.layer.own_arrays():
            return False
        handed = [self.x, *(call.y for call in self.inner)]
        return self.y is handed[-1] and all(
            call.x is x for call, x in zip(self.inner, handed, strict=False)
        )

    def leaves(self) -> Iterator[_Call]:
        """This call, or those that it is a chain of."""
        if not self.is_chain():
            yield self
            return
        for call in self.inner:
            yield from call.leaves()


class _Tracker:
    """Has every layer of a model note its forward passes, until its attributes are restored."""

    def __init__(self, model: Module) -> None:
        self.calls: list[_Call] = []
        self.seen: set[int] = set()
        for path, layer in model.modules():
            if isinstance(layer, Layer) and "forward" not in vars(layer):
                noted = functools.partial(self._note, path, layer, layer.forward)
                vars(layer)["forward"] = noted

    def _note(self, path: str, layer: Layer, forward: Callable[[Array], Array], x: Array) -> Array:
        call = _Call(path, layer, x)
        self.calls.append(call)
        outer, self.calls = self.calls, call.inner
        try:
            call.y = forward(x)
        finally:
            self.calls = outer
        return call.y

    def branch(
        self, name: str, sources: tuple[str, ...], layers: list[Layer], x: Array
    ) -> tuple[Branch, Array]:
        """Run layers one after the other; returns the branch and its output."""
        self.calls, y = [], x
        for layer in layers:
            y = layer.forward(y)
        steps = [
            Step(leaf.path, leaf.layer, leaf.x.shape[1:], leaf.y.shape[1:], self._learnt(leaf))
            for call in self.calls
            for leaf in call.leaves()
        ]
        return Branch(name, sources, tuple(steps), x.shape[1:], y.shape[1:]), y

    def _learnt(self, call: _Call) -> int:
        """How many numbers the layer learns, those met before left out."""
        new = {id(p): p.size for p in call.layer.named_parameters().values()}
        count = sum(size for key, size in new.items() if key not in self.seen)
        self.seen |= new.keys()
        return count


@contextlib.contextmanager
def _undisturbed(model: Module) -> Iterator[None]:
    """Evaluation mode and other random numbers inside; afterwards all is what it was."""
    modules = {id(module): module for _, module in model.modules()}.values()
    before = [(module, dict(vars(module))) for module in modules]
    buffers = [getattr(m, name) for m in modules for name in m.own_arrays() if name in m.buffers]
    contents = [buffer.copy() for buffer in buffers]
    try:
        with fixed_seed(0):
            model.eval()
            yield
    finally:
        for module, attributes in before:
            vars(module).clear()
            vars(module).update(attributes)
        for buffer, content in zip(buffers, contents, strict=True):
            buffer[...] = content


def _zeros(model: Module, shape: Shape) -> Array:
    """One sample of zeros, where the model lives and of its type."""
    weight = next((parameter.value for parameter in model.named_parameters().values()), None)
    xp = default_module() if weight is None else array_module(weight)
    return xp.zeros((1, *shape), dtype="float32" if weight is None else weight.dtype)
