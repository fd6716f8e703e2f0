"""A student's file, run and judged in the process that calls: see ``sandbox`` for one apart."""

from __future__ import annotations

import ast
import linecache
import sys
import traceback
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tinyae.checking.report import Finding, Report
from tinyae.errors import TinyaeError
from tinyae.grading.exercises import UNWRITTEN, Exercise, load
from tinyae.grading.trial import anything_to_check, try_file

__all__ = ["NOT_STARTED", "RIGHT", "WRONG", "Grade", "evaluate"]

NOT_STARTED, WRONG, RIGHT = "not started", "wrong", "right"
MODULE = "student"


@dataclass
class Grade:
    """What came of a file.

    Attributes
    ----------
    file : str
    state : str
        ``"not started"``, ``"wrong"`` or ``"right"``.
    exercise : str or None
        Its name; ``None`` for a file of the student's own.
    findings : list of Finding
        What is wrong.
    warnings : list of str
    checked : list of str
        What was looked at, a line each.
    output : str
        The end of what the code printed.
    """

    file: str
    state: str
    exercise: str | None = None
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    output: str = ""

    def as_json(self) -> dict[str, Any]:
        """For other programs: findings as objects with ``tensor``, ``mistake``, ``message``."""
        findings = [
            {"tensor": f.tensor, "mistake": f.mistake, "message": f.message} for f in self.findings
        ]
        return {**asdict(self), "findings": findings}


def evaluate(source: str, path: Path, exercise: Exercise | None) -> Grade:
    """Run a student's source and judge it; whatever it raises becomes a finding.

    Parameters
    ----------
    source : str
    path : Path
        Where it comes from, for messages.
    exercise : Exercise, optional
        ``None`` looks for layers and checks the gradients of each.

    Raises
    ------
    TinyaeError
        For a file of the student's own without anything to be checked.
    """
    grade = Grade(str(path), RIGHT, exercise.name if exercise else None)
    linecache.cache[str(path)] = (len(source), None, source.splitlines(True), str(path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grade = _evaluate(grade, source, path, exercise)
    if any("NotImplementedError" in finding.message for finding in grade.findings):
        return _unwritten(grade, source, exercise)
    return grade


def _evaluate(grade: Grade, source: str, path: Path, exercise: Exercise | None) -> Grade:
    try:
        tree = ast.parse(source, str(path))
        if exercise and _same_code(tree, exercise.stub):
            grade.state = NOT_STARTED
            return grade
        student = _run(source, path)
    except BaseException as reason:  # the student's file may do anything, sys.exit included
        return _raised(grade, reason, path)
    if not exercise and not anything_to_check(student):
        raise TinyaeError(
            f"check: expected an exercise of the course, or a file with a class that derives from "
            f"ta.Layer (or a function gaussian_kl, reparameterize or sample), got {path.name} with "
            "neither"
        )
    try:
        results = load(exercise).check(Student(student)) if exercise else try_file(student, grade)
        _judge(grade, results)
    except BaseException as reason:
        return _raised(grade, reason, path)
    return grade


class Student:
    """The names of a student's file, as the checks ask for them."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._module, name)
        except AttributeError:
            raise TinyaeError(f"the file has no {name!r}; was it renamed or deleted?") from None


def _same_code(tree: ast.AST, stub: str) -> bool:
    """Whether only comments and blanks differ."""
    return ast.dump(tree) == ast.dump(ast.parse(stub))


def _run(source: str, path: Path) -> ModuleType:
    """The file as a module of its own, so that its classes can be copied."""
    module = ModuleType(MODULE)
    module.__file__ = str(Path.cwd() / path.name)
    sys.modules[MODULE] = module
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def _judge(grade: Grade, results: Any) -> None:
    """Collect what the steps find; of an exercise, up to the first one that finds something."""
    for findings, cautions in map(_of_step, results):
        grade.warnings += [str(caution) for caution in cautions]
        grade.findings += findings
        if findings and grade.exercise:
            break
    grade.state = WRONG if grade.findings else RIGHT


def _of_step(step: Any) -> tuple[list[Finding], list[Any]]:
    if isinstance(step, Report):
        return list(step.findings), list(step.warnings)
    if isinstance(step, Finding):
        return [step], []
    return list(step), []


def _unwritten(grade: Grade, source: str, exercise: Exercise | None) -> Grade:
    """A stub, or one of its parts, is still there."""
    left = source.count(UNWRITTEN)
    if exercise and left < exercise.stub.count(UNWRITTEN):
        message = "a part is not written yet: it still raises NotImplementedError"
        grade.state, grade.findings = WRONG, [Finding("code", "unfinished", message)]
    else:
        grade.state, grade.findings = NOT_STARTED, []
    return grade


def _raised(grade: Grade, reason: BaseException, path: Path) -> Grade:
    """The sentence about what was raised, with the student's line."""
    line = _line_of(reason, path)
    shown = linecache.getline(str(path), line or 0).strip()
    where = f"line {line}{f', `{shown}`' if shown else ''}: " if line else ""
    is_syntax = isinstance(reason, SyntaxError) or "null bytes" in str(reason)  # before 3.12
    code = "syntax-error" if is_syntax else "raises"
    grade.state = WRONG
    grade.findings = [Finding("code", code, where + _sentence(reason, bool(line)))]
    return grade


def _line_of(reason: BaseException, path: Path) -> int | None:
    if isinstance(reason, SyntaxError) and reason.filename == str(path):
        return reason.lineno
    frames = traceback.extract_tb(reason.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)


def _sentence(reason: BaseException, in_file: bool) -> str:
    kind, text = type(reason).__name__, str(reason)
    if isinstance(reason, SyntaxError):
        return f"this is no Python: {reason.msg}"
    if isinstance(reason, ModuleNotFoundError):
        return f"there is no module {reason.name!r} here; Python, NumPy and tinyae are enough"
    if isinstance(reason, SystemExit):
        return "the code ended the program (sys.exit or quit); leave that out"
    if isinstance(reason, RecursionError):
        return "a function calls itself without end (RecursionError)"
    if isinstance(reason, MemoryError):
        return f"the code asked for more memory than a check has; are the shapes right? {text}"
    if isinstance(reason, EOFError):
        return "the code asks for input; a check has nobody to answer"
    if isinstance(reason, TinyaeError):
        return f"{text}: is `return` missing?" if text.endswith("got NoneType") else text
    if in_file:
        cause = "the shapes do not fit: " if _is_about_shapes(reason) else ""
        return f"{cause}{kind}: {text}" if text else kind
    if "NoneType" in text:
        return f"a function gave None where results were expected: is `return` missing? ({text})"
    return f"the check could not work with what the code gave: {kind}: {text}"


def _is_about_shapes(reason: BaseException) -> bool:
    words = ("mismatch", "broadcast", "not aligned", "cannot reshape")
    return isinstance(reason, ValueError) and any(word in str(reason) for word in words)
