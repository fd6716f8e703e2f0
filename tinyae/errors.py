"""The one kind of refusal that this package knows."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

__all__ = ["TinyaeError", "check_choice", "near_names"]


class TinyaeError(ValueError):
    """Something was given that cannot be used.

    The message names the thing that refuses, what it expected and what came:
    ``Linear(784, 128): expected input (N, 784), got (32, 28, 28)``.
    """


def near_names(name: object, known: Iterable[str]) -> str:
    """What to add to a refusal of ``name``: "; did you mean 'conv-vae'?", or nothing."""
    near = difflib.get_close_matches(str(name).lower(), list(known), n=2)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def check_choice(owner: str, argument: str, value: object, known: Collection[str]) -> None:
    """Refuse a value that is none of the known ones."""
    if value not in known:
        hint = near_names(value, known)
        words = ", ".join(map(repr, known))
        raise TinyaeError(f"{owner}: expected {argument} to be one of {words}, got {value!r}{hint}")
