"""A tape as text: shapes, statistics, small arrays as numbers, large ones as a block picture."""

from __future__ import annotations

import math
import textwrap

import numpy as np

from tinyae.stepping.lines import Line
from tinyae.stepping.snapshot import Snapshot
from tinyae.stepping.tape import Step, Tape

__all__ = ["array_text", "human_bytes", "human_seconds", "step_text", "tape_text"]

BLOCKS = " ░▒▓█"
ROWS, COLUMNS = 12, 60
"""Of a picture, at the most."""
AS_NUMBERS = (10, 16)
"""Rows and columns up to which an array is printed."""
WIDTH = 100
WORDS = {
    "inputs": "in",
    "parameters": "parameter",
    "outputs": "out",
    "gradients": "gradient",
    "remembered": "remembered",
}


def tape_text(tape: Tape) -> str:
    """All steps, one after the other."""
    blocks = [f"{tape.title}: {len(tape.steps)} steps"]
    blocks += [step_text(tape, step) for step in tape.steps]
    if tape.left_out:
        blocks.append(f"… and {tape.left_out:,} more calls, which were not kept")
    return "\n\n".join(blocks) + "\n"


def step_text(tape: Tape, step: Step) -> str:
    """One step: what it is, its formulas, its arrays, its lines."""
    head = f"step {step.number}/{len(tape.steps)} · {step.phase} · {step.path or tape.title}"
    cost = " · ".join(filter(None, [human_seconds(step.seconds), human_bytes(step.memory)]))
    lines = [f"── {head} ".ljust(WIDTH, "─"), "   ".join(filter(None, [step.layer, cost]))]
    lines += [f"    {formula.text}" for formula in step.formulas]
    for group, arrays in step.groups.items():
        for name, snapshot in arrays.items():
            lines.append(f"  {WORDS[group]:<11}{name:<13} {_facts(snapshot)}")
            lines.append(textwrap.indent(array_text(snapshot), "      "))
    lines += _source_lines(step)
    return "\n".join(lines)


def array_text(snapshot: Snapshot) -> str:
    """The numbers, where they fit; else a picture of blocks, light for small, dark for large."""
    values = snapshot.values
    rows, columns = math.prod(values.shape[:-1]), values.shape[-1] if values.ndim else 1
    if snapshot.complete and rows <= AS_NUMBERS[0] and columns <= AS_NUMBERS[1]:
        return np.array2string(
            values, precision=3, suppress_small=True, max_line_width=130, floatmode="maxprec"
        )
    return _blocks(snapshot)


def _blocks(snapshot: Snapshot) -> str:
    """A picture of at most ``ROWS`` × ``COLUMNS`` characters, each with the nearest number."""
    picture = _sheet(snapshot.values)
    picture = picture[_thinned(picture.shape[0], ROWS)][:, _thinned(picture.shape[1], COLUMNS)]
    finite = picture[np.isfinite(picture)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    share = np.nan_to_num((picture - low) / ((high - low) or 1.0), posinf=1, neginf=0)
    levels = np.clip((share * len(BLOCKS)).astype(int), 0, len(BLOCKS) - 1)
    rows = ["│" + "".join(BLOCKS[level] for level in row) + "│" for row in levels]
    scale = f"{BLOCKS[0]!r} is {low:.4g}, {BLOCKS[-1]!r} is {high:.4g}"
    whole = "" if snapshot.complete else f"; {snapshot.values.size:,} numbers of it"
    return "\n".join([*rows, f"({scale}{whole})"])


def _sheet(values: np.ndarray) -> np.ndarray:
    """Two axes: rows and columns; of images, the first sample's channels side by side."""
    if values.ndim <= 1:
        return values.reshape(1, -1).astype("float64")
    while values.ndim > 3:
        values = values[0]
    if values.ndim == 3:
        values = np.concatenate([*values[:4]], axis=1)
    return values.astype("float64")


def _thinned(length: int, most: int) -> np.ndarray:
    return np.arange(min(length, most)) * length // min(length, most)


def _facts(snapshot: Snapshot) -> str:
    """Shape, type and statistics on one line."""
    s = snapshot.statistics
    words = f"{snapshot.shape} {snapshot.dtype}"
    if s.min is not None:
        words += f"  {s.min:.4g} … {s.max:.4g}, mean {s.mean:.4g}, std {s.std:.4g}"
    words += f", {s.zeros:,} zeros" if s.zeros else ""
    return words + (f", {s.not_finite:,} NaN or infinite" if s.not_finite else "")


def _source_lines(step: Step) -> list[str]:
    """The statements that ran, each with what it made."""
    if not (step.lines and step.source):
        return []
    written = step.source.text.split("\n")
    found = [f"  as it ran, {step.source.file}:"]
    for line in step.lines:
        first = line.number - step.source.first
        for number, text in enumerate(written[first : line.last - step.source.first + 1]):
            found.append(f"    {line.number + number:>4}  {text}")
        found += [f"          → {fact}" for fact in _made(line)]
    if step.lines_left_out:
        found.append(f"          … and {step.lines_left_out:,} more lines")
    return found


def _made(line: Line) -> list[str]:
    arrays = [f"{name} {_facts(snapshot)}" for name, snapshot in line.arrays.items()]
    return arrays + [f"{name} = {value}" for name, value in line.values.items()]


def human_seconds(seconds: float | None) -> str:
    """Such as ``"1.3 ms"``; nothing for None."""
    if seconds is None:
        return ""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def human_bytes(count: int | None) -> str:
    """Such as ``"2.1 KiB"``; nothing for None."""
    if count is None:
        return ""
    for power, unit in ((2, "MiB"), (1, "KiB")):
        if count >= 1024**power:
            return f"{count / 1024**power:.1f} {unit}"
    return f"{count} B"
