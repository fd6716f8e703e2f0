"""The worker, started again where a file ended it, and the table of what became of all files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKER = ["-m", "tests.fuzz.worker"]


@dataclass
class Row:
    """What became of the files of one kind, spoilt in one way."""

    files: int = 0
    loaded: int = 0
    refused: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)

    def add(self, number: int, fate: str, seconds: float) -> None:
        self.files += 1
        self.slowest = max(self.slowest, seconds)
        if fate in ("loaded", "refused"):
            setattr(self, fate, getattr(self, fate) + 1)
        else:
            self.failures.append(f"file {number}: {fate}")


@dataclass
class Outcome:
    """All rows, by kind and mutation, and how much memory the worker grew by, in MiB."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    grown: float = 0.0

    @property
    def failures(self) -> list[str]:
        return [
            f"{kind}, {mutation}, {failure}"
            for (kind, mutation), row in self.rows.items()
            for failure in row.failures
        ]

    def table(self) -> str:
        """A row for each kind and mutation, and a total."""
        form = "{:32}  {:30}  {:>6}  {:>6}  {:>7}  {:>6}  {:>10}".format
        lines = [form("kind", "mutation", "files", "right", "refused", "failed", "slowest ms")]
        total = Row()
        for (kind, mutation), row in sorted(self.rows.items()):
            lines.append(form(kind, mutation, *_cells(row)))
            for name in ("files", "loaded", "refused", "failures"):
                setattr(total, name, getattr(total, name) + getattr(row, name))
            total.slowest = max(total.slowest, row.slowest)
        lines.append(form("all", "", *_cells(total)))
        return "\n".join([*lines, f"memory grew by {self.grown:.0f} MiB at most", *self.failures])


def _cells(row: Row) -> tuple[int, int, int, int, str]:
    return row.files, row.loaded, row.refused, len(row.failures), f"{1000 * row.slowest:.0f}"


def run(files: int, first: int = 0) -> Outcome:
    """Spoil and load so many files."""
    outcome, last = Outcome(), first + files
    with tempfile.TemporaryDirectory(prefix="tinyae-fuzz-") as folder:
        while first < last:
            first = _until_it_ends(Path(folder), first, last, outcome)
        left = sorted(os.listdir(folder))
    if unknown := [name for name in left if not name.startswith(("file.", "warm."))]:
        outcome.rows["all", "files left behind"] = Row(failures=unknown)
    return outcome


def _until_it_ends(folder: Path, first: int, last: int, outcome: Outcome) -> int:
    """One worker; the number of the file with which to go on."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "TINYAE_NUM_THREADS": "1"}
    worker = subprocess.Popen(
        [sys.executable, *WORKER, str(folder), str(first), str(last)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    begun = None
    assert worker.stdout is not None
    for line in worker.stdout:
        report = json.loads(line)
        if "number" in report:
            begun = report
            continue
        row = outcome.rows.setdefault((begun["kind"], begun["mutation"]), Row())
        row.add(begun["number"], report["fate"], report["seconds"])
        outcome.grown = max(outcome.grown, report["grown"])
        begun, first = None, begun["number"] + 1
    status = worker.wait()
    if begun is not None:
        row = outcome.rows.setdefault((begun["kind"], begun["mutation"]), Row())
        row.add(begun["number"], f"ended the process with status {status}", 0.0)
        return begun["number"] + 1
    if status:
        raise RuntimeError(f"the worker could not start (status {status})")
    return first
