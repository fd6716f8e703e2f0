"""What is handed in where it does not belong, and how it is judged what came out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import tinyae as ta

Good = Callable[[], tuple[Callable[..., Any], dict[str, Any]]]
"""Makes a call anew: what is called, and good arguments by name."""

BAD: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "a text": lambda: "nonsense",
    "bytes": lambda: b"\0\xff",
    "a negative number": lambda: -3,
    "zero": lambda: 0,
    "a fraction": lambda: 2.5,
    "NaN": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "a huge integer": lambda: 10**12,
    "an integer beyond all types": lambda: 10**30,
    "a complex number": lambda: 1j,
    "an empty list": lambda: [],
    "a list of texts": lambda: ["a", "b"],
    "a list of numbers": lambda: [1, 2, 3],
    "a huge shape": lambda: (10**12, 10**12),
    "an empty dictionary": lambda: {},
    "an object": object,
    "a class": lambda: int,
    "a number as array": lambda: np.float32(1)[...],
    "an empty array": lambda: np.zeros((0, 3), "float32"),
    "integers": lambda: np.ones((4, 3), "int64"),
    "bytes as array": lambda: np.ones((2, 2), "uint8"),
    "complex numbers": lambda: np.ones((4, 3), "complex64"),
    "objects": lambda: np.array([[object()] * 3] * 4),
    "texts": lambda: np.array([["a"] * 3] * 4),
    "NaN in an array": lambda: np.full((4, 3), np.nan, "float32"),
    "five axes": lambda: np.ones((1, 2, 1, 2, 1), "float32"),
    "another shape": lambda: np.ones((5, 7), "float32"),
    "a layer": lambda: ta.Linear(7, 2),
}

WORDS = {
    "x": ("input", "array", "images", "labels"),
    "y": ("labels",),
    "z": ("input",),
    "code": ("input",),
    "dy": ("upstream gradient",),
    "array": ("array", "shape"),
    "arrays": ("array",),
    "dtype": ("float type",),
    "layers": ("Layer at",),
    "name": ("backend", "expected one of"),
    "target": ("labels",),
    "prediction": ("labels",),
    "parameters": ("parameter", "Parameters"),
    "generator": ("Generator",),
    "encoder_lr": ("lr", "learning rate"),
    "lr": ("learning rate",),
    "noise": ("finite",),
    "data": ("input", "batch"),
    "model": ("Linear(7, 2)", "a model", "loss(x)", "Layer"),
    "layer": ("Linear(7, 2)", "Layer"),
    "epochs": ("one epoch",),
    "report_every": ("batch a report",),
    "forward": ("Linear(7, 2)",),
    "optimizer": ("parameters",),
    "sampler": ("check_sampling: expected",),
    "x_shape": ("input",),
    "index": ("indices", "index"),
    "input_shape": ("shape",),
    "sheets": ("images",),
    "true": ("reconstructed",),
    "path": ("expected", "cannot be written"),
}
"""How messages call an argument, where not by its name."""


FUNCTIONS = (
    "on_batch", "on_epoch", "function", "make", "like", "sampler", "forward", "backward"
)  # fmt: skip
"""Arguments that are called: what another function or layer raises in there is its own affair."""


def fits(argument: str, bad: str) -> bool:
    """Whether there is something to be refused."""
    return not (argument in FUNCTIONS and bad in ("a class", "a layer"))


def outcome(good: Good, argument: str, bad: Callable[[], Any]) -> str:
    """``""`` when the call took it or refused it well, else what was wrong with the refusal."""
    function, arguments = good()
    value = bad()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            if argument.startswith("*"):
                function(value, **arguments)
            else:
                function(**{**arguments, argument: value})
    except (ta.TinyaeError, TypeError) as reason:
        known = (argument.lstrip("*"), *WORDS.get(argument, ()))
        if any(word in str(reason) for word in known):
            return ""
        return f"does not name it: {type(reason).__name__}: {reason}"
    except Exception as reason:
        return f"{type(reason).__name__}: {reason}"
    return ""
