"""A model as a picture: its layers, sized by what goes in and out."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Sequence

from tinyae.arguments import checked
from tinyae.atomic import whole_file
from tinyae.errors import TinyaeError
from tinyae.layers import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softplus,
    Tanh,
    Unflatten,
)
from tinyae.layers.module import Module
from tinyae.views.canvas import Canvas, text_width
from tinyae.views.flow import Branch, Shape, Step, follow
from tinyae.views.plots.style import INK, Picture

__all__ = ["plot_model"]

ENDINGS = (".png", ".svg", ".pdf")

ACTIVATIONS = (ReLU, LeakyReLU, Tanh, Sigmoid, Softplus, LogSoftmax)
NORMS = (BatchNorm1d, BatchNorm2d)
COLORS: dict[tuple[type[Layer], ...], str] = {
    (Linear,): "#a9c8f0",
    (Conv2d, ConvTranspose2d): "#f6c793",
    (MaxPool2d,): "#b5deb0",
    (Flatten, Unflatten): "#e8e8e8",
    ACTIVATIONS: "#f7e39a",
    NORMS: "#d9c3ec",
    (Dropout,): "#d3d7dc",
}
OWN = "#a5dcd6"
CODE = "#f3b6c8"
QUIET = "#666666"

SCALE = "Edges grow with the cube root of how many numbers pass them."

TITLE, NAME, WORDS, SMALL = 11.0, 9.5, 8.0, 7.5
LINE = 0.155
STRIP = 0.19
GAP = 0.36
WIDEST, NARROWEST = 2.3, 0.22
PILL = 0.3
DOWN, UP = -1, 1
LEFT, RIGHT = -1, 1
LONGEST_LABEL = 34


@checked
def plot_model(model: Module, path: str | os.PathLike[str], input_shape: Sequence[int]) -> Picture:
    """Draw a model, layer by layer, and write the picture to a file.

    Every layer is a box whose edges grow with what goes in and what comes out: with the cube root
    of how many numbers that are. Activations, dropout and normalization are thin boxes. The encoder
    goes down, the decoder up beside it; the branches of a VAE part after its trunk and meet in z.

    Parameters
    ----------
    model : Layer, VAE or StackedAutoencoder
        It is left as it is.
    path : path
        Its ending says how to write: ``.png``, ``.svg`` or ``.pdf``.
    input_shape : sequence of int
        Of one sample, without the batch axis: ``(784,)``, ``(1, 28, 28)``.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TinyaeError
        For a model that is none of these, for a shape that it does not take, for another ending,
        and when the file cannot be written.
    """
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending not in ENDINGS:
        raise TinyaeError(f"plot_model: expected a path ending in {', '.join(ENDINGS)}, got {path}")
    branches = {branch.name: branch for branch in follow(model, input_shape)}
    drawing = _Drawing(branches)
    drawing.draw(f"{type(model).__name__}, {model.count_parameters():,} parameters")
    figure = drawing.canvas.finish()
    try:
        with whole_file(path) as stream:
            figure.savefig(stream, format=ending[1:], dpi=150)
    except (OSError, ValueError) as reason:
        raise TinyaeError(f"plot_model: cannot write {path}: {reason}") from reason
    return figure


class _Drawing:
    """The branches of a model on a canvas."""

    def __init__(self, branches: dict[str, Branch]) -> None:
        self.branches, self.canvas = branches, Canvas()
        shapes = [shape for branch in branches.values() for shape in _shapes(branch)]
        self.largest = max(map(math.prod, shapes))

    def width(self, shape: Shape) -> float:
        """How wide a tensor is drawn: as the edge of a cube of as many numbers."""
        return NARROWEST + (WIDEST - NARROWEST) * (math.prod(shape) / self.largest) ** (1 / 3)

    def draw(self, title: str) -> None:
        """The encoder, what comes after it, the decoder beside them, the title over all."""
        first = next(iter(self.branches.values()))
        side = RIGHT if len(self.branches) == 1 else LEFT
        self.canvas.write(0.0, 0.12, "input", NAME, weight="bold")
        if first.name:
            self.name(first, 0.12, side)
        y = self.column(first, 0.0, 0.0, DOWN, side)
        if side == RIGHT:
            self.leave(0.0, y, DOWN, first, "output")
        else:
            half, y = self.code(self.heads(y) if "z" in self.branches else y)
            if "classifier" in self.branches:
                self.classifier(y - PILL / 2)
            self.decoder(half, y)
        middle = (self.canvas.left + self.canvas.right) / 2
        self.canvas.write(middle, self.canvas.bottom - 0.3, SCALE, SMALL, color=QUIET)
        self.canvas.write(middle, self.canvas.top + 0.35, title, TITLE, weight="bold")

    def heads(self, y: float) -> float:
        """The branches mean and log_var side by side; returns where the lower one ends."""
        heads = {LEFT: self.branches["mean"], RIGHT: self.branches["log_var"]}
        widest = max(self.width(shape) for head in heads.values() for shape in _shapes(head))
        fork, ends = y - GAP, {}
        self.canvas.write(
            0.1, y - GAP / 2, _words(heads[LEFT].input_shape), SMALL, RIGHT, color=QUIET
        )
        for side, head in heads.items():
            x = side * (widest / 2 + 0.2)
            self.canvas.line((0.0, y), (0.0, fork), (x, fork), (x, fork - GAP), head=True)
            self.name(head, fork - (0.07 if len(head.steps) > 1 else GAP / 2), side, x)
            ends[x] = self.column(head, x, fork - GAP, DOWN, side, entered=True)
        meet = min(ends.values()) - GAP
        for x, end in ends.items():
            near = math.copysign(0.2, x)
            self.canvas.line((x, end), (x, meet), (near, meet), (near, meet - GAP), head=True)
            shape = self.branches["z"].input_shape
            self.canvas.write(x + 0.1, meet + GAP / 2, _words(shape), SMALL, RIGHT, color=QUIET)
        return meet

    def code(self, y: float) -> tuple[float, float]:
        """Where encoder and decoder meet; returns half its width, and its middle."""
        if "z" in self.branches:
            y, words = y - GAP, "z = mean + exp(½ log_var) · ε"
        else:
            y, words = self.link(0.0, y, DOWN, self.branches["encoder"].output_shape), "code"
        middle = y - PILL / 2
        return self.canvas.pill(0.0, middle, words, WORDS, PILL, CODE) / 2, middle

    def classifier(self, y: float) -> None:
        """The way down from the code."""
        branch = self.branches["classifier"]
        self.name(branch, y - GAP / 2, LEFT)
        self.leave(0.0, self.column(branch, 0.0, y, DOWN, LEFT), DOWN, branch, "scores")

    def decoder(self, half: float, y: float) -> None:
        """The way up, right of all the rest, from the code whose middle is at y."""
        branch = self.branches["decoder"]
        x = self.canvas.right + 0.35 + self.half_width(branch)
        self.canvas.line((half, y), (x, y))
        y = self.column(branch, x, y, UP, RIGHT)
        self.leave(x, y, UP, branch, "reconstruction")
        self.name(branch, y + GAP + 0.12, RIGHT, x)

    def name(self, branch: Branch, y: float, side: int, x: float = 0.0) -> None:
        """The name of a branch over its labels, and how much it learns in all."""
        margin = self.margin(branch, x, side)
        self.canvas.write(margin, y, branch.name, NAME, side, weight="bold")
        if len(branch.steps) > 1:
            self.canvas.write(margin, y - 0.18, _count(branch), WORDS, side, color=QUIET)

    def leave(self, x: float, y: float, direction: int, branch: Branch, name: str) -> None:
        """The last arrow of a branch, and the name of what comes out."""
        end = self.link(x, y, direction, branch.output_shape)
        self.canvas.write(x, end + direction * 0.12, name, NAME, weight="bold")

    def link(self, x: float, y: float, direction: int, shape: Shape) -> float:
        """An arrow with the shape of what flows; returns where it ends."""
        end = y + direction * GAP
        self.canvas.line((x, y), (x, end), head=True)
        self.canvas.write(x + 0.1, (y + end) / 2, _words(shape), SMALL, RIGHT, color=QUIET)
        return end

    def margin(self, branch: Branch, x: float, side: int) -> float:
        """Where the labels of a branch in the middle of x begin or end."""
        return x + side * (self.half_width(branch) + 0.14)

    def half_width(self, branch: Branch) -> float:
        """Of the boxes of a branch, and of the words between and above them."""
        boxes = [self.width(shape) / 2 for shape in _shapes(branch)]
        words = [0.1 + text_width(_words(shape), SMALL) for shape in _shapes(branch)]
        return max(0.6, *boxes, *words)

    def column(
        self, branch: Branch, x: float, y: float, direction: int, side: int, entered: bool = False
    ) -> float:
        """The layers of a branch one after the other; returns where the last one ends."""
        for step in branch.steps:
            if not entered and (step is branch.steps[0] or not _is_thin(step.layer)):
                y = self.link(x, y, direction, step.input_shape)
            y = self.layer(step, x, y, direction, self.margin(branch, x, side), side)
            entered = False
        return y

    def layer(
        self, step: Step, x: float, y: float, direction: int, margin: float, side: int
    ) -> float:
        """One layer with its label; returns where it ends."""
        lines = _label(step)
        height = STRIP if _is_thin(step.layer) else max(0.34, len(lines) * LINE + 0.06)
        end = y + direction * height
        entering, leaving = self.width(step.input_shape) / 2, self.width(step.output_shape) / 2
        corners = [(x - entering, y), (x + entering, y), (x + leaving, end), (x - leaving, end)]
        self.canvas.polygon(corners, _color(step.layer))
        top = (y + end) / 2 + (len(lines) - 1) / 2 * LINE
        for number, (words, color) in enumerate(lines):
            self.canvas.write(margin, top - number * LINE, words, WORDS, side, color=color)
        return end


def _shapes(branch: Branch) -> list[Shape]:
    return [branch.input_shape, *(step.output_shape for step in branch.steps)]


def _words(shape: Shape) -> str:
    return " × ".join(map(str, shape)) or "1"


def _is_thin(layer: Layer) -> bool:
    return isinstance(layer, (*ACTIVATIONS, *NORMS, Dropout))


def _color(layer: Layer) -> str:
    return next((color for kinds, color in COLORS.items() if isinstance(layer, kinds)), OWN)


def _count(part: Branch | Step) -> str:
    return f"{part.parameters:,} parameter{'' if part.parameters == 1 else 's'}"


def _label(step: Step) -> list[tuple[str, str]]:
    name = step.layer.label.removesuffix("()").replace("$", r"\$")  # words, no formula
    count = _count(step) if step.parameters else ""
    if _is_thin(step.layer):
        return [(f"{name}, {count}" if count else name, INK)]
    lines = [(line, INK) for line in textwrap.wrap(name, LONGEST_LABEL, max_lines=4)]
    return [*lines, (count, QUIET)] if count else lines
