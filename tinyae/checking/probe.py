"""The layer under test as a function that can be called again and again.

A check must not leave a trace, and it must get the same answer each time it asks. So it works
on a float64 copy of the layer, puts running statistics back before every call, and lets random
layers draw the same numbers each time.
"""

from __future__ import annotations

import contextlib
import copy
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tinyae.backend import Array, array_module, fixed_seed
from tinyae.errors import TinyaeError

__all__ = ["INPUT", "ModelProbe", "Pass", "Probe", "strided_copy"]

INPUT = "input"
"""The name of x among the tensors."""

NUDGE = 0.01
"""How far ``nearby`` goes, relative to each element."""


def strided_copy(array: Array) -> Array:
    """The same numbers, the axes in reverse order in memory and a NaN after each number."""
    if not array.ndim:
        return array.copy()
    xp = array_module(array)
    *rest, last = array.shape
    view = xp.full((2 * last, *reversed(rest)), float("nan")).T[..., ::2]
    view[...] = array
    return view


@dataclass
class Pass:
    """One forward and one backward pass, and what they did that they should not have done.

    Attributes
    ----------
    y : array
    gradients : dict of str to object
        What ``backward`` left behind for each tensor, not yet known to be an array at all.
    changed : list of (str, str)
        (tensor, method) for every array that was changed though it should only be read.
    failure : str
        How ``backward`` broke off; empty when it did not.
    tolerated : bool
        Whether it would have, had gradients of a wrong shape not been let through.
    """

    y: Array
    gradients: dict[str, Any] = field(default_factory=dict)
    changed: list[tuple[str, str]] = field(default_factory=list)
    failure: str = ""
    tolerated: bool = False


