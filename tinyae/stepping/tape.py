"""What a trace recorded: steps in the order in which they ran."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from html import escape

from tinyae.errors import TinyaeError
from tinyae.pages import Page, framed, write_page
from tinyae.stepping.lines import Line, Source
from tinyae.stepping.notation import Formula
from tinyae.stepping.snapshot import Snapshot

__all__ = ["PHASES", "Step", "Tape"]

PHASES = ("forward", "loss", "backward", "update")
MOST_STEPS = 2000
"""Kept on one tape; a whole training has more."""

Arrays = dict[str, Snapshot]


@dataclass(frozen=True)
class Step:
    """One layer in one phase.

    Arrays are known by name: ``x`` and ``y`` of a forward pass; ``dL/dy``, ``dL/dx`` and one
    ``dL/dweight`` a parameter of a backward pass; ``before``, ``gradient`` and ``after`` of an
    update.

    Attributes
    ----------
    number : int
        From 1.
    path : str
        Where the layer sits in the model, as in ``state_dict``: ``"trunk.0"``. The parts that a
        model has besides its layers are ``"z"``, ``"reconstruction"``, ``"prior"``, ``"loss"``.
    layer : str
        As it is printed: ``Linear(784, 128)``.
    phase : "forward", "loss", "backward" or "update"
    formulas : tuple of Formula
    inputs, outputs, parameters, gradients : dict of str to Snapshot
        What went in, what came out, θ, and ∂L/∂θ with all that earlier passes added.
    remembered : dict of str to Snapshot
        In a backward pass: the x and y of the forward pass. In an update: what the optimizer
        remembers.
    axes : dict of str to str
        For each array by name, a letter for each of its indices, where the formula has such.
    sums : dict of str to list of list of str
        For results that are sums of products: the arrays multiplied, term by term.
    window : dict of str to list of int
        Of a layer with a window: size, step and border along ``"h"`` and ``"w"``.
    seconds : float or None
        None for what a step shows but did not measure.
    memory : int or None
        Bytes at the highest point of the step, beyond those in use before it.
    lines : tuple of Line
        With ``lines=True``: the statements that ran.
    lines_left_out : int
        Statements beyond those.
    source : Source or None
        The method that ran.
    """

    number: int
    path: str
    layer: str
    phase: str
    formulas: tuple[Formula, ...]
    inputs: Arrays = field(default_factory=dict)
    outputs: Arrays = field(default_factory=dict)
    parameters: Arrays = field(default_factory=dict)
    gradients: Arrays = field(default_factory=dict)
    remembered: Arrays = field(default_factory=dict)
    axes: dict[str, str] = field(default_factory=dict)
    sums: dict[str, list[list[str]]] = field(default_factory=dict)
    window: dict[str, list[int]] = field(default_factory=dict)
    seconds: float | None = None
    memory: int | None = None
    lines: tuple[Line, ...] = ()
    lines_left_out: int = 0
    source: Source | None = None

    @property
    def formula(self) -> str:
        """The formulas as text: ``dL/dx = dL/dy W;  dL/dW = dL/dyᵀ x``."""
        return ";  ".join(formula.text for formula in self.formulas)

    @property
    def groups(self) -> dict[str, Arrays]:
        """All arrays by the part that they play, results last."""
        names = ("inputs", "parameters", "remembered", "gradients", "outputs")
        return {name: getattr(self, name) for name in names}

    @property
    def arrays(self) -> Arrays:
        """All arrays by name."""
        return {name: a for group in self.groups.values() for name, a in group.items()}


class Tape:
    """The record of ``ta.trace``.

    Attributes
    ----------
    title : str
        What was traced.
    steps : list of Step
    left_out : int
        Calls after the tape was full.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.steps: list[Step] = []
        self.left_out = 0

    @property
    def full(self) -> bool:
        """Whether there is no room for a further step."""
        return len(self.steps) >= MOST_STEPS

    @property
    def nbytes(self) -> int:
        """Bytes of all numbers kept, equal pictures counted once."""
        pictures = {}
        for step in self.steps:
            for snapshot in self.snapshots(step):
                pictures[id(snapshot.values)] = snapshot.values.nbytes
        return sum(pictures.values())

    @staticmethod
    def snapshots(step: Step) -> list[Snapshot]:
        """Every array of a step, those of its lines included."""
        groups = [*step.groups.values(), *(line.arrays for line in step.lines)]
        return [snapshot for group in groups for snapshot in group.values()]

    def to_text(self) -> str:
        """Every step as text: formula, shapes, statistics, numbers or a picture of blocks.

        Raises
        ------
        TinyaeError
            When nothing was recorded.
        """
        from tinyae.stepping.text import tape_text

        self._check("to_text")
        return tape_text(self)

    def to_html(self, path: str | os.PathLike[str]) -> Page:
        """Write a self-contained page that plays the steps as a film.

        Parameters
        ----------
        path : path
            The page appears there whole or not at all.

        Returns
        -------
        Page
            A notebook shows it by itself.

        Raises
        ------
        TinyaeError
            When nothing was recorded, and when the file cannot be written.
        """
        from tinyae.stepping.page import tape_page

        self._check("to_html")
        return write_page("to_html", path, tape_page(self))

    def _check(self, method: str) -> None:
        if not self.steps:
            raise TinyaeError(
                f"{method}: expected at least one recorded step of {self.title}, got none; run "
                "the model inside the block: with ta.trace(model) as tape: model.forward(x)"
            )

    def _repr_html_(self) -> str:
        """The page in a frame, as notebooks show it."""
        from tinyae.stepping.page import tape_page

        if not self.steps:
            return f"<pre>{escape(repr(self))}</pre>"
        return framed(tape_page(self), self.title)

    def __repr__(self) -> str:
        return f"Tape({self.title}: {len(self.steps)} steps)"
