"""``ta.check_step``: does an optimizer go where a trusted one goes?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.checking.diagnosis.scale import factor_between
from tinyae.checking.report import Finding, Report
from tinyae.errors import TinyaeError
from tinyae.layers.module import Parameter

__all__ = ["check_step"]

Make = Callable[[list[Parameter]], Any]
"""Builds an optimizer of a list of parameters."""

SHAPES = ((4, 3), (5,))
STEPS = 5
CLOSE = 1e-9


@checked
def check_step(make: Make, like: Make, seed: int = 0) -> Report:
    """Take a few steps with an optimizer and with a trusted twin, on the same gradients.

    Parameters
    ----------
    make : callable
        Builds the optimizer from a list of two parameters:
        ``lambda parameters: MyAdam(parameters, lr=0.01)``.
    like : callable
        The same for the one that is trusted, with the same settings.
    seed : int
        Of the parameters and of the gradients.

    Returns
    -------
    Report
        Codes: ``mutates-upstream`` (a gradient was changed), ``not-in-place`` (the parameter's
        array was replaced), ``not-cleared`` (by zero_grad), ``zero`` (nothing moves),
        ``scaled``, ``missing-bias-correction``, ``missing-decay`` (a weight with gradient 0
        stays where it is), ``state-shared`` (right for one parameter, wrong for two),
        ``memory-lost`` (the first step is right, later ones are not), ``unknown``.
    """
    for name, build in (("make", make), ("like", like)):
        if not callable(build):
            raise TinyaeError(f"check_step: expected {name} to be a function, got {build!r}")
    report = Report("the steps of an optimizer", check="check_step")
    report.findings += _manners(make, seed)
    given, right = _path(make, seed), _path(like, seed)
    for number in range(len(SHAPES)):
        wrong = [
            step for step in range(STEPS) if not _close(given[step][number], right[step][number])
        ]
        if wrong:
            code, message = _cause(make, like, number, wrong[0], seed)
            tensor = f"parameter {number} {SHAPES[number]}"
            report.findings.append(Finding(tensor, code, f"at step {wrong[0] + 1} {message}"))
    return report


def _cause(make: Make, like: Make, number: int, step: int, seed: int) -> tuple[str, str]:
    alone = [_path(maker, seed, only=number)[step][0] for maker in (make, like)]
    if _close(*alone):
        return "state-shared", (
            "it is wrong, but right when it is the only parameter: each needs a state of its own"
        )
    given, right = (_path(maker, seed)[step][number] for maker in (make, like))
    if step > 0:
        still = [_path(maker, seed, size=0.0)[0][number] for maker in (make, like)]
        if _close(*still):
            return "memory-lost", (
                "it goes another way, though the steps before were right: what is kept from step "
                "to step (velocity, averages, their count) is wrong"
            )
    if not given.any():
        return "zero", "it does not move at all"
    still = [_path(maker, seed, size=0.0)[0][number] for maker in (make, like)]
    if not still[0].any() and still[1].any():
        return "missing-decay", (
            "it is off, and with a gradient of 0 it does not move, though weight decay should "
            "pull it to 0"
        )
    return _scaled(given, right, like)


def _scaled(given: np.ndarray, right: np.ndarray, like: Make) -> tuple[str, str]:
    factor = factor_between(given, right)
    if factor is None:
        return "unknown", (
            f"it moves by {given.flat[0]:.6g} where {right.flat[0]:.6g} is right (first element)"
        )
    group = like(_parameters(0)).param_groups[0]
    beta1, beta2 = group.get("betas", (0.0, 0.0))
    for value, words in (
        ((1 - beta1) / (1 - beta2) ** 0.5, "neither m nor v is divided by 1 − βᵗ"),
        (1 - beta1, "m is not divided by 1 − β₁ᵗ"),
        ((1 - beta2) ** -0.5, "v is not divided by 1 − β₂ᵗ"),
    ):
        if value != 1 and abs(factor / value - 1) < 1e-3:
            return (
                "missing-bias-correction",
                f"the step is {factor:.4g} times the right one: {words}",
            )
    sign = ": it climbs instead of descending" if factor < 0 else ""
    return "scaled", f"the step is {factor:.6g} times the right one{sign}"


def _manners(make: Make, seed: int) -> Iterator[Finding]:
    parameters = _parameters(seed)
    optimizer = make(parameters)
    _fill(parameters, seed, 0, 1.0)
    values = [parameter.value for parameter in parameters]
    gradients = [parameter.grad.copy() for parameter in parameters]
    optimizer.step()
    for number, parameter in enumerate(parameters):
        tensor = f"parameter {number} {SHAPES[number]}"
        if not np.array_equal(parameter.grad, gradients[number]):
            message = "step() changed the gradient, which belongs to whoever computed it"
            yield Finding(tensor, "mutates-upstream", message)
        if parameter.value is not values[number]:
            message = (
                "step() put a new array in the place of the value; whoever else holds the old one "
                "(a shared weight, a view) is left behind: write -= into it"
            )
            yield Finding(tensor, "not-in-place", message)

    if hasattr(optimizer, "zero_grad"):
        optimizer.zero_grad()
        if any(parameter.grad.any() for parameter in parameters):
            yield Finding(
                "gradients",
                "not-cleared",
                "zero_grad() leaves gradients as they are, so each step follows the sum of all "
                "since the beginning",
            )


def _path(
    make: Make, seed: int, only: int | None = None, size: float = 1.0
) -> list[list[np.ndarray]]:
    """How far each parameter has moved after each step."""
    parameters = _parameters(seed)
    chosen = parameters if only is None else [parameters[only]]
    start = [parameter.value.copy() for parameter in chosen]
    optimizer = make(chosen)
    path = []
    for step in range(STEPS):
        _fill(parameters, seed, step, size)
        optimizer.step()
        path.append([p.value - s for p, s in zip(chosen, start, strict=True)])
    return path


def _parameters(seed: int) -> list[Parameter]:
    generator = np.random.default_rng([seed, 1])
    parameters = [Parameter(generator.standard_normal(shape)) for shape in SHAPES]
    for parameter in parameters:
        parameter.value = parameter.value.astype("float64")
        parameter.grad = parameter.grad.astype("float64")
    return parameters


def _fill(parameters: list[Parameter], seed: int, step: int, size: float) -> None:
    for number, parameter in enumerate(parameters):
        generator = np.random.default_rng([seed, step, number])
        parameter.grad[...] = size * generator.standard_normal(parameter.shape)


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one - other).max() <= CLOSE * max(np.abs(other).max(), CLOSE))
