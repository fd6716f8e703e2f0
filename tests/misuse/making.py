"""What good calls are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinyae as ta
from tests.misuse.values import Good


def ones(*shape: int, dtype: str = "float32") -> Any:
    return np.ones(shape, dtype)


def random(*shape: int) -> Any:
    return np.random.default_rng(0).uniform(0.1, 0.9, shape).astype("float32")


def call(function: Any, /, **arguments: Any) -> Good:
    return lambda: (function, dict(arguments))


def fresh(build: Any, method: str, **arguments: Any) -> Good:
    """A call of a method that changes its object, which is built anew for each call."""
    return lambda: (getattr(build(), method), dict(arguments))


def linear() -> Any:
    return ta.Linear(3, 2)
