"""From a gradient whose numbers are wrong to a sentence that says how."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tinyae.backend import to_numpy
from tinyae.checking.diagnosis import Diagnosis, Evidence, diagnose
from tinyae.checking.diagnosis.evidence import equal
from tinyae.checking.diagnosis.places import transposed
from tinyae.checking.diagnosis.source import place_of, place_of_change
from tinyae.checking.intermediates import WatchedProbe
from tinyae.checking.numerical import gradient_of
from tinyae.checking.probe import INPUT, Probe
from tinyae.checking.report import Finding, TensorResult

__all__ = ["located", "name_mistake", "name_shape"]

SAMPLES = 2
"""How many samples are kept to look for the mistake where all of them are too much work."""


def name_mistake(probe: Probe, result: TensorResult) -> Finding:
    """What is wrong with the gradient of one tensor."""
    values = (result.location, result.analytic, result.numerical_value, result.error)
    diagnosis = _diagnosis(probe, result) if result.settled else None
    if diagnosis is None:
        return Finding(result.tensor, "unknown", _unexplained(result), *values)
    code, sentence = diagnosis
    return Finding(result.tensor, code, sentence + _at(probe, result.tensor), *values)


def name_shape(probe: Probe, finding: Finding, given: Any) -> Finding:
    """What is wrong with a gradient of another shape than its tensor's, if more can be told."""
    name = finding.tensor
    here = replace(finding, message=finding.message + _at(probe, name))
    expected_shape = probe.tensors[name].shape
    if not isinstance(given, np.ndarray) or given.shape == expected_shape:
        return here
    expected = np.empty(expected_shape)
    evidence = Evidence(probe, name, given, expected)
    if not evidence.is_quick or given.size < expected.size:
        return here
    evidence.expected = gradient_of(probe, name)
    diagnosis = transposed(evidence)
    if diagnosis:
        return replace(here, mistake=diagnosis[0], message=diagnosis[1] + _at(probe, name))
    for axes in _choices(given.ndim):
        if equal(given.sum(axis=axes), evidence.expected):
            axis = axes[0] if len(axes) == 1 else axes
            hint = f"; summed over {axis} it would be right: is .sum(axis={axis}) missing?"
            return replace(here, message=finding.message + hint + _at(probe, name))
    return here


def _choices(axes: int) -> Iterator[tuple[int, ...]]:
    """All sets of axes, the small ones first."""
    for count in range(1, axes + 1):
        yield from itertools.combinations(range(axes), count)


def _diagnosis(probe: Probe, result: TensorResult) -> Diagnosis | None:
    name, given, expected = result.tensor, result.gradient, result.numerical
    if result.moved:
        nearby = probe.nearby()
        probe = nearby[0] if nearby else probe
    if expected is not None:
        return diagnose(probe, name, given, expected)
    ratio = _common_ratio(result)
    if ratio is not None:
        return diagnose(probe, name, given, given / ratio if ratio else given + 1)
    return _diagnosis_of_a_few(probe, name)


def _common_ratio(result: TensorResult) -> float | None:
    """The one factor between all analytic and numerical slopes, if there is one."""
    analytic, numerical = np.array(result.slopes).T
    ratios = analytic / np.where(numerical == 0, np.nan, numerical)
    ratio = float(np.median(ratios))
    same = np.abs(analytic - ratio * numerical).max() <= 1e-6 * np.abs(analytic).max()
    return ratio if same else None


def _diagnosis_of_a_few(probe: Probe, name: str) -> Diagnosis | None:
    """The same for a few samples, if the mistake is there, too."""
    if name != INPUT or len(probe.tensors[INPUT]) <= SAMPLES:
        return None
    few = probe.restricted(SAMPLES)
    passed = few.run() if few else None
    if few is None or passed is None or passed.failure:
        return None
    evidence = Evidence(few, name, passed.gradients[name], passed.gradients[name])
    if not evidence.is_quick:
        return None
    expected = gradient_of(few, name)
    return diagnose(few, name, to_numpy(passed.gradients[name]), expected)


def located(probe: Probe, finding: Finding) -> Finding:
    """The finding of something other than numbers, with its place in the code if that is known."""
    method = finding.message.partition(" ")[0]
    if finding.mistake in ("mutates-input", "mutates-upstream"):
        changed = place_of_change(probe.layer, method)
        return replace(finding, message=f"{finding.message} ({changed})") if changed else finding
    place = _at(probe, finding.tensor)
    if finding.mistake == "overwritten" and "+=" in place:
        return finding  # that line is right: somebody else overwrites
    return replace(finding, message=finding.message + place)


def _at(probe: Probe, name: str) -> str:
    if isinstance(probe, WatchedProbe) and probe.place_of(name):
        place = probe.place_of(name)
    else:
        place = place_of(probe.layer, name) if name in probe.layer_tensors else None
    return f" ({place})" if place else ""


def _unexplained(result: TensorResult) -> str:
    place = f"at {result.location}" if result.location is not None else "along a direction"
    given, number = f"{result.analytic:.9g}", f"{result.numerical_value:.9g}"
    units = "directions" if result.directions else "elements"
    if not result.settled:
        return (
            f"{place} backward gives {given}, but the numerical derivative does not settle as "
            "the step shrinks: does forward compute in less than float64, or jump?"
        )
    if result.at_kink:
        return (
            f"{place} the function has a kink, and what backward gives, {given}, does not lie "
            f"between the slopes to its two sides, whose mean is {number}"
        )
    return (
        f"{place} backward gives {given}, the numerical derivative is {number} (relative "
        f"error {result.error:.1e}); {result.wrong} of {result.compared} {units} disagree"
    )
