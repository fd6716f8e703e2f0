"""A student's own layers, without an exercise: build each with what fits, and check it.

The two functions that a VAE needs besides are checked under their usual names.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from tinyae.backend import fixed_seed
from tinyae.checking import check_kl, check_sampling, gradcheck
from tinyae.checking.report import Finding, Report
from tinyae.errors import TinyaeError
from tinyae.layers import Layer

__all__ = ["anything_to_check", "try_file"]

VALUES = {
    "in_features": 5,
    "out_features": 4,
    "in_channels": 2,
    "out_channels": 3,
    "channels": 3,
    "num_features": 5,
    "features": 5,
    "kernel_size": 3,
    "stride": 2,
    "padding": 1,
    "p": 0.5,
    "eps": 1e-5,
    "momentum": 0.1,
    "negative_slope": 0.01,
    "slope": 0.01,
}
"""What constructor arguments without a default are tried with, by name."""

BY_PLACE = (5, 4, 3, 2)
"""And those with another name, by place."""

SHAPES = ((6, 5), (3, 2, 7, 6), (3, 5, 7, 6), (3, 5, 4), (5,))
"""Inputs to try: rows of 5 numbers first, then images of 2 and of 5 channels."""


FUNCTIONS = {
    "gaussian_kl": check_kl,
    "reparameterize": check_sampling,
    "sample": check_sampling,
}
"""Functions of (mean, log_var) that are known by their names."""


def anything_to_check(student: ModuleType) -> bool:
    """Whether a file defines a layer or one of the known functions."""
    return bool(_layers(student) or _functions(student))


def _functions(student: ModuleType) -> list[str]:
    return [
        name
        for name in FUNCTIONS
        if inspect.isfunction(thing := getattr(student, name, None))
        and thing.__module__ == student.__name__
        and len(inspect.signature(thing).parameters) == 2
    ]


def _layers(student: ModuleType) -> list[type[Layer]]:
    """The subclasses of ``Layer`` that the file itself defines, in its order."""
    return [
        thing
        for thing in vars(student).values()
        if isinstance(thing, type)
        and issubclass(thing, Layer)
        and thing.__module__ == student.__name__
    ]


def try_file(student: ModuleType, grade: Any) -> Iterator[Report | list[Finding]]:
    """Check all that a file defines; ``grade.checked`` says what that was.

    A module-level ``layer`` with an ``x`` stands for its class.
    """
    given, x = getattr(student, "layer", None), getattr(student, "x", None)
    checked = None
    if isinstance(given, Layer) and isinstance(x, np.ndarray):
        checked = type(given)
        grade.checked.append(f"gradients of {given.label}, the file's own, input {x.shape}")
        yield _checked(given, x, type(given).__name__)
    for kind in _layers(student):
        if kind is not checked:
            yield _try(kind, grade)
    for name in _functions(student):
        grade.checked.append(f"{name}(mean, log_var), by {FUNCTIONS[name].__name__}")
        yield FUNCTIONS[name](getattr(student, name))


def _try(kind: type[Layer], grade: Any) -> Report | list[Finding]:
    try:
        with fixed_seed(0):
            layer = kind(*_arguments(kind))
    except NotImplementedError:
        raise
    except Exception as reason:
        return [_unbuilt(kind, f"{kind.__name__}(…) raised {type(reason).__name__}: {reason}")]
    failures: dict[tuple[int, ...], Exception] = {}
    for shape in SHAPES:
        x = np.random.default_rng(0).standard_normal(shape)
        try:
            layer.astype("float64").forward(x)
        except NotImplementedError:
            raise
        except Exception as reason:
            failures[shape] = reason
            continue
        grade.checked.append(f"gradients of {_built(layer, kind)}, input {shape}")
        return _checked(layer, x, kind.__name__)
    first = failures[SHAPES[0]]
    if len(set(map(repr, failures.values()))) == 1:
        raise first  # whatever the shape: no matter of the input
    message = f"for x {SHAPES[0]} forward raised {type(first).__name__}: {first}"
    return [_unbuilt(kind, message)]


def _checked(layer: Layer, x: np.ndarray, name: str) -> Report:
    """The report with the layer's name on every finding."""
    report = gradcheck(layer, x)
    report.findings = [
        Finding(f"{name}.{f.tensor}", *[getattr(f, k) for k in ("mistake", "message")])
        for f in report.findings
    ]
    return report


def _arguments(kind: type[Layer]) -> list[Any]:
    """A value for each constructor argument without a default."""
    wanted = [
        p
        for p in inspect.signature(kind).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if len(wanted) > len(BY_PLACE):
        raise TinyaeError(f"{len(wanted)} arguments without a default")
    return [VALUES.get(p.name, BY_PLACE[i]) for i, p in enumerate(wanted)]


def _built(layer: Layer, kind: type[Layer]) -> str:
    return f"{kind.__name__}({', '.join(map(str, _arguments(kind)))})"


def _unbuilt(kind: type[Layer], failure: str) -> Finding:
    return Finding(
        kind.__name__,
        "not-checked",
        f"{failure}; to say how it is to be checked, end the file with a `layer = "
        f"{kind.__name__}(…)` and an input `x = np.random.default_rng(0).standard_normal(…)`",
    )
