"""``ta.gradcheck``: is the backward pass the derivative of the forward pass?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.backend import Array
from tinyae.checking.arguments import check_arguments, probe_of
from tinyae.checking.blame import find_culprits, inherited
from tinyae.checking.comparison import affordable, compare
from tinyae.checking.first_step import first_wrong_step, search_first_step
from tinyae.checking.handing import first_wrongly_handed, handed_on
from tinyae.checking.intermediates import WatchedProbe
from tinyae.checking.naming import located, name_mistake, name_shape
from tinyae.checking.probe import Pass, Probe
from tinyae.checking.report import Finding, Report
from tinyae.checking.tolerant import TolerantGradient
from tinyae.checking.warnings import warn
from tinyae.checking.watches import (
    check_accumulation,
    check_changes,
    check_gradients,
    check_layout,
    check_output,
)

__all__ = ["gradcheck"]


@checked
def gradcheck(
    layer: Any,
    x: Array,
    seed: int = 0,
    *,
    dy: Array | None = None,
    target: Array | None = None,
    intermediates: bool = False,
) -> Report:
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
    layer : Layer, or model with ``loss(x)`` and ``backward()``, or loss
        Any layer, network or subclass of ``Layer``. Of a model such as ``VAE``, the function
        is ``loss(x).total`` and only the parameters are checked. Of a loss such as ``MSELoss``
        it is ``loss(x, target)``.
    x : float array
        An input for it, of any float type; a few samples of a small size are best. Random
        numbers are better than zeros or small integers, which put ReLU and max pooling on
        their kinks.
    seed : int
        Of dy, of what the layer draws, and of the directions.
    dy : array, optional
        An upstream gradient of one's own, of the shape of y.
    target : array, optional
        What a loss compares x with; to be given with a loss only.
    intermediates : bool
        Whether to check the named steps of a hand-written layer as well: what backward calls
        ``d_hidden`` (or ``dhidden``, ``grad_hidden``), if forward assigns to ``hidden`` or
        ``self.hidden``. The first that is wrong, in the order of backward, is named.

    Returns
    -------
    Report
        ``report.passed``; ``report.findings``, each with ``.tensor``, ``.mistake`` and
        ``.message``; ``report.warnings``, why the check may prove less than it seems to;
        ``print(report)`` for all of it.

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
    label = check_arguments(layer, x, seed, dy, target, intermediates)
    probe = probe_of(layer, x, seed, dy, target, intermediates)
    report = Report(f"{label or probe.layer.label}, input {x.shape}, seed {seed}")
    passed = probe.run()
    spoilt = list(check_output(passed, probe.run()))
    report.findings += [*spoilt, *(located(probe, found) for found in check_changes(passed))]
    if passed.failure:
        passed = _explained(passed, probe, report)
    if spoilt or passed.failure or not _still(passed, probe):
        return report
    fit = _check_behaviour(passed, probe, report)
    by_element = affordable(probe)
    report.tensors = [
        compare(probe, name, passed.gradients[name], name in by_element) for name in fit
    ]
    _name_mistakes(probe, report)
    report.warnings += warn(probe, report.tensors)
    return report


def _explained(passed: Pass, probe: Probe, report: Report) -> Pass:
    """Why backward broke off: it adds something of a wrong shape, or else what it raised."""
    tolerant = {
        name: np.zeros(parameter.shape).view(TolerantGradient)
        for name, parameter in probe.parameters.items()
        if isinstance(parameter.value, np.ndarray)
    }
    again = probe.run(grads=tolerant) if len(tolerant) == len(probe.parameters) else passed
    again.tolerated = True
    if again.failure or not list(check_gradients(again, probe)):
        report.findings.append(Finding("input", "raises", passed.failure))
        return passed
    return again


def _check_behaviour(passed: Pass, probe: Probe, report: Report) -> list[str]:
    """Enter what is wrong besides numbers; gives the tensors whose numbers can be compared."""
    unfit = [
        name_shape(probe, finding, passed.gradients[finding.tensor])
        for finding in check_gradients(passed, probe)
    ]
    fit = [name for name in probe.names if name not in {finding.tensor for finding in unfit}]
    unsteady = [] if passed.tolerated else list(check_accumulation(passed, probe, fit))
    steady = [name for name in fit if name not in {finding.tensor for finding in unsteady}]
    report.findings += [*unfit, *(located(probe, finding) for finding in unsteady)]
    if not passed.tolerated:
        report.findings += check_layout(passed, probe, steady)
    return fit


def _name_mistakes(probe: Probe, report: Report) -> None:
    """Enter a finding for every tensor whose numbers are wrong: of the named steps, the first."""
    known = {finding.tensor for finding in report.findings}
    wrong = [result for result in report.tensors if result.wrong]
    steps = [result for result in wrong if result.tensor not in probe.layer_tensors]
    first = None
    if steps and isinstance(probe, WatchedProbe):
        first = first_wrong_step(probe, steps[0])
        report.findings.append(first.finding)
    elif wrong:
        first = search_first_step(probe)
    is_network = bool(wrong and probe.layer.children())
    culprits = find_culprits(probe, gradcheck) if is_network else []
    handed = first_wrongly_handed(probe) if is_network and not culprits else None
    for result in wrong:
        if result in steps:
            continue
        finding = name_mistake(probe, result)
        finding = inherited(finding, culprits) or handed_on(finding, handed) or finding
        if first and first.explains(result):
            finding = first.passed_on(finding)
        if finding.mistake != "unknown" or finding.tensor not in known:
            report.findings.append(_briefly(finding, report.findings))


def _briefly(finding: Finding, earlier: list[Finding]) -> Finding:
    """The finding without a long message that has been given already."""
    same = [other.tensor for other in earlier if other.message == finding.message]
    return replace(finding, message=f"the same mistake as in {same[0]}") if same else finding


def _still(passed: Pass, probe: Probe) -> bool:
    """Whether forward left the weights alone: if not, each call is of another function."""
    return not any((name, "forward") in passed.changed for name in probe.parameters)
