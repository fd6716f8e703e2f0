"""What a student reads in the terminal."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from pathlib import Path

from tinyae.checking.report import Finding
from tinyae.grading.evaluation import NOT_STARTED, RIGHT, Grade
from tinyae.grading.exercises import Exercise
from tinyae.grading.progress import Progress

__all__ = ["bar", "graded", "list_of", "shown", "task"]

COLORS = {RIGHT: "32", "wrong": "31", NOT_STARTED: "33"}
MOST_FINDINGS = 3
BAR = 24


def graded(grade: Grade) -> str:
    """A grade: its state, then what was found, in sentences."""
    subject = grade.exercise or Path(grade.file).name
    lines = [f"{subject}: {_colored(grade.state)}"]
    if grade.state == NOT_STARTED:
        marked = f"write the marked part of {shown(Path(grade.file))}"
        lines += _item(marked if grade.exercise else "a method still raises NotImplementedError")
    for finding in grade.findings[:MOST_FINDINGS]:
        lines += _item(_finding(finding))
    if len(grade.findings) > MOST_FINDINGS:
        lines += _item(f"and {len(grade.findings) - MOST_FINDINGS} more")
    if grade.state != RIGHT or not grade.exercise:
        for warning in grade.warnings:
            lines += _item(f"warning: {warning}")
    for checked in grade.checked:
        lines += _item(f"checked: {checked}")
    if grade.output.strip():
        lines += ["your code printed:", textwrap.indent(grade.output.rstrip()[-800:], "  | ")]
    return "\n".join(lines)


def _finding(finding: Finding) -> str:
    """What is wrong with which tensor, and the code; what the code did has neither."""
    if finding.tensor == "code":
        return finding.message
    code = "" if finding.mistake == "unknown" else f" [{finding.mistake}]"
    return f"{finding.tensor}: {finding.message}{code}"


def task(exercise: Exercise, path: Path, learn: str) -> str:
    """The next exercise: what to do, where, and how to go on with the command ``learn``."""
    lesson = next(exercise.path.parents[1].glob(f"{exercise.lesson:02}_*.py"), None)
    return "\n".join(
        [
            _bold(exercise.title) + (f"   (lesson: {shown(lesson)})" if lesson else ""),
            "",
            "\n\n".join(map(_wrapped, exercise.task.split("\n\n"))),
            "",
            f"Write it in {shown(path)}, between the marks. Then:",
            f"  {learn} check   is it right?",
            f"  {learn} watch   check it each time you save the file",
            f"  {learn} hint    one of {len(exercise.hints)} hints",
        ]
    )


def bar(progress: Progress, course: list[Exercise]) -> str:
    """How far the student is: ``[####······] 4 of 34``."""
    done = sum(exercise.name in progress.right for exercise in course)
    filled = round(BAR * done / len(course))
    return f"[{'#' * filled}{'·' * (BAR - filled)}] {done} of {len(course)} exercises"


def list_of(progress: Progress, course: list[Exercise]) -> str:
    """All exercises, with a mark at those that are right and at the next one."""
    following = progress.next(course)
    lines = []
    for exercise in course:
        mark = "✓" if exercise.name in progress.right else "→" if exercise is following else " "
        later = "  (for later)" if exercise.name in progress.skipped else ""
        lines.append(f"{mark} {exercise.title}{later}")
    return "\n".join(lines)


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _wrapped(paragraph: str) -> str:
    """Running text as wide as the terminal; formulas and lists, which are indented, as they are."""
    is_text = not any(line.startswith((" ", "*")) for line in paragraph.splitlines())
    return textwrap.fill(paragraph, _width(), break_on_hyphens=False) if is_text else paragraph


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns or 100, 100)  # 0: not known


def _item(words: str) -> list[str]:
    return [textwrap.fill(words, _width(), initial_indent="- ", subsequent_indent="  ",
                          break_on_hyphens=False, break_long_words=False)]  # fmt: skip


def _colored(state: str) -> str:
    return f"\033[{COLORS[state]};1m{state}\033[0m" if _in_color() else state


def _bold(words: str) -> str:
    return f"\033[1m{words}\033[0m" if _in_color() else words


def _in_color() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
