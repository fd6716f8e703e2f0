"""``ta.gradcheck``: is the backward pass the derivative of the forward pass?"""

from __future__ import annotations

from typing import Any

from tinyae.backend import Array, array_module
from tinyae.checking.comparison import affordable, compare
from tinyae.checking.probe import ModelProbe, Pass, Probe
from tinyae.checking.report import Finding, Report, TensorResult
from tinyae.checking.watches import (
    check_accumulation,
    check_changes,
    check_gradients,
    check_layout,
    check_output,
)
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.module import Module

__all__ = ["gradcheck"]


def gradcheck(layer: Module, x: Array, seed: int = 0) -> Report:
    """Compare the gradients of a layer's backward pass with numerical ones.

    The layer is seen as the function ⟨dy, layer(x)⟩ of x and of its parameters, with a random
    upstream gradient dy (all ones would let many a wrong formula pass). ``backward`` gives its
    gradient; so do central differences in float64, where every element in turn is moved a
    little to both sides:

        ∂f/∂θᵢ ≈ (f(θ + h eᵢ) − f(θ − h eᵢ)) / 2h.

    Works on a copy: the layer, its gradients, its running statistics, x and the package's
    random numbers stay as they are. Layers are checked in the mode they are in; what they draw
    from the package's generator is drawn the same in every call.

    Parameters
    ----------
    layer : Layer, or model with ``loss(x)`` and ``backward()``
        Any layer, network or subclass of ``Layer``. Of a model such as ``VAE``, the function
        is ``loss(x).total`` and only the parameters are checked.
    x : float array
        An input for it, of any float type; a few samples of a small size are best. Random
        numbers are better than zeros or small integers, which put ReLU and max pooling on
        their kinks.
    seed : int
        Of dy, of what the layer draws, and of the directions.

    Returns
    -------
    Report
        ``report.passed``; ``report.findings``, each with ``.tensor``, ``.mistake`` and
        ``.message``; ``print(report)`` for the table.

    Raises
    ------
    TinyaeError
        For what is no layer, for an x that is no float array, is empty or is not finite, and
        when ``forward`` raises: then there is nothing to be checked.

    Notes
    -----
    An element is wrong if its relative error is above 10⁻⁶ and rounding does not explain it;
    before that is said, smaller and larger steps are tried. The smallest tensors are checked
    element by element, as many as about two seconds allow. Larger ones are checked along 8
    random directions ±1: that finds any error that stands out from the rounding of the whole
    sum. 0.1% of one element among a million does, if the element is about as large as the
    others; an error in an element a thousand times smaller than the others does not, nor may a
    slight one in a model whose loss is a large number. One wrong element is named, not all.

    Where the slopes to both sides differ, the function has a kink: it is listed in
    ``report.kinks`` and is no mistake as long as the gradient lies between them. If a kink
    hides a direction, or the kinks of several layers of a network mix, the comparison is made
    at a point close by, up to 1% away from x and the weights.

    Besides the numbers it is watched that nothing but the gradients changes, that gradients are
    added to what is there, and that the order of x and dy in memory does not matter.
    """
    label = _check_arguments(layer, x, seed)
    probe = Probe(layer, x, seed) if isinstance(layer, Layer) else ModelProbe(layer, x, seed)
    report = Report(f"{label}, input {x.shape}, seed {seed}")
    passed = probe.run()
    spoilt = list(check_output(passed, probe.run()))
    report.findings += [*spoilt, *check_changes(passed)]
    if passed.failure:
        report.findings.append(Finding("input", "raises", passed.failure))
    if spoilt or passed.failure or not _still(passed, probe):
        return report
    unfit = list(check_gradients(passed, probe))
    fit = [name for name in probe.names if name not in {finding.tensor for finding in unfit}]
    unsteady = list(check_accumulation(passed, probe, fit))
    steady = [name for name in fit if name not in {finding.tensor for finding in unsteady}]
    report.findings += [*unfit, *unsteady, *check_layout(passed, probe, steady)]
    by_element = affordable(probe)
    for name in fit:
        result = compare(probe, name, passed.gradients[name], name in by_element)
        report.tensors.append(result)
        if result.wrong:
            report.findings.append(_mistake(result))
    return report


def _check_arguments(layer: Any, x: Any, seed: Any) -> str:
    """Refuse what cannot be checked; gives the layer's name on one line."""
    is_model = callable(getattr(layer, "loss", None)) and callable(getattr(layer, "backward", None))
    if not isinstance(layer, Module) or not (isinstance(layer, Layer) or is_model):
        hint = f"; make one first: {layer.__name__}(...)" if isinstance(layer, type) else ""
        raise TinyaeError(
            "gradcheck: expected a Layer, or a model with loss(x) and backward(), "
            f"got {layer!r}{hint}"
        )
    try:
        xp = array_module(x)
    except TinyaeError as reason:
        raise TinyaeError(f"gradcheck: x: {reason}") from None
    if x.dtype.kind != "f":
        raise TinyaeError(f"gradcheck: expected x of a float type, got {x.dtype}")
    if not x.size or not xp.isfinite(x).all():
        what = "NaN or infinite values" if x.size else f"shape {x.shape}"
        raise TinyaeError(f"gradcheck: expected x with finite values, got {what}")
    if not isinstance(seed, int) or seed < 0:
        raise TinyaeError(f"gradcheck: expected a seed that is an integer ≥ 0, got {seed!r}")
    return layer.label


def _still(passed: Pass, probe: Probe) -> bool:
    """Whether forward left the weights alone: if not, each call is of another function."""
    return not any((name, "forward") in passed.changed for name in probe.parameters)


def _mistake(result: TensorResult) -> Finding:
    """What is wrong with a gradient whose numbers are."""
    place = f"at {result.location}" if result.location is not None else "along a direction"
    given, number = f"{result.analytic:.9g}", f"{result.numerical_value:.9g}"
    units = "directions" if result.directions else "elements"
    if not result.settled:
        message = (
            f"{place} backward gives {given}, but the numerical derivative does not settle as "
            "the step shrinks: does forward compute in less than float64, or jump?"
        )
    elif result.at_kink:
        message = (
            f"{place} the function has a kink, and what backward gives, {given}, does not lie "
            f"between the slopes to its two sides, whose mean is {number}"
        )
    else:
        message = (
            f"{place} backward gives {given}, the numerical derivative is {number} (relative "
            f"error {result.error:.1e}); {result.wrong} of {result.compared} {units} disagree"
        )
    values = (result.location, result.analytic, result.numerical_value, result.error)
    return Finding(result.tensor, "unknown", message, *values)
