"""The course that lies beside the package: its lessons, and the time each takes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from tinyae.errors import TinyaeError

__all__ = ["Lesson", "course_folder", "duration", "lessons", "listing"]

MODES = ("fast", "full")
TIMES = "times.json"


@dataclass(frozen=True)
class Lesson:
    """One file of the course.

    Attributes
    ----------
    path : Path
    title : str
        The heading of its first cell, with its number: ``6. A variational autoencoder``.
    seconds : dict
        What it was measured to take, by mode, ``fast`` or ``full``.
    """

    path: Path
    title: str
    seconds: dict[str, float] = field(default_factory=dict)


def course_folder() -> Path:
    """The folder ``lessons`` of the repository that this package lies in.

    Raises
    ------
    TinyaeError
        When the package was installed without the repository around it.
    """
    folder = Path(__file__).resolve().parents[1] / "lessons"
    if not any(_files(folder)):
        raise TinyaeError(
            f"lessons: expected the course in {folder}, got no lesson there; it comes with the "
            "repository, not with the installed package: clone the repository, "
            "pip install -e '.[lessons]' in it, and run 'tinyae lessons' again"
        )
    return folder


def lessons(folder: Path) -> list[Lesson]:
    """The lessons of a folder, in reading order.

    Raises
    ------
    TinyaeError
        For a lesson whose first cell has no heading.
    """
    times = folder / TIMES
    seconds = json.loads(times.read_text(encoding="utf-8")) if times.exists() else {}
    return [Lesson(path, _title(path), seconds.get(path.stem, {})) for path in _files(folder)]


def listing(folder: Path) -> str:
    """The lessons as a table (title, file, time in both modes), and how to run one."""
    course = lessons(folder)
    rows = [("lesson", "file", *MODES)]
    for lesson in course:
        number, _, name = lesson.title.partition(". ")
        fast, full = (duration(lesson.seconds.get(mode)) for mode in MODES)
        rows.append((f"{number:>2}. {name}", lesson.path.name, fast, full))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = [
        f"{title:{widths[0]}}  {file:{widths[1]}}  {fast:>{widths[2]}}  {full:>{widths[3]}}"
        for title, file, fast, full in rows
    ]
    how_to_run = f"run one: python {course[0].path} (with TINYAE_LESSONS=full for the full mode)"
    return "\n".join([*table, "", how_to_run, f"more:    {folder / 'README.md'}"])


def duration(seconds: float | None) -> str:
    """A time in words: ``4 s``, ``3 min``, or ``?`` when nobody has measured it."""
    if seconds is None:
        return "?"
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9][0-9]_*.py"))


def _title(path: Path) -> str:
    """The first heading, which a percent file has in a comment: ``# # 6. A variational …``."""
    heading = re.search(r"^# # (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    if heading is None:
        raise TinyaeError(f"{path}: expected a first cell with a heading '# # 1. Title', got none")
    return heading[1]
