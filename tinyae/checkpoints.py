"""Checkpoints: training that is killed at any moment goes on as if nothing had happened."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Any

from tinyae.arguments import checked
from tinyae.atomic import remove_leftovers
from tinyae.errors import TinyaeError, readable
from tinyae.files.archive import read_archive, write_archive
from tinyae.fingerprint import alike, fingerprint
from tinyae.run import Run

__all__ = ["Checkpoints", "kept"]

VERSION = 1
"""Of the format of a checkpoint; larger whenever an older tinyae could not read it."""

SHORTEST, LONGEST = 1.0, 30.0
"""Seconds between two checkpoints, where no number of batches is asked for."""

_open: ContextVar[Checkpoints | None] = ContextVar("checkpoints", default=None)


class Checkpoints:
    """Keeps every run of ``fit`` in a ``with`` block, each in a file of its own.

    A program that trains in several steps, such as the pretraining and fine-tuning of
    ``StackedAutoencoder``, goes on where it was killed: when it is run again with ``resume``,
    the runs that had ended take their end from their files instead of training, the one that
    was under way goes on in the middle, and those that had not begun begin. The result is that of
    a program that was never killed, to the bit, if it is the same program on the same data with
    the same number of threads. (On a GPU the random numbers drawn there start anew.)

    Parameters
    ----------
    path : path
        The file of the first run: ``run.npz``; the next ones are ``run-2.npz``, ``run-3.npz``…
        Each is written whole or not at all, holds no code, and has a checksum.
    every : int, optional
        Batches between two checkpoints. When left out, there is one at the end of each epoch
        (of each second, where epochs are shorter), and one whenever 30 seconds have passed.
        There is always one at the beginning and one at the end.
    resume : bool
        Whether to go on from the files that are there; otherwise they are replaced.
    about : mapping, optional
        What else belongs to the program, fit for JSON: files with another are refused.

    Raises
    ------
    TinyaeError
        For settings that cannot work; by ``fit``, for a file that is damaged, or of another
        program, model, optimizer, settings or data, with the first difference. (Of data in
        arrays some samples are compared; other data are known by their number of batches.)

    Examples
    --------
    >>> with Checkpoints("run.npz", resume=True):  # doctest: +SKIP
    ...     model.pretrain(x)
    ...     model.fine_tune(x, y)
    """

    @checked
    def __init__(
        self,
        path: str | os.PathLike[str],
        every: int | None = None,
        resume: bool = False,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        if every is not None and every < 1:
            raise TinyaeError(
                f"Checkpoints: expected every, the batches between two, to be at least 1, "
                f"got {every}"
            )
        if not Path(path).name:
            raise TinyaeError(f"Checkpoints: expected path to name a file, got {str(path)!r}")
        self.path, self.every, self.resume = Path(path), every, resume
        self.about, self.runs = dict(about or {}), 0

    def __enter__(self) -> Checkpoints:
        self._token, self.runs = _open.set(self), 0
        return self

    def __exit__(self, *error: object) -> None:
        _open.reset(self._token)

    @checked
    def path_of(self, number: int) -> Path:
        """The file of a run, counted from 1."""
        if number == 1:
            return self.path
        return self.path.with_name(f"{self.path.stem}-{number}{self.path.suffix}")

    def keep(self, run: Run) -> _Keeper:
        """The next run; at once it is where its file says, or has a file."""
        self.runs += 1
        keeper = _Keeper(run, self.path_of(self.runs), self.every, self.about)
        remove_leftovers(keeper.path)
        if self.resume and keeper.path.exists():
            keeper.read()
        else:
            self._forget_runs_after(self.runs)
            keeper.write()
        return keeper

    def _forget_runs_after(self, number: int) -> None:
        """Remove files of an earlier program, which would be taken for this one's."""
        later = []
        while self.path_of(number + 1).exists():
            number += 1
            later.append(self.path_of(number))
        for path in reversed(later):
            try:
                path.unlink()
            except OSError as reason:
                raise TinyaeError(f"{path}: cannot be removed: {reason}") from reason


