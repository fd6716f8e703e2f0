"""The one kind of refusal that this package knows."""

from __future__ import annotations

__all__ = ["TinyaeError"]


class TinyaeError(ValueError):
    """Something was given that cannot be used.

    The message names the thing that refuses, what it expected and what came:
    ``Linear(784, 128): expected input (N, 784), got (32, 28, 28)``.
    """
