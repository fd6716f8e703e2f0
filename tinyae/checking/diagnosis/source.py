"""Where in a student's code a gradient is written."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tinyae.checking.probe import INPUT

__all__ = ["Place", "place_of", "place_of_call", "place_of_change"]


class Place(NamedTuple):
    """One line of a file."""

    file: str
    line: int
    code: str

    def __str__(self) -> str:
        return f"{Path(self.file).name}, line {self.line}: {self.code}"


def place_of(layer: Any, name: str) -> Place | None:
    """The line of ``backward`` that writes a tensor's gradient, as near as it can be told.

    For a parameter that is the line which assigns to ``self.NAME.grad``; for the input the
    last ``return``; where there is none, such as with ``super().backward(dy)``, the line of
    the ``def``. None for code without a file.
    """
    *path, attribute = name.split(".")
    for child in path:
        layer = getattr(layer, child)
    return _place(_backward_of(layer), lambda node: _writes(node, attribute))


def place_of_change(layer: Any, method: str) -> Place | None:
    """The line of ``forward`` or ``backward`` that changes the method's argument in place."""
    function = getattr(type(layer), method)
    argument = list(inspect.signature(function).parameters)[1:2]

    def changes(node: ast.AST) -> bool:
        if isinstance(node, ast.AugAssign):
            targets: list[ast.expr] = [node.target]
        elif isinstance(node, ast.Assign):
            targets = [target for target in node.targets if isinstance(target, ast.Subscript)]
        else:
            return False
        return any(ast.unparse(target).split("[")[0] in argument for target in targets)

    return _place(function, changes, otherwise_def=False)


def place_of_call(layer: Any, path: str) -> Place | None:
    """The line of a network's ``backward`` that calls the backward of one of its layers."""
    words = f"self.{path}.backward("
    return _place(
        type(layer).backward,
        lambda node: isinstance(node, ast.Call) and ast.unparse(node).startswith(words),
    )


def _place(
    method: Any, wanted: Callable[[ast.AST], bool], otherwise_def: bool = True
) -> Place | None:
    """The last line of a method with a node that is wanted."""
    function = inspect.unwrap(method)
    try:
        lines, first = inspect.getsourcelines(function)
        file = inspect.getsourcefile(function) or ""
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    nodes: list[Any] = [node for node in ast.walk(tree) if wanted(node)]
    if not nodes and otherwise_def:
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)][:1]
    if not nodes:
        return None
    number = max(node.lineno for node in nodes)
    return Place(file, first + number - 1, lines[number - 1].strip())


def _backward_of(layer: Any) -> Any:
    """The method with the formula: of a loss it is ``gradient``, if it has one of its own."""
    loss = getattr(layer, "loss", None)
    if loss is None or not hasattr(loss, "backward"):
        return type(layer).backward
    has_gradient = "gradient" in vars(type(loss)) and "backward" not in vars(type(loss))
    return type(loss).gradient if has_gradient else type(loss).backward


def _writes(node: ast.AST, attribute: str) -> bool:
    """Whether a statement writes ``self.attribute.grad``, or returns the input's gradient."""
    if attribute == INPUT:
        return isinstance(node, ast.Return)
    if not isinstance(node, (ast.Assign, ast.AugAssign)):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(f"self.{attribute}.grad" in ast.unparse(target) for target in targets)
