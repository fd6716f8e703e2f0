"""The analytic gradient of a tensor against the numerical one.

Element by element where that is affordable. Elsewhere along random directions with a +1 or −1
for every element: what one wrong element adds to such a slope is never small by chance, and
bisecting the elements finds its place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinyae.backend import Array, array_module, to_numpy
from tinyae.checking.numerical import Derivative, Line, derivative, step_for
from tinyae.checking.probe import Probe
from tinyae.checking.report import Finding, Location, TensorResult

__all__ = ["affordable", "compare"]

TOLERANCE = 1e-6
"""The relative error from which on an element is wrong."""

DIRECTION_TOLERANCE = 1e-8
"""The same along a direction, relative to what such a slope typically is: the gradient's norm.
One element wrong by 0.1% in a million shows up as 1e-6."""

DIRECTIONS = 8

WORK = 5e8
"""How many numbers a check may touch, about two seconds' worth."""

CALL_WORK, MODULE_WORK = 20_000, 5_000
"""What one evaluation, and each module in it, costs besides its numbers."""

SECONDS = 5.0
"""How long a check may take whose layer is slower than its size explains, such as with loops."""


@dataclass(frozen=True)
class Verdict:
    """One analytic derivative, judged."""

    analytic: float
    numerical: float
    error: float
    wrong: bool
    settled: bool = True
    kink: Derivative | None = None


def affordable(probe: Probe) -> set[str]:
    """The tensors to be compared element by element: the smallest, as far as the work goes.

    Decided by counting, not by the clock, so that the same check is the same everywhere; only
    a layer that is far slower than its size explains is limited by time.
    """
    sizes = {name: int(probe.tensors[name].size) for name in probe.names}
    numbers = sum(int(tensor.size) for tensor in (*probe.tensors.values(), probe.y))
    modules = sum(1 for _ in probe.layer.modules())
    evaluations = WORK / (CALL_WORK + MODULE_WORK * modules + numbers)
    evaluations = min(evaluations, SECONDS / probe.seconds()) - 2 * DIRECTIONS * len(sizes)
    chosen = set()
    for name, size in sorted(sizes.items(), key=lambda item: item[1]):
        evaluations -= 2 * size
        if evaluations >= 0:
            chosen.add(name)
    return chosen


def compare(probe: Probe, name: str, gradient: Array, by_element: bool) -> TensorResult:
    """Compare the gradient of one tensor, away from kinks if they stand in the way.

    A kink blurs a whole direction. In a network it can also put the gradient outside of what
    the slopes to both sides allow, since every layer chooses for itself: relu(x) − relu(−x)
    is x, but the chain rule gives 0 for it at 0. In both cases the comparison is made at a
    point close by instead.
    """
    compare_at = _compare_elements if by_element else _compare_along_directions
    result = compare_at(probe, name, gradient)
    is_network = bool(probe.layer.children())
    if result.kinks and (result.directions or (result.wrong and is_network)):
        moved = probe.nearby()
        if moved:
            kinks = result.kinks
            result = compare_at(moved[0], name, moved[1].gradients[name])
            result.kinks, result.moved = kinks, True
    return result


def _compare_elements(probe: Probe, name: str, gradient: Array) -> TensorResult:
    """∂/∂element for every element of a tensor."""
    result = TensorResult(name, to_numpy(gradient).copy())
    result.numerical = np.empty(gradient.shape)
    step = step_for(probe.tensors[name])
    for location in np.ndindex(*gradient.shape):
        line = Line(probe, name, location)
        verdict = _judge(line, step, float(gradient[location]), TOLERANCE)
        result.numerical[location] = verdict.numerical
        _record(result, verdict, location)
    return result


