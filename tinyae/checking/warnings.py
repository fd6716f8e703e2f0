"""Checks that prove less than they seem to: points at which wrong formulas pass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinyae.backend import to_numpy
from tinyae.checking.intermediates import WatchedProbe
from tinyae.checking.probe import INPUT, Probe
from tinyae.checking.report import TensorResult

__all__ = ["warn"]

FLAT = 0.01
"""The slope below which an activation counts as saturated."""


def warn(probe: Probe, results: list[TensorResult]) -> list[str]:
    """What is special about this check, each with what to do instead."""
    return [
        *_steps(probe),
        *_upstream(probe, results),
        *_samples(probe),
        *_weights(probe),
        *_windows(probe),
        *_input(probe, results),
        *_vanishing(probe, results),
    ]


def _steps(probe: Probe) -> Iterator[str]:
    if isinstance(probe, WatchedProbe) and not probe.steps:
        yield (
            "no step of backward was checked: none has the name of one of forward; call the "
            "gradient of hidden d_hidden, and that of z dz"
        )


def _upstream(probe: Probe, results: list[TensorResult]) -> Iterator[str]:
    dy = to_numpy(probe.dy)
    if dy.size < 2:
        return
    if not dy.any():
        yield (
            "the upstream gradient is zero, and so is every gradient: any backward pass that "
            "multiplies by dy passes; leave dy out to have random numbers"
        )
    elif (dy == dy.flat[0]).all():
        yield (
            f"the upstream gradient is {dy.flat[0]:g} everywhere, so only the sum of the outputs "
            "is checked, and mistakes that cancel in it pass; leave dy out to have random numbers"
        )
        if any(r.tensor == INPUT and _vanishes(r, dy) for r in results):
            yield (
                "the sum of the outputs does not depend on x, as the output is normalized: the "
                "right gradient is 0 and wrong formulas give 0, too; use a random dy"
            )


def _samples(probe: Probe) -> Iterator[str]:
    x = probe.tensors[INPUT]
    if x.ndim > 1 and len(x) == 1 and probe.parameters:
        yield (
            "there is one sample only: a sum over the batch, a mean and a forgotten sum are the "
            "same; use several samples"
        )


def _weights(probe: Probe) -> Iterator[str]:
    for name in probe.parameters:
        value = to_numpy(probe.tensors[name])
        if value.size > 1 and (value == 1).all():
            yield (
                f"all elements of {name} are 1, so a backward pass that forgets to multiply by it "
                f"passes; set it to other numbers first, such as "
                f"layer.{name}.value[...] = np.linspace(0.5, 1.5, {value.size})"
                f"{'' if value.ndim == 1 else f'.reshape{value.shape}'}"
            )


def _windows(probe: Probe) -> Iterator[str]:
    for path, module in probe.layer.modules():
        kernel, stride = getattr(module, "kernel_size", None), getattr(module, "stride", None)
        kernel, stride = ((n, n) if isinstance(n, int) else n for n in (kernel, stride))
        if not kernel or not stride or max(kernel) < 2:
            continue
        if all(step >= length for step, length in zip(stride, kernel, strict=True)):
            where = f"{path}, {module.label}" if path else module.label
            yield (
                f"{where}: the windows do not overlap, so = where += is needed passes; check it "
                "with a stride smaller than the window, too"
            )


def _input(probe: Probe, results: list[TensorResult]) -> Iterator[str]:
    """Of layers such as activations, where each y comes from the x in its place."""
    x, y, dy = map(to_numpy, (probe.tensors[INPUT], probe.y, probe.dy))
    if x.shape != y.shape or x.size < 2 or probe.parameters or probe.layer.children():
        return
    if (x == y).all():
        yield (
            "the layer hands x on unchanged here, so a backward pass that returns dy passes: "
            "choose numbers of both signs, and training mode for a layer such as dropout"
        )
        return
    for result in results:
        slopes = np.abs(result.gradient) / np.maximum(np.abs(dy), 1e-12)
        if result.tensor == INPUT and (slopes < FLAT).mean() >= 0.9:
            yield (
                f"at {(slopes < FLAT).mean():.0%} of the elements of x the layer is flat, that is "
                "saturated or dead, and any backward pass that gives about 0 passes; choose x "
                "where y varies, mostly between −2 and 2 and of both signs"
            )


def _vanishing(probe: Probe, results: list[TensorResult]) -> Iterator[str]:
    dy = to_numpy(probe.dy)
    for result in results:
        if dy.any() and not (dy == dy.flat[0]).all() and _vanishes(result, dy):
            yield (
                f"the gradient of {result.tensor} is 0 everywhere at this point, so nothing is "
                "proved about it: y does not depend on it here (dead units, or a normalization "
                "that takes it out again); choose another x or other weights"
            )


def _vanishes(result: TensorResult, dy: np.ndarray) -> bool:
    return not result.wrong and np.abs(result.gradient).max() <= 1e-10 * np.abs(dy).max()
