"""A method compiled once more, with every assignment to a name reported."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

__all__ = ["rewritten"]

WATCH = "_watch_assignment"


def rewritten(
    method: Callable, watch: Callable[[str, int, Any, bool], Any], aliases: bool = False
) -> Callable | None:
    """``method`` with ``name = value`` turned into ``name = watch("name", line, value, False)``.

    ``self.name = value`` counts as well, and so do ``*=`` and the like (the last argument is
    True for ``+=`` and ``-=``); ``name = other``, a second name for the same array, only with
    ``aliases``. None where there is no source to be read.
    """
    function: Any = inspect.unwrap(method)
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        return None
    definition.decorator_list = []
    ast.increment_lineno(tree, first - 1)
    _Reporter(aliases).visit(definition)
    tree.body = [_inside_of(definition, function.__code__.co_freevars)]
    code = compile(ast.fix_missing_locations(tree), inspect.getfile(function), "exec")
    names = {**function.__globals__, WATCH: watch}
    exec(code, names)
    return names["_with_cells"](*(cell.cell_contents for cell in function.__closure__ or ()))


def _inside_of(definition: ast.FunctionDef, cells: tuple[str, ...]) -> ast.stmt:
    """A function that gives the definition the variables it had around it (``super()``, too)."""
    outer = ast.parse(f"def _with_cells({', '.join(cells)}):\n    return {definition.name}").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body.insert(0, definition)
    return outer


class _Reporter(ast.NodeTransformer):
    """Wraps what is assigned."""

    def __init__(self, aliases: bool) -> None:
        self.aliases, self.depth = aliases, 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.depth += 1
        if self.depth == 1:
            self.generic_visit(node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        name = _name_of(node.targets[0])
        is_alias = isinstance(node.value, ast.Attribute | ast.Name)
        if len(node.targets) == 1 and name and (self.aliases or not is_alias):
            node.value = _report(name, node, node.value)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST | list[ast.stmt]:
        name = _name_of(node.target)
        if not name:
            return node
        words = ast.unparse(node.target)
        again = ast.parse(f"{words} = {words}").body[0]
        assert isinstance(again, ast.Assign)
        is_sum = isinstance(node.op, ast.Add | ast.Sub)
        again.value = _report(name, node, again.value, is_sum)
        for part in ast.walk(again):
            ast.copy_location(part, node)
        return [node, again]


def _name_of(target: ast.expr) -> str:
    """The name of a local array, or of an attribute of self."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        return target.attr if target.value.id == "self" else ""
    return ""


def _report(name: str, node: ast.stmt, value: ast.expr, is_sum: bool = False) -> ast.expr:
    words = [ast.Constant(name), ast.Constant(node.lineno), value, ast.Constant(is_sum)]
    return ast.copy_location(ast.Call(ast.Name(WATCH, ast.Load()), words, []), value)
