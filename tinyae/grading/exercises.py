"""The exercises of the course: one file each, from which task, hints and stub are cut.

A file of ``lessons/exercises`` is called after its lesson, its number and its subject,
``01_2_linear_backward.py``, and holds everything about the exercise:

* the docstring: a title, the task, and at its end paragraphs that begin with ``Hint:``;
* the solution, with the lines that the student shall write between ``# --- your code ---`` and
  ``# --- end ---``;
* below ``# === check ===`` what the student does not see: ``check(student)``, and in ``WRONG``
  some typical wrong answers: by name, a text of the marked regions and what stands there instead.

The stub is the file without hints and check, and with a ``raise NotImplementedError`` in the
place of each marked region, so that solution and stub cannot drift apart. Where there is a mistake
to be found, the region also has the lines to begin with, as comments after ``# --- at first ---``.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tinyae.errors import TinyaeError, near_names
from tinyae.lessons import course_folder

__all__ = [
    "UNWRITTEN",
    "Exercise",
    "exercise_named",
    "exercise_of",
    "exercises",
    "load",
    "read",
    "wrong_answers",
]

NAME = "[0-9][0-9]_[0-9]_*.py"
BEGIN, FIRST, END = "# --- your code ---", "# --- at first ---", "# --- end ---"
CHECK = "# === check ==="
REGION = re.compile(
    rf"^([ \t]*){BEGIN}\n(?P<right>.*?)(?:^\1{FIRST}\n(?P<first>.*?))?^\1{END}$",
    re.DOTALL | re.MULTILINE,
)
UNWRITTEN = "write your code here"
"""What the ``NotImplementedError`` of a stub says."""


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    path : Path
        The file with the solution and the check.
    title : str
        With its number: ``1.2 Linear, backward``.
    task : str
        What is to be written.
    hints : list of str
        From a nudge to nearly everything.
    solution, stub : str
        Source: the complete student's file, and the one to begin with.
    """

    path: Path
    title: str
    task: str
    hints: list[str]
    solution: str
    stub: str

    @property
    def name(self) -> str:
        """Of the file, without its ending."""
        return self.path.stem

    @property
    def lesson(self) -> int:
        """The number of the lesson that it belongs to."""
        return int(self.name[:2])


def exercises(folder: Path | None = None) -> list[Exercise]:
    """All exercises in their order.

    Parameters
    ----------
    folder : Path, optional
        The course's own when left out.

    Raises
    ------
    TinyaeError
        For a folder without any, and for a file that is none.
    """
    folder = folder or course_folder() / "exercises"
    found = [read(path) for path in sorted(folder.glob(NAME))]
    if not found:
        raise TinyaeError(f"exercises: expected files such as 01_1_name.py in {folder}, got none")
    return found


def exercise_of(path: Path) -> Exercise | None:
    """The exercise whose name a student's file bears, if there is one."""
    try:
        folder = course_folder() / "exercises"
    except TinyaeError:
        return None
    source = folder / f"{path.stem}.py"
    is_one = path.suffix == ".py" and path.match(NAME) and source.exists()
    return read(source) if is_one else None


def exercise_named(name: str) -> Exercise:
    """The exercise of this name, or of the beginning of one, such as ``01_2``.

    Raises
    ------
    TinyaeError
        When none or several begin so.
    """
    known = exercises()
    chosen = [exercise for exercise in known if exercise.name.startswith(name)]
    if len(chosen) != 1:
        names = [exercise.name for exercise in known]
        raise TinyaeError(
            f"exercise: expected the name of one of {len(known)}, such as {names[0]}, got "
            f"{name!r}{near_names(name, names)}"
        )
    return chosen[0]


def read(path: Path) -> Exercise:
    """An exercise from its file.

    Raises
    ------
    TinyaeError
        When a part is missing.
    """
    text = path.read_text(encoding="utf-8")
    solution, mark, _ = text.partition(f"\n{CHECK}\n")
    docstring = ast.get_docstring(ast.parse(solution)) or ""
    for part, there in (
        ("a docstring with title and task", "\n\n" in docstring),
        ("a paragraph 'Hint: …' in its docstring", "\nHint:" in docstring),
        (f"a region between '{BEGIN}' and '{END}'", REGION.search(solution)),
        (f"a line '{CHECK}'", mark),
    ):
        if not there:
            raise TinyaeError(f"{path.name}: expected {part}, got none")
    body, *hints = re.split(r"\n\nHint:\s*", docstring)
    title, _, task = body.partition("\n\n")
    hints = [" ".join(hint.split()) for hint in hints]
    text = solution.rstrip() + "\n"
    stub = REGION.sub(_at_first, _with_docstring(text, body))
    return Exercise(path, title, task.strip(), hints, REGION.sub(_at_last, text), stub)


def load(exercise: Exercise) -> ModuleType:
    """The whole file as a module: ``check``, ``WRONG``, and the solution's own names."""
    module = ModuleType(f"exercise_{exercise.name}")
    module.__file__ = str(exercise.path)
    sys.modules[module.__name__] = module
    text = exercise.path.read_text(encoding="utf-8")
    exec(compile(text, str(exercise.path), "exec"), module.__dict__)
    return module


def wrong_answers(exercise: Exercise) -> dict[str, str]:
    """The sources of the typical wrong answers, by name.

    Raises
    ------
    TinyaeError
        When there is none, and for a text that is not there once in the marked regions.
    """
    wrong = load(exercise).WRONG
    if not wrong:
        raise TinyaeError(f"{exercise.path.name}: expected an answer in WRONG, got none")
    sources = {}
    for name, (old, new) in wrong.items():
        times = sum(region[0].count(old) for region in REGION.finditer(exercise.solution))
        if times != 1:
            raise TinyaeError(
                f"{exercise.path.name}: expected {old!r} once in the student's part, got it "
                f"{times} times, for the wrong answer {name!r}"
            )
        sources[name] = _changed(exercise.solution, old, new)
    return sources


def _changed(source: str, old: str, new: str) -> str:
    """The source with a text of its marked regions exchanged."""
    return REGION.sub(lambda region: region[0].replace(old, new), source)


def _with_docstring(source: str, docstring: str) -> str:
    """The source with another docstring: the one without hints."""
    new = f'"""{docstring}\n"""'
    return re.sub(r'^""".*?"""', lambda _: new, source, count=1, flags=re.DOTALL)


def _at_first(region: re.Match[str]) -> str:
    """What the student finds: lines with a mistake, or one that says that there are none yet."""
    indent, first = region[1], region["first"]
    if first is None:
        lines = f'{indent}raise NotImplementedError("{UNWRITTEN}")\n'
    else:
        lines = re.sub(rf"^{indent}# ?", indent, first, flags=re.MULTILINE)
    return f"{indent}{BEGIN}\n{lines}{indent}{END}"


def _at_last(region: re.Match[str]) -> str:
    return f"{region[1]}{BEGIN}\n{region['right']}{region[1]}{END}"
