"""Which layer of a network is to blame for its wrong gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tinyae.backend import Array
from tinyae.checking.probe import Probe
from tinyae.checking.report import Finding, Report
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer

__all__ = ["Culprit", "find_culprits", "inherited"]


@dataclass(frozen=True)
class Culprit:
    """A layer of a network that fails its own check, on the input that it has there."""

    path: str
    label: str
    findings: list[Finding]


def find_culprits(probe: Probe, check: Callable[[Layer, Array, int], Report]) -> list[Culprit]:
    """The children that fail when checked alone, the one nearest to the output first."""
    culprits = []
    for path, x in _inputs_of_children(probe):
        child: Any = probe.layer.children()[path]
        try:
            findings = check(child, x, probe.seed).findings
        except TinyaeError:
            continue
        if findings:
            culprits.append(Culprit(path, child.label, findings))
    return culprits


def _inputs_of_children(probe: Probe) -> list[tuple[str, Array]]:
    """(path, input) of every child, in the order in which their backward methods are called."""
    probe = copy.deepcopy(probe)
    inputs: dict[str, Array] = {}
    order: list[str] = []
    for path, child in probe.layer.children().items():
        if isinstance(child, Layer):
            _record(child, path, inputs, order)
    probe.run()
    return [(path, inputs[path]) for path in dict.fromkeys(order) if path in inputs]


def _record(child: Any, path: str, inputs: dict[str, Array], order: list[str]) -> None:
    forward, backward = child.forward, child.backward

    def recorded_forward(x: Array) -> Array:
        inputs[path] = x.copy()
        return forward(x)

    def recorded_backward(dy: Array) -> Array:
        order.append(path)
        return backward(dy)

    child.forward, child.backward = recorded_forward, recorded_backward


def inherited(finding: Finding, culprits: list[Culprit]) -> Finding | None:
    """The finding of a network's tensor as that of the layer to blame; None if none is."""
    for culprit in culprits:
        for own in culprit.findings:
            if f"{culprit.path}.{own.tensor}" == finding.tensor:
                return replace(finding, mistake=own.mistake, message=own.message)
        passed_on = [own for own in culprit.findings if own.tensor == "input"]
        if passed_on and not finding.tensor.startswith(f"{culprit.path}."):
            message = (
                f"layer {culprit.path}, {culprit.label}, hands a wrong gradient on to the layers "
                f"before it: {passed_on[0].message}"
            )
            return replace(finding, mistake=passed_on[0].mistake, message=message)
    return None
