"""Arguments held against the annotations of their function, before anything is done with them."""

from __future__ import annotations

import builtins
import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, TypeVar, get_origin

import numpy as np

from tinyae.errors import TinyaeError, refuse_size

__all__ = ["check_arguments", "checked", "signature"]

Function = TypeVar("Function", bound=Callable[..., Any])

LARGEST = 2**31
"""Whole numbers that count or measure something are below it; a seed may be any."""


def checked(function: Function) -> Function:
    """Have a function refuse, by name, every argument of another type than it is annotated with.

    Ranges and shapes are its own affair, but sizes that do not fit in memory are told as a
    refusal, too. What is annotated ``Any`` is not looked at.
    """

    @functools.wraps(function)
    def careful(*args: Any, **kwargs: Any) -> Any:
        arguments = signature(function).bind(*args, **kwargs).arguments
        owner = function.__qualname__.removesuffix(".__init__")
        check_arguments(owner, function, arguments)
        try:
            return function(*args, **kwargs)
        except (MemoryError, ValueError) as reason:
            refuse_size(owner, reason)
            raise

    return careful  # type: ignore[return-value]


def check_arguments(owner: str, function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Refuse what does not fit the annotations of a function.

    Raises
    ------
    TinyaeError
        Names the owner, the argument, what was expected and what came.
    """
    for name, annotation in _annotations(function).items():
        if name not in given:
            continue
        words, fits = [], False
        for word, test in _alternatives(annotation, function):
            words.append(word)
            fits = fits or test(given[name])
        if words and not fits:
            raise TinyaeError(
                f"{owner}: expected {name} to be {' or '.join(words)}, got {_brief(given[name])}"
            )
        if name == "seed" and _is_whole(given[name]) and given[name] < 0:
            raise TinyaeError(
                f"{owner}: expected seed to be an integer of at least 0, got {given[name]}"
            )
        counts = "int" in _split(annotation) and name != "seed"
        if counts and _is_whole(given[name]) and abs(given[name]) >= LARGEST:
            raise TinyaeError(f"{owner}: expected {name} to be below 2³¹, got {given[name]}")


@functools.cache
def signature(function: Callable[..., Any]) -> inspect.Signature:
    """The arguments that a function or a class takes."""
    return inspect.signature(function)


@functools.cache
def _annotations(function: Callable[..., Any]) -> dict[str, str]:
    """The annotations of the plain arguments, as they are written in the file."""
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {
        name: parameter.annotation
        for name, parameter in signature(function).parameters.items()
        if parameter.kind in plain and isinstance(parameter.annotation, str)
        and parameter.annotation
    }  # fmt: skip


def _alternatives(annotation: str, function: Callable[..., Any]) -> Iterator[tuple[str, Callable]]:
    """The types in an annotation, in words and as tests; none where one of them is not known."""
    found = []
    for part in _split(annotation):
        head = part.partition("[")[0]
        cls = inspect.unwrap(function).__globals__.get(head, getattr(builtins, head, None))
        if part in KINDS or head in KINDS:
            found.append(KINDS[part if part in KINDS else head])
        elif _is_class(cls):
            found.append((f"a {head}", functools.partial(_is_a, cls)))
        else:
            return iter(())
    return iter(found)


def _is_class(cls: Any) -> bool:
    """Whether instances can be told from others: not so for ``Any``, ``list[int]``, protocols."""
    is_plain = isinstance(cls, type) and get_origin(cls) is None and cls is not Any
    return is_plain and getattr(cls, "_is_runtime_protocol", True)


def _split(annotation: str) -> list[str]:
    """The parts between bars, those inside brackets left alone."""
    parts, depth = [""], 0
    for sign in annotation:
        depth += (sign in "[(") - (sign in "])")
        if sign == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _is_a(cls: type, value: Any) -> bool:
    """An array of no axes has a length and an order in name only."""
    return isinstance(value, cls) and getattr(value, "shape", None) != ()


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return _is_whole(value) and abs(value) < LARGEST


def _is_real(value: Any) -> bool:
    if isinstance(value, Integral):
        return not isinstance(value, bool) and abs(int(value)) < 2**63
    return isinstance(value, Real)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool | np.bool_) or (_is_whole(value) and value in (0, 1))


def _is_array(value: Any) -> bool:
    """Of numbers, of any backend, a tensor of another package among them."""
    is_array = hasattr(value, "shape") and hasattr(value, "dtype")
    return is_array and getattr(value.dtype, "kind", "f") in "fiubc"


def _is_sequence(value: Any) -> bool:
    if hasattr(value, "shape"):
        return len(value.shape) > 0
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _row(of: Callable[[Any], bool], length: int | None = None) -> Callable[[Any], bool]:
    """A test for lists and tuples of something."""

    def fits(value: Any) -> bool:
        row = isinstance(value, list | tuple | range)
        return row and length in (None, len(value)) and all(map(of, value))

    return fits


KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "None": ("None", lambda value: value is None),
    "int": ("an integer", _is_whole),
    "float": ("a number", _is_real),
    "bool": ("True or False", _is_flag),
    "str": ("a text", functools.partial(_is_a, str)),
    "Array": ("an array", _is_array),
    "np.ndarray": ("an array", _is_array),
    "Pair": ("two integers", _row(_is_size, 2)),
    "Sequence[int]": ("a list of integers", _row(_is_size)),
    "tuple[int, ...]": ("a tuple of integers", _row(_is_size)),
    "tuple[float, float]": ("two numbers", _row(_is_real, 2)),
    "os.PathLike": ("a path", functools.partial(_is_a, os.PathLike)),
    "Mapping": ("a dictionary", functools.partial(_is_a, Mapping)),
    "Sequence": ("a list", _is_sequence),
    "Callable": ("a function", callable),
}
"""Types as annotations name them: in words, and as a test."""


def _brief(value: Any) -> str:
    """What came, in a few words."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"an array {value.shape} of {value.dtype}"
    shown = repr(value)
    return shown if len(shown) <= 40 else type(value).__name__
