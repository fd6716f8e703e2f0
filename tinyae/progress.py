"""The progress line on standard error."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

__all__ = ["Progress"]

SECONDS_BETWEEN_REFRESHES = 0.25


class Progress:
    """Epoch, batches done, time left and the losses a sample, on one line.

    Parameters
    ----------
    title : str
        What is being trained.
    epochs, batches : int
        How many epochs, of how many batches each.
    done : int
        Batches that an earlier run has done.
    shown : bool
        Whether to print anything.
    """

    def __init__(
        self, title: str, epochs: int, batches: int, done: int = 0, shown: bool = True
    ) -> None:
        self.title, self.epochs, self.batches, self.shown = title, epochs, batches, shown
        self.done = done
        self.pending, self.last_refresh = 0, 0.0

    def __enter__(self) -> Progress:
        if self.shown:
            from tqdm import tqdm

            self.bar = tqdm(
                total=self.epochs * self.batches, initial=self.done, desc=self.title, unit="batch"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if self.shown:
            self.bar.update(self.pending)
            self.bar.close()

    def advance(self, epoch: int, values: Mapping[str, float], now: bool = False) -> None:
        """One batch of ``epoch`` (from 0) is done; ``values`` are losses a sample by name."""
        if not self.shown:
            return
        self.pending += 1
        moment = time.perf_counter()
        if now or moment - self.last_refresh > SECONDS_BETWEEN_REFRESHES:
            self.bar.set_description_str(f"{self.title} epoch {epoch + 1}/{self.epochs}", False)
            self.bar.set_postfix({name: f"{value:,.6g}" for name, value in values.items()}, False)
            self.bar.update(self.pending)
            self.pending, self.last_refresh = 0, moment
