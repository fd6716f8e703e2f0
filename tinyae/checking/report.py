"""What a check has found, as data and as a table to read."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Finding", "Location", "Report", "TensorResult"]

Location = tuple[int, ...]
"""The index of one element."""

WIDTH = 100


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (or, as mistake ``"kink"``, cannot be judged) with one tensor.

    Attributes
    ----------
    tensor : str
        ``"input"``, ``"upstream"``, ``"output"``, or a parameter's path such as ``"0.weight"``.
    mistake : str
        A short code; ``"unknown"`` for a gradient whose numbers are wrong without a name for
        how. Numbers: ``scaled``, ``transposed``, ``zero``, ``passes-upstream-through``,
        ``missing-batch-sum``, ``missing-branch``, ``missing-mask``, ``overlap-overwritten``,
        ``derivative-at-output``, ``missing-statistics-terms``, ``channel-mixup``,
        ``padding-offset``, ``reused-layer``. Manners: ``wrong-shape``, ``not-finite``,
        ``overwritten``, ``mutates-input``, ``mutates-upstream``, ``updates-weights``,
        ``depends-on-state``, ``depends-on-layout``, ``forward-inconsistent``, ``raises``. No
        mistake: ``kink``.
    message : str
        A sentence that says what was expected, what came, and what to look at.
    location, analytic, numerical, error
        The worst element, what ``backward`` gives there, what the numerical derivative is, and
        their relative error; ``None`` where the finding is not about a number.
    """

    tensor: str
    mistake: str
    message: str
    location: Location | None = None
    analytic: float | None = None
    numerical: float | None = None
    error: float | None = None

    def __str__(self) -> str:
        return f"{self.tensor}: {self.mistake}: {self.message}"


@dataclass
class TensorResult:
    """The analytic gradient of one tensor beside the numerical one.

    Attributes
    ----------
    tensor : str
    gradient : array
        What ``backward`` gave, float64 on the host.
    numerical : array or None
        The numerical gradient, element by element; ``None`` where only directions were affordable.
    directions : int
        Along how many random directions the whole tensor was compared; 0 for element by element.
    location : tuple of int or None
        The worst element. Along directions it is looked for only when something is wrong.
    analytic, numerical_value : float
        The two derivatives at ``location``, or along the worst direction where that is ``None``.
    error : float
        The largest relative error, kinks left out.
    compared, wrong : int
        How many elements (or directions) were compared, kinks left out, and disagree.
    settled : bool
        Whether the numerical derivative at the worst place converged as the step shrank.
    at_kink : bool
        Whether the function has no derivative at the worst place.
    moved : bool
        Whether the comparison was made at a point close by, off the kinks.
    kinks : list of Finding
        Places where the function has no derivative, each with the mistake ``"kink"``.
    slopes : list of (float, float)
        Along directions: the analytic and the numerical derivative of each.
    """

    tensor: str
    gradient: np.ndarray
    numerical: np.ndarray | None = None
    directions: int = 0
    location: Location | None = None
    analytic: float = 0.0
    numerical_value: float = 0.0
    error: float = 0.0
    compared: int = 0
    wrong: int = 0
    settled: bool = True
    at_kink: bool = False
    moved: bool = False
    kinks: list[Finding] = field(default_factory=list)
    slopes: list[tuple[float, float]] = field(default_factory=list)

    def cells(self) -> list[str]:
        """The row of the printed table."""
        total = self.gradient.size
        compared = f"all {total:,}, along {self.directions} directions"
        if not self.directions:
            compared = f"{self.compared:,} of {total:,}"
        return [
            self.tensor,
            str(self.gradient.shape),
            compared + " (moved)" * self.moved,
            *self._worst(),
            "WRONG" if self.wrong else "ok",
        ]

    def _worst(self) -> list[str]:
        if not self.compared:
            return ["", "only kinks", "", ""]
        place = "" if self.location is None else str(self.location)
        return [f"{self.error:.1e}", place, f"{self.analytic:.9g}", f"{self.numerical_value:.9g}"]


HEADER = ["tensor", "shape", "compared", "relative error", "at", "analytic", "numerical", ""]
RIGHT_ALIGNED = {3, 5, 6}


@dataclass
class Report:
    """The outcome of a gradient check; ``print(report)`` shows it as a table.

    Attributes
    ----------
    title : str
        What was checked, with which input and seed.
    findings : list of Finding
        The mistakes; none for a right layer.
    warnings : list of str
        Why the check may have proved less than it seems to.
    tensors : list of TensorResult
        One for each tensor whose gradient was compared: the input and every parameter.
    check : str
        The function that made it.
    """

    title: str
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    tensors: list[TensorResult] = field(default_factory=list)
    check: str = "gradcheck"

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong. Kinks and warnings do not count."""
        return not self.findings

    @property
    def kinks(self) -> list[Finding]:
        """The places without a derivative that were met, in all tensors."""
        return [kink for result in self.tensors for kink in result.kinks]

    def __str__(self) -> str:
        count = len(self.findings)
        verdict = "passed" if self.passed else f"FAILED, {count} finding{'s' * (count != 1)}"
        parts = [f"{self.check} of {self.title}: {verdict}"]
        if self.tensors:
            parts.append(_table([HEADER, *(result.cells() for result in self.tensors)]))
        notes = [str(finding) for finding in self.findings]
        notes += [_kinks_of(result) for result in self.tensors if result.kinks]
        notes += [f"warning: {warning}" for warning in self.warnings]
        if notes:
            parts.append("\n".join(_wrapped(note) for note in notes))
        return "\n\n".join(parts)

    __repr__ = __str__


def _table(rows: list[list[str]]) -> str:
    """The rows with their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if column in RIGHT_ALIGNED else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _kinks_of(result: TensorResult) -> str:
    first, count = result.kinks[0], len(result.kinks)
    where = "along a direction" if first.location is None else f"at {first.location}"
    more = f" (the first of {count})" if count > 1 else ""
    return f"{result.tensor}: kink {where}{more}: {first.message}"


def _wrapped(note: str) -> str:
    return textwrap.fill(note, WIDTH, initial_indent="- ", subsequent_indent="  ")
