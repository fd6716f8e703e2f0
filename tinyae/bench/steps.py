"""What made training fast, measured: the time of each step's two ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from tinyae.bench.rounds import in_turn
from tinyae.bench.slow_ways import STEPS, Pair, Step
from tinyae.errors import TinyaeError

__all__ = ["StepTiming", "as_table", "time_step", "time_steps"]

TOLERANCE = 1e-5
"""How far the two ways may be apart, as a part of the largest number: float32, added up in
another order."""


@dataclass(frozen=True)
class StepTiming:
    """Milliseconds without the step and with it: medians over the rounds."""

    step: str
    where: str
    without: float
    with_step: float

    @property
    def gain(self) -> float:
        """How many times faster the step made it."""
        return self.without / self.with_step


def time_steps(rounds: int) -> list[StepTiming]:
    """Time every step on the sizes of the recipes."""
    return [time_step(step, rounds, step.samples) for step in STEPS]


def time_step(step: Step, rounds: int, samples: int) -> StepTiming:
    """Time both ways in turn, once they have given the same numbers.

    Raises
    ------
    TinyaeError
        When they have not.
    """
    pair = step.build(samples)
    _check_agreement(step, pair)
    without, with_step = map(median, in_turn(pair, rounds))
    return StepTiming(step.name, step.where.format(n=samples), without, with_step)


def as_table(timings: Sequence[StepTiming]) -> str:
    """A line a step."""
    names, places = (max(len(getattr(t, name)) for t in timings) for name in ("step", "where"))
    lines = [f"{'step':{names}}  {'where':{places}} {'without ms':>10} {'with':>9} {'faster':>7}"]
    for t in timings:
        times = f"{t.without:10.3f} {t.with_step:9.3f} {t.gain:6.1f}×"
        lines.append(f"{t.step:{names}}  {t.where:{places}} {times}")
    return "\n".join(lines)


def _check_agreement(step: Step, pair: Pair) -> None:
    numbers = []
    for way in pair:
        with way.setting():
            numbers.append(np.array(way.run(), dtype="float64"))
    before, after = numbers
    if not np.abs(before - after).max() <= TOLERANCE * np.abs(before).max():  # not so with NaN
        raise TinyaeError(f"bench: {step.name}: expected both ways to give the same numbers")
