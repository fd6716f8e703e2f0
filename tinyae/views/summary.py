"""A model as a table: layers, shapes, parameters."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

from tinyae.layers.module import Module
from tinyae.views.flow import Branch, Shape, follow

__all__ = ["Summary", "summary"]

WIDEST_LABEL = 44

ENCODER = {"trunk", "mean", "log_var"}
"""The branches of a VAE that make up its encoder."""

Row = tuple[str, str, str, str]


class Summary(str):
    """A text in columns, which a notebook shows as one."""

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self)}</pre>"


def summary(model: Module, input_shape: Sequence[int]) -> Summary:
    """Describe a model layer by layer, with the shapes that one kind of sample takes in it.

    A sample of zeros goes through the model in evaluation mode; the model, its running
    statistics and the package's random numbers stay as they are.

    Parameters
    ----------
    model : Layer, VAE or StackedAutoencoder
    input_shape : sequence of int
        Of one sample, without the batch axis: ``(784,)``, ``(1, 28, 28)``.

    Returns
    -------
    Summary
        A text: a line a layer with where it sits in the model, what it is, the shape of its
        output for N samples, and the number of its parameters (shared ones are counted where they
        come first). Then the sum for every branch and for the whole model.

    Raises
    ------
    TinyaeError
        For a model that is none of these, and for a shape that it does not take.
    """
    branches = follow(model, input_shape)
    header: Row = ("where", "layer", "output", "parameters")
    blocks = [[header], *map(_section, branches), _totals(model, branches)]
    widths = [max(len(row[column]) for block in blocks for row in block) for column in range(4)]
    rule = "─" * (sum(widths) + 6)
    parts = ("\n".join(_line(row, widths) for row in block) for block in blocks)
    return Summary(f"\n{rule}\n".join(parts))


def _section(branch: Branch) -> list[Row]:
    """The rows of one branch: what it reads, and its layers."""
    source = " and ".join(branch.sources) or "input"
    rows: list[Row] = [(branch.name, f"from {source}", _batch(branch.input_shape), "")]
    if branch.name == "z":
        rows.append(("", "mean + exp(½ log_var) · ε", _batch(branch.output_shape), ""))
    for step in branch.steps:
        first, *more = textwrap.wrap(step.layer.label, WIDEST_LABEL, subsequent_indent="  ")
        rows.append((step.path, first, _batch(step.output_shape), f"{step.parameters:,}"))
        rows += [("", line, "", "") for line in more]
    return rows


def _totals(model: Module, branches: list[Branch]) -> list[Row]:
    """Parameters of each branch, of a VAE's encoder as a whole, and of the model."""
    parts = {branch.name: branch.parameters for branch in branches if branch.steps}
    total, elsewhere = model.count_parameters(), model.count_parameters() - sum(parts.values())
    rows: list[Row] = []
    for name, count in parts.items():
        if name == "decoder" and parts.keys() >= ENCODER:
            encoder = sum(parts[part] for part in ENCODER)
            rows.append(("encoder", "trunk, mean and log_var", "", f"{encoder:,}"))
        if name:
            rows.append((name, "", "", f"{count:,}"))
    if elsewhere:
        rows.append(("elsewhere", "in layers that this sample does not pass", "", f"{elsewhere:,}"))
    return [*rows, ("total", "", "", f"{total:,}")]


def _batch(shape: Shape) -> str:
    return f"({', '.join(['N', *map(str, shape)])})" if shape else "(N,)"


def _line(row: Row, widths: Sequence[int]) -> str:
    *words, count = row
    cells = [word.ljust(width) for word, width in zip(words, widths, strict=False)]
    return "  ".join([*cells, count.rjust(widths[-1])]).rstrip()
