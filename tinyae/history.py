"""What training reports: losses of a batch, of an epoch, of a whole run."""

from __future__ import annotations

from html import escape

from tinyae.arguments import checked

__all__ = ["History", "Meter"]


class History(dict[str, list[float]]):
    """What training reported, a list a name: ``history["loss"][-1]`` is the last loss.

    Names are ``loss`` and those of its parts, such as ``reconstruction`` and ``prior``.
    """

    @checked
    def record(self, values: dict[str, float]) -> None:
        """Append one number to each list."""
        for name, value in values.items():
            self.setdefault(name, []).append(value)

    def _repr_html_(self) -> str:
        """A table, as notebooks show it: how often, at first, at last, the least."""
        head = "".join(f"<th>{word}</th>" for word in ("", "entries", "first", "last", "least"))
        rows = "".join(_row(name, values) for name, values in self.items())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(name: str, values: list[float]) -> str:
    numbers = [values[0], values[-1], min(values)] if values else []
    cells = [f"{len(values):,}", *(f"{number:,.6g}" for number in numbers)]
    return f"<tr><th>{escape(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


class Meter:
    """Losses of several batches, added up or averaged as the loss itself is.

    Parameters
    ----------
    reduction : "sum" or "mean"
        Whether a batch's loss is the sum over its samples or their average.
    """

    def __init__(self, reduction: str) -> None:
        self.reduction, self.sums, self.samples = reduction, dict[str, float](), 0

    def add(self, values: dict[str, float], samples: int) -> None:
        """Count the losses of a batch of so many samples."""
        weight = 1 if self.reduction == "sum" else samples
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * weight
        self.samples += samples

    def average(self) -> dict[str, float]:
        """The losses a sample so far."""
        return {name: value / self.samples for name, value in self.sums.items()}

    def read(self) -> dict[str, float]:
        """The sums or averages so far; starts anew."""
        totals = dict(self.sums) if self.reduction == "sum" else self.average()
        self.sums, self.samples = {}, 0
        return totals
