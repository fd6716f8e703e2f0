"""What a forward and a backward pass must do besides giving the right numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinyae.backend import Array, array_module, backend_name
from tinyae.checking.probe import INPUT, Pass, Probe, strided_copy
from tinyae.checking.report import Finding
from tinyae.errors import TinyaeError

__all__ = ["check_accumulation", "check_changes", "check_gradients", "check_layout", "check_output"]

AGREEMENT = 1e-9
"""How far two runs of the same computation may differ, relative to the largest number."""


def check_output(passed: Pass, again: Pass) -> Iterator[Finding]:
    """Is y a finite float64 array, and the same when forward is called again?"""
    y = passed.y
    xp = array_module(y)
    if y.dtype != "float64":
        yield Finding(
            "output",
            "wrong-shape",
            f"forward gave {y.dtype} for an input and weights of float64; compute in the type "
            "of x, without a conversion to a fixed one",
        )
    elif not xp.isfinite(y).all():
        bad = int((~xp.isfinite(y)).sum())
        yield Finding(
            "output", "not-finite", f"forward gave {bad} NaN or infinite values among {y.size}"
        )
    elif not agree(y, again.y):
        yield Finding(
            "output",
            "forward-inconsistent",
            "forward gave another output when called again with the same input; random numbers "
            "must come from the package's generator, which the check can hold "
            "(tinyae.backend.generator_for(x)), and nothing else may change from call to call",
        )


def check_changes(passed: Pass) -> Iterator[Finding]:
    """Was everything that should only be read left alone?"""
    for tensor, method in passed.changed:
        if tensor == INPUT:
            yield Finding(
                INPUT,
                "mutates-input",
                f"{method} changed x in place; whoever called still needs it: work on a new array",
            )
        elif tensor == "upstream":
            yield Finding(
                "upstream",
                "mutates-upstream",
                f"{method} changed dy in place; other branches may still need it: "
                "write dy * …, not dy *= …",
            )
        else:
            yield Finding(
                tensor,
                "updates-weights",
                f"{method} changed the value of {tensor}; updating weights is the optimizer's "
                "work, a pass only fills their gradients",
            )


def check_gradients(passed: Pass, probe: Probe) -> Iterator[Finding]:
    """Is every gradient a finite float64 array of its tensor's shape?"""
    for name, gradient in passed.gradients.items():
        if name in probe.names:
            mistake = _unfit(name, gradient, probe.tensors[name])
            if mistake:
                yield mistake


def _unfit(name: str, gradient: Any, tensor: Array) -> Finding | None:
    what = "backward returned" if name == INPUT else f"backward left in the gradient of {name}"
    if gradient is None:
        hint = "; is `return` missing?" if name == INPUT else ""
        return Finding(name, "wrong-shape", f"{what} None instead of an array{hint}")
    try:
        xp = array_module(gradient, tensor)
    except TinyaeError:
        kind = type(gradient).__name__
        home = backend_name(tensor)
        return Finding(name, "wrong-shape", f"{what} {kind} instead of a {home} array")
    if gradient.shape != tensor.shape:
        message = f"{what} the shape {gradient.shape}, expected {tensor.shape} as {name} has"
        return Finding(name, "wrong-shape", message)
    if gradient.dtype != tensor.dtype:
        message = f"{what} {gradient.dtype}, expected {tensor.dtype} as {name} has"
        return Finding(name, "wrong-shape", message)
    if not xp.isfinite(gradient).all():
        bad = int((~xp.isfinite(gradient)).sum())
        message = f"{what} {bad} NaN or infinite values among {gradient.size}"
        return Finding(name, "not-finite", message)
    return None


def check_accumulation(passed: Pass, probe: Probe, fit: list[str]) -> Iterator[Finding]:
    """Is a second backward pass *added* to what the gradients hold?"""
    generator = np.random.default_rng([probe.seed, 4])
    held = {}
    for name in probe.parameters:
        tensor = probe.tensors[name]
        held[name] = array_module(tensor).asarray(generator.standard_normal(tensor.shape))
    again = probe.run(grads=held)
    if again.failure:
        yield Finding(INPUT, "raises", f"when the same pass was run again, {again.failure}")
        return
    for name in fit:
        first, second = passed.gradients[name], again.gradients[name]
        if _unfit(name, second, first) is None:
            if agree(second, held[name] + first if name in held else first):
                continue
            if name in held and agree(second, first):
                yield Finding(
                    name,
                    "overwritten",
                    f"backward replaced the gradient that {name} held; the gradients of several "
                    "passes add up until zero_grad() clears them: write += instead of =",
                )
                continue
        yield Finding(
            name,
            "depends-on-state",
            f"backward gave {name} another gradient when the same pass was run again",
        )


def check_layout(passed: Pass, probe: Probe, fit: list[str]) -> Iterator[Finding]:
    """Do x and dy that lie scattered in memory give the same numbers?

    Another order in memory rounds differently, and rounding can decide a tie, so a difference
    counts only if it is also there where no two numbers are equal.
    """
    differences = _layout_differences(passed, probe, fit)
    if differences:
        moved = probe.nearby()
        confirmed = _layout_differences(moved[1], moved[0], fit) if moved else differences
        differences = {name: differences[name] for name in differences.keys() & confirmed.keys()}
    for name, difference in sorted(differences.items()):
        yield Finding(
            name,
            "depends-on-layout",
            f"with x and dy that are not contiguous in memory (such as a transposed array), "
            f"{difference}",
        )


def _layout_differences(passed: Pass, probe: Probe, fit: list[str]) -> dict[str, str]:
    try:
        scattered = probe.run(layout=strided_copy)
    except TinyaeError as reason:
        return {INPUT: str(reason)}
    if scattered.failure:
        return {INPUT: scattered.failure}
    if not agree(scattered.y, passed.y):
        return {"output": "forward gives another output"}
    typical = float(abs(probe.dy).max())
    return {
        name: f"backward gives {name} another gradient"
        for name in fit
        if _unfit(name, scattered.gradients[name], passed.gradients[name])
        or not agree(scattered.gradients[name], passed.gradients[name], typical)
    }


def agree(array: Array, other: Array, typical: float = 0.0) -> bool:
    """Whether two runs gave the same numbers, up to the rounding of ``typical`` ones."""
    xp = array_module(array, other)
    if array.shape != other.shape:
        return False
    size = max(float(xp.abs(array).max()), float(xp.abs(other).max()), typical)
    return float(xp.abs(array - other).max()) <= AGREEMENT * size