class Probe:
    """⟨dy, layer(x)⟩ with a random dy, as a function of x and of every parameter.

    Parameters
    ----------
    layer : Layer
        It is copied, and never run itself.
    x : array
        Copied to float64.
    seed : int
        Of dy, and of what the layer draws.
    dy : array, optional
        An upstream gradient of one's own.

    Attributes
    ----------
    tensors : dict of str to array
        The point at which the layer is called: x as ``"input"``, and every parameter.
    names : list of str
        The tensors whose gradients are to be checked.
    y, dy : array
        The output at that point, and the upstream gradient.
    """

    def __init__(self, layer: Any, x: Array, seed: int, dy: Array | None = None) -> None:
        self.layer: Any = copy.deepcopy(layer).astype("float64")
        self.seed = seed
        self.parameters = self.layer.named_parameters()
        self.buffers = [
            (module, name, getattr(module, name).copy())
            for _, module in self.layer.modules()
            for name in module.buffers
            if getattr(module, name, None) is not None
        ]
        self.tensors = {INPUT: x.astype("float64")}
        self.tensors |= {name: p.value.copy() for name, p in self.parameters.items()}
        self.names = self._checked_names()
        self.y = self._output_of(self._copies()).copy()
        self.dy = self._draw_upstream() if dy is None else self._given_upstream(dy)

    @property
    def layer_tensors(self) -> list[str]:
        """x and the parameters."""
        return [INPUT, *self.parameters]

    def output(self) -> Array:
        """y at the present point."""
        return self._output_of(self.tensors)

    def seconds(self) -> float:
        """How long that takes, the best of three times."""
        times = []
        for _ in range(3):
            start = time.perf_counter()
            self.output()
            times.append(time.perf_counter() - start)
        return min(times)

    def run(
        self,
        grads: dict[str, Array] | None = None,
        layout: Callable[[Array], Array] = copy.copy,
    ) -> Pass:
        """A forward and a backward pass, watched.

        Parameters
        ----------
        grads : dict of str to array, optional
            What the parameters' gradients hold before; zeros when left out.
        layout : callable
            Copies x and dy into the memory layout to be tried.
        """
        x, dy = layout(self.tensors[INPUT]), layout(self.dy)
        self._restore(self._copies())
        for name, parameter in self.parameters.items():
            start = grads[name] if grads else array_module(x).zeros_like(parameter.value)
            parameter.grad = start.copy()
        with self._quiet():
            passed = Pass(self._forward(x).copy())
            passed.changed += [(name, "forward") for name in self._changed(x, dy)]
            try:
                dx = self._backward(dy)
            except Exception as reason:  # whatever a student's code can raise
                passed.failure = _sentence(f"{self.layer.label}.backward", reason)
                return passed
        known = {name for name, _ in passed.changed}
        passed.changed += [(n, "backward") for n in self._changed(x, dy) if n not in known]
        passed.gradients = {name: copy.deepcopy(p.grad) for name, p in self.parameters.items()}
        if INPUT in self.names:
            passed.gradients[INPUT] = copy.deepcopy(dx)
        return passed

    def nearby(self) -> tuple[Probe, Pass] | None:
        """A point close by, where equal numbers are no longer equal nor zeros zero, and its pass.

        Every element moves by a random part of up to 1% of itself, a zero by as much of the
        tensor's largest element, so that no other element changes its sign. ``None`` if the
        layer cannot be run there.
        """
        generator = np.random.default_rng([self.seed, 2])
        probe = copy.copy(self)
        probe.tensors = dict(self.tensors)
        for name in self.names:
            tensor = self.tensors[name]
            xp = array_module(tensor)
            size = xp.abs(tensor)
            size = xp.where(tensor == 0, float(size.max()) or 1.0, size)
            probe.tensors[name] = tensor + size * xp.asarray(
                generator.uniform(-NUDGE, NUDGE, tensor.shape)
            )
        try:
            probe.y = probe.output().copy()
            passed = probe.run()
        except TinyaeError:
            return None
        return None if passed.failure else (probe, passed)

    def restricted(self, samples: int) -> Probe | None:
        """The same layer on the first few samples; ``None`` if it cannot be run there."""
        probe = copy.copy(self)
        probe.tensors = {**self.tensors, INPUT: self.tensors[INPUT][:samples].copy()}
        try:
            probe.y = probe.output().copy()
        except TinyaeError:
            return None
        probe.dy = probe._draw_upstream()
        return probe

    def _checked_names(self) -> list[str]:
        return list(self.tensors)

    def _copies(self) -> dict[str, Array]:
        return {name: tensor.copy() for name, tensor in self.tensors.items()}

    def _output_of(self, tensors: dict[str, Array]) -> Array:
        self._restore(tensors)
        with self._quiet():
            return self._forward(tensors[INPUT].copy())

    def _forward(self, x: Array) -> Array:
        return self._called(self.layer.forward, x)

    def _backward(self, dy: Array) -> Any:
        return self.layer.backward(dy)

    def _draw_upstream(self) -> Array:
        """dy, standard normal: with all ones, many a wrong formula would pass."""
        generator = np.random.default_rng([self.seed, 1])
        return array_module(self.y).asarray(generator.standard_normal(self.y.shape))

    def _given_upstream(self, dy: Array) -> Array:
        if getattr(dy, "shape", None) != self.y.shape:
            raise TinyaeError(
                f"gradcheck: expected dy of the output's shape {self.y.shape}, "
                f"got {getattr(dy, 'shape', type(dy).__name__)}"
            )
        return dy.astype("float64")

    def _called(self, forward: Callable[[Array], Any], x: Array) -> Any:
        try:
            return forward(x)
        except TinyaeError:
            raise
        except Exception as reason:  # whatever a student's code can raise
            method = f"{self.layer.label}.{forward.__name__}"
            raise TinyaeError(_sentence(f"gradcheck: {method}", reason)) from reason

    def _restore(self, tensors: dict[str, Array]) -> None:
        """Put the copy into the state in which every call has to find it."""
        for name, parameter in self.parameters.items():
            parameter.value = tensors[name]
        for module, name, content in self.buffers:
            setattr(module, name, content.copy())

    def _changed(self, x: Array, dy: Array) -> Iterator[str]:
        """The arrays that no longer hold what they should."""
        if not _same(x, self.tensors[INPUT]):
            yield INPUT
        if not _same(dy, self.dy):
            yield "upstream"
        for name, parameter in self.parameters.items():
            if not _same(parameter.value, self.tensors[name]):
                yield name

    @contextlib.contextmanager
    def _quiet(self) -> Iterator[None]:
        """The same random numbers each time; not-finite results are reported, not warned of."""
        with fixed_seed(self.seed), np.errstate(all="ignore"):
            yield


class ModelProbe(Probe):
    """``model.loss(x).total`` as a function of every parameter: a model ends in its own loss."""

    def _checked_names(self) -> list[str]:
        return list(self.parameters)

    def _forward(self, x: Array) -> Array:
        loss = self._called(self.layer.loss, x)
        total = array_module(x).asarray(getattr(loss, "total", ()))
        if total.size != 1:
            raise TinyaeError(
                f"gradcheck: {self.layer.label}.loss: expected an object with one number as its "
                f"total, got {type(loss).__name__} with {total.size}"
            )
        return total.reshape(1)

    def _backward(self, dy: Array) -> None:
        self.layer.backward()

    def _draw_upstream(self) -> Array:
        """1, for the loss is a number already."""
        return array_module(self.y).ones_like(self.y)


def _same(array: Any, original: Array) -> bool:
    if getattr(array, "shape", None) != original.shape:
        return False
    return bool(((array == original) | (original != original)).all())


def _sentence(place: str, reason: Exception) -> str:
    """What was raised and on which line of whose code."""
    frames = traceback.extract_tb(reason.__traceback__)
    own = [frame for frame in frames if "numpy" not in Path(frame.filename).parts]
    frame = (own or frames)[-1]
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    line = f": {frame.line}" if frame.line else ""
    return f"{place} raised {type(reason).__name__}: {reason} ({where}{line})"
