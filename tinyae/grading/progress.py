"""A student's folder: the stubs in it, and the small file that remembers how far they are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from tinyae.atomic import whole_file
from tinyae.errors import TinyaeError
from tinyae.grading.exercises import Exercise

__all__ = ["FILE", "Progress"]

FILE = "progress.json"


@dataclass
class Progress:
    """What is done in a folder.

    Attributes
    ----------
    folder : Path
    right : list of str
        The names of exercises that were graded right, in that order.
    skipped : list of str
        Those left for later.
    hints : dict of str to int
        How many hints were asked for.
    """

    folder: Path
    right: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Progress:
        """The progress of a folder; none yet, if it has no such file.

        Raises
        ------
        TinyaeError
            For a file that is damaged.
        """
        path = folder / FILE
        if not path.exists():
            return cls(folder)
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            right, skipped = list(map(str, known["right"])), list(map(str, known["skipped"]))
            hints = {str(name): int(count) for name, count in known["hints"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise TinyaeError(
                f"learn: expected what 'tinyae learn' wrote, got something else in {path}; delete "
                "it: your solutions stay, and checking them again counts them again"
            ) from None
        return cls(folder, right, skipped, hints)

    def write(self) -> None:
        """Keep it, whole or not at all."""
        known = {"right": self.right, "skipped": self.skipped, "hints": self.hints}
        _write(self.folder / FILE, json.dumps(known, indent=1) + "\n")

    def file_of(self, exercise: Exercise) -> Path:
        """Where the student writes their answer."""
        return self.folder / exercise.path.name

    def provide(self, exercise: Exercise) -> Path:
        """The student's file, with the stub in it if it is not there; never overwritten."""
        path = self.file_of(exercise)
        if not path.exists():
            _write(path, exercise.stub)
        return path

    def next(self, course: list[Exercise]) -> Exercise | None:
        """The first exercise that is neither right nor skipped; then those skipped, in order."""
        places = {name: place for place, name in enumerate(self.skipped)}
        left = [exercise for exercise in course if exercise.name not in self.right]
        return min(left, key=lambda exercise: places.get(exercise.name, -1), default=None)

    def skip(self, name: str) -> None:
        """Put an exercise behind all others."""
        self.skipped = [other for other in self.skipped if other != name] + [name]
        self.write()

    def add_right(self, name: str) -> None:
        """Remember that this one was right."""
        if name not in self.right:
            self.right.append(name)
        if name in self.skipped:
            self.skipped.remove(name)
        self.write()


def _write(path: Path, text: str) -> None:
    """Write a text, whole or not at all."""
    try:
        with whole_file(path) as file:
            file.write(text.encode())
    except OSError as reason:
        raise TinyaeError(f"learn: cannot write {path}: {reason}") from reason
