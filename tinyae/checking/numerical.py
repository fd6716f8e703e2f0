"""Derivatives from differences.

Along a line through the point, y(t) is known at t = 0 and can be had at ±h. Its slope to the
right, (y(h) − y(0))/h, and to the left, (y(0) − y(−h))/h, tell two things: their mean is the
central difference, wrong by O(h²) for a smooth y and by about ε·|y|/h from rounding; their
difference is O(h) for a smooth y, and does *not* shrink with h at a kink.

At a kink every number between the two slopes of an output is a derivative that a layer may
choose there. As that holds for each output k on its own, Σ_k dy_k · y′_k may be anything within
``value ± bend/2`` of the ``Slope`` below.

References
----------
Press, Teukolsky, Vetterling and Flannery, *Numerical Recipes*, section 5.7 (Ridders' method).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import EllipsisType

import numpy as np

from tinyae.backend import Array, array_module
from tinyae.checking.probe import Probe
from tinyae.checking.report import Location

__all__ = ["Derivative", "Line", "Slope", "derivative", "gradient_of", "step_for"]

ROUNDING = 4 * 2.0**-52
"""How far an output in float64 may be off, relative to itself."""

BASE_STEP = 2.0**-17
"""About the cube root of float64's precision, where both errors of a central difference meet."""

RATIO = 8
"""From one step to the next smaller one."""


@dataclass(frozen=True)
class Slope:
    """What two evaluations at the distances ±h tell about ⟨dy, y(t)⟩ at t = 0.

    Attributes
    ----------
    value : float
        The central difference.
    bend : float
        Σ_k |dy_k · (slope to the right − slope to the left)_k|.
    reach : float
        Σ_k |dy_k · slope_k|: what ``value`` would be if nothing cancelled.
    noise : float
        What rounding of the outputs may have added to ``value``, or taken from it.
    """

    value: float
    bend: float
    reach: float
    noise: float


@dataclass(frozen=True)
class Derivative:
    """The limit of the slopes, as well as it can be had.

    Attributes
    ----------
    value : float
    low, high : float
        Between which numbers a derivative may lie: where nothing is kinked, both are ``value``.
    uncertainty : float
        How far off these may be.
    settled : bool
        Whether that is little, measured by what rounding in float64 explains.
    """

    value: float
    low: float
    high: float
    uncertainty: float
    settled: bool

    @property
    def kinked(self) -> bool:
        """Whether the slopes to both sides differ, however small the step."""
        return self.low < self.high


class Line:
    """A line through the probe's point along which one tensor changes.

    Parameters
    ----------
    probe : Probe
    name : str
        Of the tensor.
    location : tuple of int, optional
        The element that changes; all elements when left out.
    direction : array, optional
        With all elements, by how much each of them changes.
    """

    def __init__(
        self,
        probe: Probe,
        name: str,
        location: Location | EllipsisType = ...,
        direction: Array | float = 1.0,
    ) -> None:
        self.probe, self.tensor = probe, probe.tensors[name]
        self.location, self.direction = location, direction

    def output(self, t: float) -> Array:
        """y at the distance t from the point."""
        here = self.tensor[self.location].copy()
        self.tensor[self.location] = here + t * self.direction
        try:
            return self.probe.output()
        finally:
            self.tensor[self.location] = here

    def slope(self, step: float) -> Slope:
        """The slopes at t = 0, from the outputs at ±step."""
        y, dy = self.probe.y, self.probe.dy
        xp = array_module(y)
        with np.errstate(all="ignore"):
            right = dy * (self.output(step) - y)
            left = dy * (y - self.output(-step))
            return Slope(
                value=float((right + left).sum()) / (2 * step),
                bend=float(xp.abs(right - left).sum()) / step,
                reach=float((xp.abs(right) + xp.abs(left)).sum()) / (2 * step),
                noise=ROUNDING * float(((dy * y) ** 2).sum()) ** 0.5 / step,
            )


def step_for(tensor: Array) -> float:
    """The step for a tensor's elements: 2⁻¹⁷ times their typical size, itself a power of two.

    Adding a power of two is exact in most cases, so that the step taken is the step meant.
    """
    size = float((tensor**2).mean()) ** 0.5
    return BASE_STEP * 2.0 ** round(math.log2(max(size, 1e-3))) if size else BASE_STEP


def gradient_of(probe: Probe, name: str) -> np.ndarray:
    """∂⟨dy, y⟩/∂tensor by plain central differences, on the host."""
    step = step_for(probe.tensors[name])
    gradient = np.empty(probe.tensors[name].shape)
    for location in np.ndindex(*gradient.shape):
        gradient[location] = Line(probe, name, location).slope(step).value
    return gradient


def derivative(line: Line, step: float) -> Derivative:
    """The derivative along a line by Ridders' method: from ever smaller steps, the best pair.

    At a kink some distance away, the steps that reach beyond it disagree and the smaller ones
    win, the smallest even without another one to compare with if it sees no bend. At a kink in
    the very point all of them see both slopes.
    """
    slopes = [line.slope(step * RATIO**power) for power in (1.0, 0.0, -1.0, -2.0, -3.0)]
    candidates = [*map(_extrapolated, slopes, slopes[1:]), *_alone(*slopes)]
    return min(candidates, key=_doubt)


def _alone(*slopes: Slope) -> Iterator[Derivative]:
    """The last slope if it is straight and within what all wider ones allow."""
    *wider, finest = slopes
    straight = finest.bend <= 10 * finest.noise
    if straight and all(
        abs(finest.value - wide.value) <= wide.bend / 2 + finest.noise for wide in wider
    ):
        value, uncertainty = finest.value, finest.bend + finest.noise
        yield Derivative(value, low=value, high=value, uncertainty=uncertainty, settled=True)


def _doubt(found: Derivative) -> float:
    doubt = found.uncertainty + found.high - found.low
    return math.inf if math.isnan(doubt) else doubt


def _extrapolated(wide: Slope, narrow: Slope) -> Derivative:
    """The central differences of two steps a and a/8, with their common O(a²) term removed.

    For a smooth function the bend shrinks with the step, at a kink it stays, and if it is made
    of rounding it grows.
    """
    change = narrow.value - wide.value
    value = narrow.value + change / (RATIO**2 - 1)
    uncertainty = abs(change) + narrow.noise
    half_width = 0.0
    if narrow.bend > wide.bend / 4:
        seen = narrow.bend > max(10 * narrow.noise, 1e-6 * narrow.reach)
        if seen and narrow.bend < 2 * wide.bend:
            half_width = narrow.bend / 2
        else:
            uncertainty += narrow.bend
    return Derivative(
        value,
        low=value - half_width,
        high=value + half_width,
        uncertainty=uncertainty,
        settled=uncertainty <= max(1e4 * narrow.noise, 1e-4 * abs(value)),
    )
