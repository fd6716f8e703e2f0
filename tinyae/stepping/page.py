"""A tape as one self-contained page: data, style and program in a single file."""

from __future__ import annotations

from html import escape
from importlib import resources
from typing import Any

from tinyae.pages import as_base64, as_json, fill, policy
from tinyae.stepping.diagram import diagram
from tinyae.stepping.snapshot import Snapshot
from tinyae.stepping.tape import Step, Tape
from tinyae.stepping.text import human_bytes, human_seconds

__all__ = ["tape_page"]

SCRIPTS = (
    "data.js", "marks.js", "pictures.js", "views.js", "cards.js", "follow.js", "player.js",
)  # fmt: skip
"""In the order in which they build on one another."""
SMALLEST_IMAGE = 7
"""Pixels along the edge of what is shown as an image when it comes as a row."""


def tape_page(tape: Tape) -> str:
    """The page. Whatever comes from the model is escaped or data; a policy forbids all else."""
    script = "\n".join(_asset(name) for name in SCRIPTS)
    style = _asset("page.css")
    writer = _Writer(tape)
    slots = {
        "policy": policy(script, style),
        "title": escape(tape.title),
        "style": style,
        "network": diagram(tape),
        "count": str(len(tape.steps)),
        "formulas": writer.formulas(),
        "tape": as_json(writer.tape()),
        "script": script,
    }
    return fill(_asset("page.html"), slots)


class _Writer:
    """Turns a tape into what JSON takes; equal arrays, sources and formulas are written once."""

    def __init__(self, tape: Tape) -> None:
        self.steps_of, self.title = tape.steps, tape.title
        self.arrays: dict[Any, int] = {}
        self.array_list: list[dict[str, Any]] = []
        self.sources: dict[Any, int] = {}
        self.formula_list = list(dict.fromkeys(f for step in tape.steps for f in step.formulas))
        self.left_out = tape.left_out
        first = next(iter(tape.steps[0].inputs.values()), None)
        self.pixels = first.shape[-1] if first and len(first.shape) == 2 else 0

    def formulas(self) -> str:
        """All formulas as MathML, hidden until a step shows them."""
        return "\n".join(
            f'<div class="formula" id="formula-{number}" hidden>{formula.mathml}</div>'
            for number, formula in enumerate(self.formula_list)
        )

    def tape(self) -> dict[str, Any]:
        """Everything that the page's program reads."""
        steps = [self.step(step) for step in self.steps_of]
        sources = [vars(source) for source in self.sources]
        return {
            "title": self.title,
            "steps": steps,
            "arrays": self.array_list,
            "sources": sources,
            "leftOut": self.left_out,
        }

    def step(self, step: Step) -> dict[str, Any]:
        """One step: arrays by number, texts ready to be shown."""
        source = step.source
        return {
            "path": step.path,
            "layer": step.layer,
            "phase": step.phase,
            "formulas": [self.formula_list.index(formula) for formula in step.formulas],
            "arrays": [
                {
                    "name": name,
                    "role": role,
                    "array": self.array(snapshot),
                    "place": snapshot.place,
                    "axes": step.axes.get(name, ""),
                }
                for role, group in step.groups.items()
                for name, snapshot in group.items()
            ],
            "sums": step.sums,
            "window": step.window,
            "cost": [human_seconds(step.seconds), human_bytes(step.memory)],
            "source": None
            if source is None
            else self.sources.setdefault(source, len(self.sources)),
            "lines": [
                {
                    "number": line.number,
                    "last": line.last,
                    "arrays": [
                        {"name": name, "array": self.array(a), "place": a.place, "axes": ""}
                        for name, a in line.arrays.items()
                    ],
                    "values": line.values,
                }
                for line in step.lines
            ],
            "linesLeftOut": step.lines_left_out,
        }

    def array(self, snapshot: Snapshot) -> int:
        """The number under which an array is written."""
        key = (id(snapshot.values), snapshot.shape, snapshot.dtype, snapshot.statistics)
        if key not in self.arrays:
            self.arrays[key] = len(self.array_list)
            self.array_list.append(self.written(snapshot))
        return self.arrays[key]

    def written(self, snapshot: Snapshot) -> dict[str, Any]:
        """One array: its numbers as base64 of little-endian float32, and where they come from."""
        kept = [
            None if len(indices) == length else indices.tolist()
            for indices, length in zip(snapshot.kept, snapshot.shape, strict=True)
        ]
        return {
            "shape": snapshot.shape,
            "size": snapshot.values.shape,
            "dtype": snapshot.dtype,
            "kept": kept if any(kept) else None,
            "numbers": as_base64(snapshot.values, "<f4"),
            "statistics": vars(snapshot.statistics),
            "image": self.image(snapshot),
        }

    def image(self, snapshot: Snapshot) -> int:
        """The edge of the images that the rows of an array are, or 0."""
        edge = round(self.pixels**0.5)
        rows_are_images = (
            edge >= SMALLEST_IMAGE
            and edge * edge == self.pixels
            and len(snapshot.shape) == 2
            and snapshot.values.shape[-1] == self.pixels
        )
        return edge if rows_are_images else 0


def _asset(name: str) -> str:
    folder = resources.files("tinyae.stepping") / "assets"
    return (folder / name).read_text(encoding="utf-8")
