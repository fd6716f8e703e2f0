"""Functions timed in turn, round by round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import Any

__all__ = ["Way", "in_turn"]

AT_LEAST = 0.01
"""Seconds that one measurement lasts: short functions are repeated."""

PAUSE = 0.02
"""Seconds before each: threads of another engine, which wait busily, go to sleep."""


@dataclass(frozen=True)
class Way:
    """A function to be timed.

    Attributes
    ----------
    run : callable
    setting : callable
        Makes what is entered around a measurement; its own time does not count.
    """

    run: Callable[[], Any]
    setting: Callable[[], AbstractContextManager[Any]] = nullcontext


def in_turn(ways: Sequence[Way], rounds: int) -> list[list[float]]:
    """Milliseconds of one call of each, a list of ``rounds`` for each way, after a warm-up."""
    repeats = [_repeats(way) for way in ways]
    rows = [
        [_milliseconds(way, n) for way, n in zip(ways, repeats, strict=True)] for _ in range(rounds)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _repeats(way: Way) -> int:
    _milliseconds(way, 1)
    return max(1, round(AT_LEAST * 1000 / max(_milliseconds(way, 1), 1e-6)))


def _milliseconds(way: Way, repeats: int) -> float:
    sleep(PAUSE)
    with way.setting():
        start = perf_counter()
        for _ in range(repeats):
            way.run()
        return (perf_counter() - start) * 1000 / repeats
