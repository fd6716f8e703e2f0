"""Time and memory of one call, without those of whoever is watching it."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Meter", "memory_traced"]


@contextmanager
def memory_traced() -> Iterator[None]:
    """Have Python count what is allocated, NumPy's arrays included, inside the block."""
    started = not tracemalloc.is_tracing()
    if started:
        tracemalloc.start()
    try:
        yield
    finally:
        if started:
            tracemalloc.stop()


class Meter:
    """A stopwatch for time and for memory.

    Attributes
    ----------
    seconds : float
        Between ``resume`` and ``pause``, in all.
    peak : int
        Bytes allocated at the highest point beyond those at the start.
    """

    def __init__(self) -> None:
        self.seconds, self.peak = 0.0, 0
        self.base = self.stopped = tracemalloc.get_traced_memory()[0]

    def resume(self) -> None:
        """Start, or go on."""
        self.base += tracemalloc.get_traced_memory()[0] - self.stopped
        tracemalloc.reset_peak()
        self.started = time.perf_counter()

    def pause(self) -> None:
        """Stop for a while, or for good."""
        self.seconds += time.perf_counter() - self.started
        self.stopped, peak = tracemalloc.get_traced_memory()
        self.peak = max(self.peak, peak - self.base)

    def include(self, inner: Meter) -> None:
        """Count a call that was made from this one, while this one was paused."""
        self.seconds += inner.seconds
        self.peak = max(self.peak, self.stopped - self.base + inner.peak)
