"""What is known about one wrong gradient.

A hypothesis about a mistake is a formula for the gradient that the mistake would give. It is
confirmed when ``backward`` gave just these numbers. What such formulas are made of is here:
both gradients, what each output contributes, and the gradient at another point. All of it is
had from ``forward`` and ``backward`` as they are, so that it works for any layer.
"""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np

from tinyae.backend import Array, array_module, to_numpy
from tinyae.checking.numerical import Line, gradient_of, step_for
from tinyae.checking.probe import INPUT, Probe
from tinyae.errors import TinyaeError

__all__ = ["Diagnosis", "Evidence", "equal"]

Diagnosis = tuple[str, str]
"""The code of a mistake, and a sentence."""

MATCH = 3e-6
"""How far two gradients may differ that are called equal, relative to the largest element."""

SECONDS = 1.0
"""How long one numerical gradient may take, asked for to try a hypothesis."""

NUMBERS = 4_000_000
"""How many contributions of outputs to elements are kept."""


class Evidence:
    """The gradient that ``backward`` gave for one tensor, and the numerical one.

    Parameters
    ----------
    probe : Probe
        The layer at the point of the comparison.
    name : str
        Of the tensor.
    given, expected : array
        ∂f/∂tensor by ``backward``, and by differences.

    Attributes
    ----------
    tensor, x, y, dy : array
        On the host.
    batch : int
        N, the number of samples.
    x_name, y_name, dy_name : str
        What messages call x, y and dy.
    """

    def __init__(self, probe: Probe, name: str, given: Array, expected: Array) -> None:
        self.probe, self.name = probe, name
        self.given, self.expected = to_numpy(given), to_numpy(expected)
        self.tensor = to_numpy(probe.tensors[name])
        self.x, self.y, self.dy = map(to_numpy, (probe.tensors[INPUT], probe.y, probe.dy))
        self.x_name, self.y_name, self.dy_name = "x", "y", "dy"
        self.batch = len(self.x) if self.x.ndim else 1

    @property
    def is_input(self) -> bool:
        """Whether the tensor is x."""
        return self.name == INPUT

    @property
    def what(self) -> str:
        """The gradient in words; a step of backward has a name of its own."""
        is_step = self.name.isidentifier() and self.name not in self.probe.layer_tensors
        return self.name if is_step else f"the gradient of {self.name}"

    @property
    def keeps_shape(self) -> bool:
        """Whether the tensor is x, y has its shape, and both have more than one element."""
        return self.is_input and self.y.shape == self.x.shape and self.y.size > 1

    def matches(self, candidate: np.ndarray | None) -> bool:
        """Whether backward gave this, and it is not the right gradient."""
        return (
            candidate is not None
            and equal(self.given, candidate)
            and not equal(candidate, self.expected)
        )

    @functools.cached_property
    def is_quick(self) -> bool:
        """Whether further numerical gradients are affordable."""
        return 2 * self.tensor.size * self.probe.seconds() < SECONDS

    @functools.cached_property
    def contributions(self) -> np.ndarray | None:
        """dy_k · ∂y_k/∂θ_i, of shape (*y.shape, elements of the tensor); None if too many."""
        if not self.is_quick or self.y.size * self.tensor.size > NUMBERS:
            return None
        step = step_for(self.probe.tensors[self.name])
        lines = (Line(self.probe, self.name, i) for i in np.ndindex(*self.tensor.shape))
        with np.errstate(all="ignore"):
            columns = [
                to_numpy(line.output(step) - line.output(-step)) / (2 * step) for line in lines
            ]
        return self.dy[..., None] * np.stack(columns, axis=-1)

    @functools.cached_property
    def reach(self) -> np.ndarray | None:
        """Which outputs an element could change if it were large: (*y.shape, elements)."""
        if not self.is_quick or self.y.size * self.tensor.size > NUMBERS:
            return None
        far = 10 * (1 + float(np.abs(self.tensor).max()))
        lines = (Line(self.probe, self.name, i) for i in np.ndindex(*self.tensor.shape))
        try:
            return np.stack([to_numpy(line.output(far)) != self.y for line in lines], axis=-1)
        except TinyaeError:
            return None

    def gradient_at(self, dy: np.ndarray | None = None, **tensors: np.ndarray) -> Any:
        """The numerical gradient with other numbers in some tensors, or with another dy."""
        probe = self.elsewhere(dy, tensors)
        return gradient_of(probe, self.name) if probe else None

    def backward_at(self, **tensors: np.ndarray) -> Any:
        """What backward gives there."""
        probe = self.elsewhere(None, tensors)
        passed = probe.run() if probe else None
        if passed is None or passed.failure:
            return None
        gradient = passed.gradients[self.name]
        return to_numpy(gradient) if getattr(gradient, "shape", None) == self.x.shape else None

    def elsewhere(self, dy: np.ndarray | None, tensors: dict[str, np.ndarray]) -> Probe | None:
        """The probe at another point; None where the layer cannot be run or it takes too long."""
        if not self.is_quick:
            return None
        xp = array_module(self.probe.y)
        probe = copy.copy(self.probe)
        changed = {name: xp.asarray(tensor) for name, tensor in tensors.items()}
        probe.tensors = {**self.probe.tensors, **changed}
        try:
            probe.y = probe.output().copy()
        except TinyaeError:
            return None
        probe.dy = self.probe.dy if dy is None else xp.asarray(dy)
        return probe if probe.y.shape == probe.dy.shape else None


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two gradients are the same, up to the error of numerical ones."""
    if one.shape != other.shape or not np.isfinite(other).all():
        return False
    largest = max(np.abs(one).max(), np.abs(other).max())
    return bool(np.abs(one - other).max() <= MATCH * largest)