@contextmanager
def kept(
    run: Run, path: str | os.PathLike[str] | None, every: int | None, resume: bool
) -> Iterator[_Keeper | _Nothing]:
    """Inside the block, ``after(epoch, batch)`` keeps the run where that is asked for.

    Parameters
    ----------
    run : Run
    path, every, resume
        As for ``Checkpoints``. Without a path, the run belongs to the ``Checkpoints`` block
        that it is in, if it is in one.
    """
    if path is None and (every is not None or resume):
        raise TinyaeError("fit: expected checkpoint=PATH along with every or resume, got none")
    owner = _open.get() if path is None else Checkpoints(path, every, resume)
    token = _open.set(None)  # a callback's own training is not a run of the program
    try:
        if owner is None:
            yield _Nothing()
        else:
            keeper = owner.keep(run)
            with keeper.told_of_interrupts():
                yield keeper
    finally:
        _open.reset(token)


class _Nothing:
    """Keeps nothing."""

    def after(self, epoch: int, batch: int) -> None:
        """One more batch is done."""


class _Keeper:
    """Writes a run's checkpoints into one file."""

    def __init__(self, run: Run, path: Path, every: int | None, about: dict[str, Any]) -> None:
        self.run, self.path, self.every = run, path, every
        self.identity, self.data = {**about, **run.identity()}, fingerprint(run.data)
        self.batches, self.interrupted = 0, False

    def after(self, epoch: int, batch: int) -> None:
        """Training stands before this batch of this epoch, both from 0."""
        self.run.epoch, self.run.batch = epoch, batch
        self.batches += 1
        if self.interrupted or self._due():
            self.write()
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt(
                f"interrupted after {self.run.place}; {self.path} holds all of it: the same again "
                "with resume=True (on the command line, --resume) goes on from there"
            )

    def write(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state, arrays = self.run.pack()
        description = {"run": self.identity, "data": self.data, "state": state}
        write_archive(self.path, "checkpoint", VERSION, description, arrays)
        self.kept_place, self.time = self.run.place, time.monotonic()

    def read(self) -> None:
        """Bring the run to where the file says."""
        description, arrays = read_archive(self.path, "checkpoint", VERSION)
        difference = _difference(self.identity, description.get("run"))
        if not alike(self.data, description.get("data", self.data)):  # older files have none
            difference = difference or "its data are other numbers there than here"
        if difference:
            raise TinyaeError(
                f"{self.path}: a checkpoint of another run: {readable(difference)}; go on with "
                "the same settings and data, or start anew without resume"
            )
        try:
            self.run.unpack(description["state"], arrays)
        except Exception as reason:  # the checksum fits, so somebody wrote it like this
            raise TinyaeError(
                f"{self.path}: expected a checkpoint, got one that makes no sense "
                f"({type(reason).__name__}: {readable(reason)})"
            ) from reason
        self.kept_place, self.time = self.run.place, time.monotonic()

    @contextmanager
    def told_of_interrupts(self) -> Iterator[None]:
        """Inside the block, the first Ctrl-C waits for the end of the batch; the next does not."""
        before = signal.getsignal(signal.SIGINT)
        in_main = threading.current_thread() is threading.main_thread() and callable(before)

        def note(number: int, frame: FrameType | None) -> None:
            self.interrupted = True
            signal.signal(signal.SIGINT, before)

        if in_main:
            signal.signal(signal.SIGINT, note)
        try:
            yield
        except TinyaeError as reason:
            raise TinyaeError(
                f"{reason}; the last good checkpoint is {self.path}, after {self.kept_place}"
            ) from reason
        finally:
            if in_main:
                signal.signal(signal.SIGINT, before)
        if self.interrupted:  # when nothing was left to do
            raise KeyboardInterrupt

    def _due(self) -> bool:
        if self.run.ended:
            return True
        if self.every is not None:
            return self.batches % self.every == 0
        shortest = LONGEST if self.run.batch else SHORTEST
        return time.monotonic() - self.time > shortest


def _difference(here: Any, there: Any, name: str = "") -> str:
    """The first difference between two JSON values in words, or nothing."""
    if isinstance(here, dict) and isinstance(there, dict):
        for key in [*here, *(there.keys() - here.keys())]:
            words = _difference(here.get(key), there.get(key), f"{name}.{key}".lstrip("."))
            if words:
                return words
        return ""
    return "" if here == there else f"{name or 'its description'} is {there!r} there, {here!r} here"
