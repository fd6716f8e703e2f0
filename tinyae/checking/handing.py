"""What a network's own backward hands to its layers.

If every layer is right when checked alone and the network is wrong, the mistake is in how the
network passes gradients on: a branch left out, a factor on the way. The upstream gradient that
a layer is given must be ∂f/∂(its output), which differences give as well: a little is added to
the output, and what ⟨dy, y⟩ does is looked at.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tinyae.backend import Array, array_module, to_numpy
from tinyae.checking.diagnosis import Diagnosis, Evidence, diagnose
from tinyae.checking.diagnosis.evidence import equal
from tinyae.checking.diagnosis.source import place_of_call
from tinyae.checking.numerical import gradient_of
from tinyae.checking.probe import Probe
from tinyae.checking.report import Finding
from tinyae.layers.base import Layer

__all__ = ["first_wrongly_handed", "handed_on"]


@dataclass
class Traffic:
    """What goes into the layers of a network and comes out, forward and backward, by path."""

    inputs: dict[str, Array] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    given: dict[str, Array] = field(default_factory=dict)
    returned: dict[str, Array] = field(default_factory=dict)


def first_wrongly_handed(probe: Probe) -> Finding | None:
    """The first child in the order of backward that is given a wrong gradient, and how wrong."""
    probe = copy.deepcopy(probe)
    traffic = Traffic()
    for path, child in probe.layer.children().items():
        if isinstance(child, Layer):
            _listen(probe, child, path, traffic)
    probe.output()
    for path, calls in traffic.calls.items():
        if calls > 1:
            return Finding(path, "reused-layer", _reused(path, calls))
    if probe.run().failure:
        return None
    for path, given in traffic.given.items():
        name = _output_of(path)
        evidence = Evidence(probe, name, given, given)
        if given.shape != evidence.tensor.shape or not evidence.is_quick:
            continue
        expected = gradient_of(probe, name)
        if not equal(evidence.given, expected):
            code, sentence = (
                _came_back(probe, path, traffic, expected)
                or diagnose(probe, name, given, expected)
                or ("unknown", "it is not ∂L/∂(what that layer gave)")
            )
            place = place_of_call(probe.layer, path)
            words = f"the backward of {probe.layer.label} hands a wrong gradient to {path}"
            return Finding(path, code, f"{words}: {sentence}" + (f" ({place})" if place else ""))
    return None


def _reused(path: str, calls: int) -> str:
    return (
        f"{path} is called {calls} times in forward, but a layer remembers one forward pass only; "
        "use a layer for each, which may share their Parameters"
    )


def _output_of(path: str) -> str:
    return f"the output of {path}"


def _came_back(probe: Probe, path: str, traffic: Traffic, expected: Any) -> Diagnosis | None:
    """It is what came back from another layer, though it went another way as well, or through f."""
    given = to_numpy(traffic.given[path])
    for other, share in traffic.returned.items():
        if other == path or getattr(share, "shape", None) != given.shape:
            continue
        if not equal(given, to_numpy(share)):
            continue
        if _moves_with(probe, path, other, traffic):
            return "missing-branch", (
                f"it is what came back from {other} alone, but {other} is not the only one "
                f"that {path}'s output goes to: the gradients of all branches add up"
            )
        return "passes-upstream-through", (
            f"it is what came back from {other}, unchanged; what is between {path} and {other} "
            "in forward has a derivative, too, and it must be multiplied by that"
        )
    return None


def _moves_with(probe: Probe, path: str, other: str, traffic: Traffic) -> bool:
    """Whether what goes into one layer changes by just as much as what another gives."""
    offset = probe.tensors[_output_of(path)]
    probe.output()
    before = traffic.inputs[other]
    offset += 1e-3
    probe.output()
    moved = to_numpy(traffic.inputs[other] - before)
    offset -= 1e-3
    return equal(moved, np.full_like(moved, 1e-3))


def _listen(probe: Probe, child: Any, path: str, traffic: Traffic) -> None:
    """Let a tensor be added to what the child gives, and note what goes in and out."""
    forward, backward, name = child.forward, child.backward, _output_of(path)

    def forward_with_offset(x: Array) -> Array:
        traffic.inputs[path] = x.copy()
        traffic.calls[path] += 1
        y = forward(x)
        if getattr(probe.tensors.get(name), "shape", None) != y.shape:
            probe.tensors[name] = array_module(y).zeros_like(y)
        return y + probe.tensors[name]

    def noted_backward(dy: Array) -> Array:
        traffic.given.setdefault(path, dy.copy())
        traffic.returned[path] = backward(dy)
        return traffic.returned[path]

    child.forward, child.backward = forward_with_offset, noted_backward


def handed_on(finding: Finding, handed: Finding | None) -> Finding | None:
    """The finding of a tensor inside a layer, told as what was handed to a layer."""
    if handed is None or ("." not in finding.tensor and finding.tensor != "input"):
        return None
    return replace(finding, mistake=handed.mistake, message=handed.message)
