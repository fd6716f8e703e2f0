"""``ta.check_taylor``: how fast does the remainder of the linear approximation shrink?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tinyae.arguments import checked
from tinyae.backend import Array, array_module
from tinyae.checking.numerical import ROUNDING, Line
from tinyae.checking.probe import ModelProbe, Probe
from tinyae.checking.report import Finding, Report
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.module import Module

__all__ = ["Remainder", "TaylorReport", "check_taylor"]

STEPS = 10.0 ** np.arange(-1.0, -6.1, -0.25)
BETWEEN = 1.5
"""The order from which on a remainder counts as one of second order."""

CLEAR = 100
"""A remainder counts where it is so many times larger than rounding."""

POINTS = 5
"""The order is read off the smallest so many steps that count."""


@dataclass
class Remainder:
    """|f(θ + h v) − f(θ) − h g·v| for one tensor.

    Attributes
    ----------
    steps, values : array
        h and the remainder.
    noise : float
        What rounding alone may make of it.
    order : float
        The slope of log value over log step at the smallest steps that stand out from rounding;
        infinity where none do: the function is straight along v, and g is right.
    """

    steps: np.ndarray
    values: np.ndarray
    noise: float
    order: float

    @property
    def wrong(self) -> bool:
        """Whether a remainder of first order is left at the smallest step.

        That of a kink within reach of larger steps is gone there.
        """
        return self.values[-1] > CLEAR * self.noise and self.order < BETWEEN


@dataclass
class TaylorReport(Report):
    """A report with what ``ta.plots.taylor`` draws.

    Attributes
    ----------
    remainders : dict of str to Remainder
        By tensor.
    """

    remainders: dict[str, Remainder] = field(default_factory=dict)

    def __str__(self) -> str:
        orders = (
            f"{name}: order {remainder.order:.2f}"
            if np.isfinite(remainder.order)
            else f"{name}: no remainder but rounding"
            for name, remainder in self.remainders.items()
        )
        return "\n".join([super().__str__(), "", *orders])

    __repr__ = __str__


@checked
def check_taylor(layer: Module, x: Array, seed: int = 0) -> TaylorReport:
    """Does the remainder of Taylor's formula shrink with order 2?

    With g the gradient that ``backward`` gives and v a random direction,

        R(h) = |f(θ + h v) − f(θ) − h g·v|

    is O(h²) when g is the gradient of f, and only O(h) when it is not: the slope of R over h on
    logarithmic paper is 2 or 1. That needs no tolerance for the numbers themselves.

    Parameters
    ----------
    layer : Layer, or model with ``loss(x)`` and ``backward()``
        As for ``gradcheck``; it is copied, and computes in float64.
    x : float array
    seed : int
        Of the upstream gradient dy in f = ⟨dy, layer(x)⟩, and of the directions.

    Returns
    -------
    TaylorReport
        A tensor whose remainder is of order 1 has a finding ``wrong-order``; ``.remainders`` is
        what ``ta.plots.taylor(report)`` draws.

    Raises
    ------
    TinyaeError
        For what is no layer, and when ``forward`` raises.

    Notes
    -----
    A kink within reach of the steps spoils the order on the side of large h; the order is read
    off the smallest steps, down to 10⁻⁶ of a tensor's size; an error of less than about 10⁻⁵ of
    the gradient is out of sight. A model is checked in its parameters only.
    """
    if not isinstance(layer, Layer) and not hasattr(layer, "loss"):
        raise TinyaeError(
            f"check_taylor: expected a Layer, or a model with loss(x) and backward(), got {layer!r}"
        )
    label = getattr(layer, "label", type(layer).__name__)
    probe = Probe(layer, x, seed) if isinstance(layer, Layer) else ModelProbe(layer, x, seed)
    report = TaylorReport(f"{label}, input {x.shape}, seed {seed}", check="check_taylor")
    passed = probe.run()
    if passed.failure:
        report.findings.append(Finding("input", "raises", passed.failure))
        return report
    generator = np.random.default_rng([seed, 6])
    for name in probe.names:
        gradient = passed.gradients[name]
        if getattr(gradient, "shape", None) != probe.tensors[name].shape:
            message = f"expected a gradient of the shape {probe.tensors[name].shape}"
            report.findings.append(Finding(name, "wrong-shape", message))
            continue
        remainder = _remainder(probe, name, gradient, generator)
        report.remainders[name] = remainder
        if remainder.wrong:
            message = (
                f"the remainder shrinks with order {remainder.order:.2f} where a right gradient "
                "gives 2: backward is not the derivative of forward"
            )
            report.findings.append(Finding(name, "wrong-order", message))
    return report


def _remainder(
    probe: Probe, name: str, gradient: Array, generator: np.random.Generator
) -> Remainder:
    tensor = probe.tensors[name]
    xp = array_module(tensor)
    size = float((tensor**2).mean()) ** 0.5 or 1.0
    direction = size * xp.asarray(generator.standard_normal(tensor.shape))
    line = Line(probe, name, ..., direction)
    slope = float((gradient * direction).sum())
    values = np.array(
        [abs(float((probe.dy * (line.output(h) - probe.y)).sum()) - h * slope) for h in STEPS]
    )
    noise = ROUNDING * float(xp.abs(probe.dy * probe.y).sum())
    return Remainder(STEPS, values, noise, _order(values, noise))


def _order(values: np.ndarray, noise: float) -> float:
    """The slope at the small end of the steps whose remainders stand out from rounding."""
    counts = values > CLEAR * noise
    last = int(np.argmin(counts)) if not counts.all() else len(values)
    if last < 2:
        return np.inf
    chosen = slice(max(0, last - POINTS), last)
    return float(np.polyfit(np.log(STEPS[chosen]), np.log(values[chosen]), 1)[0])
