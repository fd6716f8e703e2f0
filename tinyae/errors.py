"""The one kind of refusal that this package knows."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

__all__ = ["TinyaeError", "TooLargeError", "check_choice", "near_names", "readable", "refuse_size"]

LONGEST = 600
"""Characters of a stranger's text that are shown."""

TOO_LARGE = ("array is too big", "Maximum allowed dimension")
"""How NumPy begins a ``ValueError`` for more bytes than it can count."""


class TinyaeError(ValueError):
    """Something was given that cannot be used.

    The message names the thing that refuses, what it expected and what came:
    ``Linear(784, 128): expected input (N, 784), got (32, 28, 28)``.
    """


class TooLargeError(TinyaeError, MemoryError):
    """Sizes were given whose arrays do not fit in memory."""


def refuse_size(owner: str, reason: Exception) -> None:
    """Turn what NumPy raises for arrays that do not fit into a refusal that names who asked.

    For anything else nothing happens: ``raise`` it again.

    Raises
    ------
    TooLargeError
    """
    too_large = isinstance(reason, MemoryError) or str(reason).startswith(TOO_LARGE)
    if too_large and not isinstance(reason, TinyaeError):
        raise TooLargeError(
            f"{owner}: expected sizes whose arrays fit in memory: {str(reason) or 'they do not'}"
        ) from reason


def near_names(name: object, known: Iterable[str]) -> str:
    """What to add to a refusal of ``name``: "; did you mean 'conv-vae'?", or nothing."""
    near = difflib.get_close_matches(str(name).lower(), list(known), n=2)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def check_choice(owner: str, argument: str, value: object, known: Collection[str]) -> None:
    """Refuse a value that is none of the known ones."""
    if not isinstance(value, str) or value not in known:
        hint = near_names(value, known) if isinstance(value, str) else ""
        words = ", ".join(map(repr, known))
        raise TinyaeError(f"{owner}: expected {argument} to be one of {words}, got {value!r}{hint}")


def readable(text: object) -> str:
    """A text from a stranger's file as one may show it: it neither floods nor steers a terminal."""
    shown = str(text)
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST // 2]} … {shown[-LONGEST // 2 :]}"
    return "".join(sign if sign.isprintable() else "�" for sign in shown)