def _compare_along_directions(probe: Probe, name: str, gradient: Array) -> TensorResult:
    """The slopes along random directions; if they disagree, the place is looked for."""
    result = TensorResult(name, to_numpy(gradient).copy(), directions=DIRECTIONS)
    step = step_for(probe.tensors[name])
    norm = float((gradient**2).sum()) ** 0.5
    generator = np.random.default_rng([probe.seed, 3])
    xp = array_module(gradient)
    worst = None
    for _ in range(DIRECTIONS):
        signs = xp.asarray(generator.choice([-1.0, 1.0], gradient.shape))
        slope = float((gradient * signs).sum())
        line = Line(probe, name, ..., signs)
        verdict = _judge(line, step, slope, DIRECTION_TOLERANCE, norm)
        result.slopes.append((verdict.analytic, verdict.numerical))
        if _record(result, verdict):
            worst = signs
    if result.wrong and result.settled and worst is not None:
        _locate(result, probe, gradient, worst)
    return result


def _judge(
    line: Line, step: float, analytic: float, tolerance: float, typical: float = 0.0
) -> Verdict:
    """Compare with the central difference, and more carefully where that leaves a doubt."""

    def relative(gap: float, numerical: float, allowance: float) -> float:
        size = max(abs(analytic), abs(numerical), typical) + allowance / tolerance
        if gap <= 0:
            return 0.0
        return gap / size if math.isfinite(gap) else math.inf

    slope = line.slope(step)
    error = relative(abs(analytic - slope.value), slope.value, slope.noise)
    if error <= tolerance and slope.bend <= 0.01 * slope.reach + 10 * slope.noise:
        return Verdict(analytic, slope.value, error, wrong=False)
    found = derivative(line, step)
    gap = max(found.low - analytic, analytic - found.high)
    error = relative(gap, found.value, found.uncertainty)
    wrong = not (error <= tolerance and found.settled)
    if wrong:
        error = relative(gap, found.value, 0.0)
    kink = found if found.kinked else None
    return Verdict(analytic, found.value, error, wrong, found.settled, kink)


def _record(result: TensorResult, verdict: Verdict, location: Location | None = None) -> bool:
    """Enter a verdict; says whether it is the worst one so far."""
    if verdict.kink and not verdict.wrong:
        result.kinks.append(_kink(result.tensor, verdict, verdict.kink, location))
        return False
    is_worst = not result.compared or verdict.error > result.error
    result.wrong += verdict.wrong
    result.compared += 1
    if is_worst:
        result.location, result.error = location, verdict.error
        result.analytic, result.numerical_value = verdict.analytic, verdict.numerical
        result.settled, result.at_kink = verdict.settled, verdict.kink is not None
    return is_worst


def _kink(tensor: str, verdict: Verdict, kink: Derivative, location: Location | None) -> Finding:
    smallest = 1e-9 * (kink.high - kink.low)
    low, high = (bound if abs(bound) > smallest else 0.0 for bound in (kink.low, kink.high))
    message = (
        "no mistake: not differentiable here, any slope "
        f"from {low:.4g} to {high:.4g} is a derivative"
    )
    return Finding(tensor, "kink", message, location, verdict.analytic, verdict.numerical)


def _locate(result: TensorResult, probe: Probe, gradient: Array, signs: Array) -> None:
    """Halve the elements that change, keeping the half that is further off, down to one."""
    name, shape = result.tensor, gradient.shape
    xp = array_module(gradient)
    step = step_for(probe.tensors[name])
    places = np.arange(gradient.size)

    def gap(chosen: np.ndarray) -> float:
        direction = xp.zeros(gradient.size)
        direction[xp.asarray(chosen)] = signs.reshape(-1)[xp.asarray(chosen)]
        direction = direction.reshape(shape)
        slope = Line(probe, name, ..., direction).slope(step)
        return abs(float((gradient * direction).sum()) - slope.value)

    while len(places) > 1:
        places = max(np.array_split(places, 2), key=gap)
    location = tuple(int(i) for i in np.unravel_index(int(places[0]), shape))
    verdict = _judge(Line(probe, name, location), step, float(gradient[location]), TOLERANCE)
    if verdict.wrong:
        result.location, result.error = location, verdict.error
        result.analytic, result.numerical_value = verdict.analytic, verdict.numerical
