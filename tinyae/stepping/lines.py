"""The lines of one method as they run, and what each of them made or changed."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from tinyae.backend import to_numpy
from tinyae.layers.module import Parameter
from tinyae.stepping.snapshot import Snapshot

__all__ = ["Line", "LineWatch", "Source", "source_of"]

MOST_LINES = 100
"""Kept of one call; a loop may run through more."""


@dataclass(frozen=True)
class Source:
    """A method as it is written.

    Attributes
    ----------
    file : str
        Name of its file, without folders.
    first : int
        Number of its first line.
    text : str
        Its lines, without the indentation that all of them share.
    docstring : (int, int)
        Numbers of the first and the last line of its docstring; (0, 0) without one.
    """

    file: str
    first: int
    text: str
    docstring: tuple[int, int] = (0, 0)

    def line_with(self, words: str) -> int | None:
        """The number of the first line that has these words in it."""
        lines = self.text.split("\n")
        found = (number for number, line in enumerate(lines, self.first) if words in line)
        return next(found, None)


@dataclass(frozen=True)
class Line:
    """A statement that ran.

    Attributes
    ----------
    number, last : int
        Its first and its last line in the file.
    arrays : dict of str to Snapshot
        What it made or changed, by the names that the code has for them.
    values : dict of str to str
        Numbers and tuples that it made, as they are printed.
    """

    number: int
    last: int
    arrays: dict[str, Snapshot] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


@functools.lru_cache(maxsize=256)
def source_of(function: Callable) -> Source | None:
    """The source of a function, or None where there is no file of it."""
    function = inspect.unwrap(function)
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return None
    file = (inspect.getsourcefile(function) or "").replace("\\", "/").rpartition("/")[2]
    text = textwrap.dedent("".join(lines)).rstrip("\n")
    return Source(file, first, text, _docstring(text, first - 1))


def _docstring(text: str, shift: int) -> tuple[int, int]:
    """The lines of a function's docstring."""
    (function,) = ast.parse(text).body
    body = getattr(function, "body", [])
    if not body or ast.get_docstring(function) is None:  # type: ignore[arg-type]
        return 0, 0
    return body[0].lineno + shift, (body[0].end_lineno or 0) + shift


class LineWatch:
    """Follows one call of a method, line by line, inside a ``with`` block.

    Parameters
    ----------
    function : callable
        The method, undecorated or not.
    owner : object
        Its ``self``.
    result : str
        What its return value is called.
    snapshot : callable
        From a name and an array to a ``Snapshot``.
    pause, resume : callable
        Called around all that is no part of the method itself.

    Attributes
    ----------
    lines : list of Line
    left_out : int
        Lines that ran beyond the first ``MOST_LINES``.
    """

    def __init__(
        self,
        function: Callable,
        owner: Any,
        result: str,
        snapshot: Callable[[str, Any], Snapshot],
        pause: Callable[[], None],
        resume: Callable[[], None],
    ) -> None:
        function = inspect.unwrap(function)
        self.code: CodeType = function.__code__
        self.statements = _statements(source_of(function))
        self.owner, self.result, self.snapshot = owner, result, snapshot
        self.pause, self.resume = pause, resume
        self.lines: list[Line] = []
        self.left_out = 0
        self.running: tuple[int, int] | None = None
        self.frame: FrameType | None = None

    def __enter__(self) -> LineWatch:
        self.before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self.before)
        self.frame = None

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code is not self.code or self.frame is not None:
            return None
        self.frame = frame
        self.pause()
        self.arrays, self.values = self._look(frame)
        self.resume()
        return self._event

    def _event(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            number = frame.f_lineno
            statement = self.statements.get(number, (number, number))
            if statement != self.running:
                self._finish(frame)
                self.running = statement
        elif event == "return":
            self._finish(frame, argument)
        return self._event

    def _finish(self, frame: FrameType, returned: Any = None) -> None:
        """Note what the statement that has just run made or changed."""
        if self.running is None:
            return
        if len(self.lines) >= MOST_LINES:
            self.left_out += 1
            return
        self.pause()
        arrays, values = self._look(frame)
        line = Line(*self.running)
        for name, (array, mark) in arrays.items():
            old = self.arrays.get(name)
            if old is None or old[1] != mark or old[0] is not array:
                line.arrays[name] = self.snapshot(name, array)
        for name, value in values.items():
            if self.values.get(name) != value:
                line.values[name] = value
        for name, array in _returned(self.result, returned).items():
            line.arrays[name] = self.snapshot(name, array)
        self.arrays, self.values = arrays, values
        self.lines.append(line)
        self.resume()

    def _look(self, frame: FrameType) -> tuple[dict[str, tuple[Any, int]], dict[str, str]]:
        """Arrays with a mark of their content, and plain values, by their names in the code."""
        names = {name: value for name, value in frame.f_locals.items() if value is not self.owner}
        names.update({f"self.{name}": value for name, value in vars(self.owner).items()})
        for name, value in list(names.items()):
            if isinstance(value, Parameter):
                names[f"{name}.value"], names[f"{name}.grad"] = value.value, value.grad
        arrays = {name: (a, _mark(a)) for name, a in names.items() if _is_array(a)}
        values = {name: repr(v) for name, v in names.items() if _is_plain(v)}
        return arrays, values


def _returned(result: str, returned: Any) -> dict[str, Any]:
    """The arrays that a method returned: one, or several by their names."""
    if _is_array(returned):
        return {result: returned}
    if isinstance(returned, tuple):
        names = result.split(", ")
        return {name: a for name, a in zip(names, returned, strict=False) if _is_array(a)}
    return {}


def _is_array(value: Any) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return kind in ("f", "i", "u", "b") and isinstance(value.shape, tuple)


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return 0 < len(value) <= 8 and all(isinstance(part, int) for part in value)
    return isinstance(value, int | float) and not _is_array(value)


def _mark(array: Any) -> int:
    return zlib.crc32(np.ascontiguousarray(to_numpy(array)).data)


@functools.lru_cache(maxsize=256)
def _statements(source: Source | None) -> dict[int, tuple[int, int]]:
    """For each line of a method, the first and the last line of the statement it belongs to."""
    if source is None:
        return {}
    found: dict[int, tuple[int, int]] = {}
    shift = source.first - 1
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
            body = getattr(node, "body", None)
            last = (body[0].lineno - 1 if body else node.end_lineno) or node.lineno
            last = max(last, node.lineno)
            for number in range(node.lineno, last + 1):
                found[number + shift] = (node.lineno + shift, last + shift)
    return found
