"""The first wrong step of a hand-written backward, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tinyae.backend import array_module, to_numpy
from tinyae.checking.comparison import affordable, compare
from tinyae.checking.diagnosis import Diagnosis, explain
from tinyae.checking.diagnosis.evidence import equal
from tinyae.checking.diagnosis.inner import InnerEvidence
from tinyae.checking.intermediates import WatchedProbe
from tinyae.checking.loss_layer import LossLayer
from tinyae.checking.naming import name_mistake
from tinyae.checking.probe import INPUT, Probe
from tinyae.checking.report import Finding, TensorResult
from tinyae.errors import TinyaeError

__all__ = ["FirstStep", "first_wrong_step", "search_first_step"]


@dataclass(frozen=True)
class FirstStep:
    """A wrong step after nothing but right ones.

    Attributes
    ----------
    finding : Finding
    mended : dict of str to array
        The gradients that backward gives when this one step is put right.
    """

    finding: Finding
    mended: dict[str, Any]

    def explains(self, result: TensorResult) -> bool:
        """Whether the step has a name for its mistake, and the tensor is right once the step is."""
        if self.finding.mistake == "unknown":
            return False
        mended = self.mended.get(result.tensor)
        if result.numerical is None or result.moved or getattr(mended, "shape", None) is None:
            return False
        return equal(to_numpy(mended), result.numerical)

    def passed_on(self, finding: Finding) -> Finding:
        """The finding of a tensor as what follows from the step."""
        return replace(finding, mistake=self.finding.mistake, message=self.finding.message)


def search_first_step(probe: Probe) -> FirstStep | None:
    """Look at the named steps of a layer for what no hypothesis about the whole explains."""
    if type(probe) is not Probe or isinstance(probe.layer, LossLayer):
        return None
    try:
        watched = WatchedProbe(probe.layer, probe.tensors[INPUT], probe.seed, probe.dy)
    except TinyaeError:
        return None
    gradients = watched.run().gradients
    quick = affordable(watched)
    for step in watched.steps:
        gradient = gradients[step.name]
        if getattr(gradient, "shape", None) != watched.tensors[step.name].shape:
            return None
        if step.name in quick:
            result = compare(watched, step.name, gradient, by_element=True)
            if result.wrong:
                return first_wrong_step(watched, result)
    return None


def first_wrong_step(probe: WatchedProbe, result: TensorResult) -> FirstStep:
    """Name the mistake of a step, and see what comes out when the step is put right."""
    finding = name_mistake(probe, result)
    diagnosis = _as_a_layer(probe, result) if finding.mistake == "unknown" else None
    place = f" ({probe.place_of(result.tensor)})" if finding.mistake == "unknown" else ""
    if diagnosis:
        finding = replace(finding, mistake=diagnosis[0], message=diagnosis[1])
    message = f"the first wrong step of backward is {result.tensor}: {finding.message}{place}"
    return FirstStep(replace(finding, message=message), _mended(probe, result))


def _as_a_layer(probe: WatchedProbe, result: TensorResult) -> Diagnosis | None:
    """The step as a small layer between its own value and that of the step before."""
    if result.moved or result.numerical is None:
        return None
    index = [step.name for step in probe.steps].index(result.tensor)
    step = probe.steps[index]
    for before in (*reversed(probe.steps[:index]), None):
        evidence = InnerEvidence(probe, step, before, result.gradient, result.numerical)
        if evidence.keeps_shape:
            return explain(evidence)
    return None


def _mended(probe: WatchedProbe, result: TensorResult) -> dict[str, Any]:
    if result.numerical is None or result.moved:
        return {}
    step = next(step for step in probe.steps if step.name == result.tensor)
    xp = array_module(probe.y)
    probe.backward_watch.offsets = {step.gradient: xp.asarray(result.numerical - result.gradient)}
    try:
        return probe.run().gradients
    finally:
        probe.backward_watch.offsets = {}
