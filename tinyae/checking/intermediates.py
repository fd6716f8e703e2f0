"""The named steps of a hand-written layer, each checked on its own.

What ``forward`` assigns to ``hidden`` has a gradient as x has, and a ``backward`` written for
people gives it a name: ``d_hidden``. So both methods run rewritten: ``name = value`` becomes
``name = watch("name", value)``. In backward that reads the student's gradient; in forward it
can add a little to the value, and how ⟨dy, y⟩ then changes is the numerical gradient.
"""

from __future__ import annotations

import inspect
import linecache
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinyae.backend import Array
from tinyae.checking.diagnosis.source import Place
from tinyae.checking.probe import INPUT, Pass, Probe
from tinyae.checking.rewriting import rewritten

__all__ = ["Step", "WatchedProbe"]

MOST = 30
"""How many named steps are looked at; loops can have very many."""


@dataclass(frozen=True)
class Step:
    """One value of forward with its gradient in backward.

    Attributes
    ----------
    name : str
        Of the local array in backward.
    source : (str, int)
        The name in forward, and which of its assignments is meant, counted from 0.
    gradient : (str, int)
        The same in backward.
    line : int
        Of the assignment in backward, in its file.
    """

    name: str
    source: tuple[str, int]
    gradient: tuple[str, int]
    line: int


class Watch:
    """Sees every assignment to a name while a method runs, and may change what is assigned."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = defaultdict(list)
        self.order: list[tuple[str, int, int]] = []
        self.offsets: dict[tuple[str, int], Array] = {}

    def __call__(self, name: str, line: int, value: Any, is_sum: bool) -> Any:
        count = len(self.values[name])
        if is_sum and count:  # ∂/∂z is the same before and after z += b
            self.values[name].pop()
        else:
            if (name, count) in self.offsets:
                value = value + self.offsets[name, count]
            self.order.append((name, count, line))
        self.values[name].append(value.copy() if _is_array(value) else value)
        return value

    def clear(self) -> None:
        """Forget the last run."""
        self.values.clear()
        self.order.clear()


class WatchedProbe(Probe):
    """A probe that also has the named steps of a layer among its tensors.

    Attributes
    ----------
    steps : list of Step
        In the order in which backward comes to them; empty if no names fit together or the
        source of the layer cannot be read.
    """

    def __init__(self, layer: Any, x: Array, seed: int, dy: Array | None = None) -> None:
        self.forward_watch, self.backward_watch = Watch(), Watch()
        self.steps: list[Step] = []
        super().__init__(layer, x, seed, dy)
        self.kind = kind = type(self.layer)
        methods = {
            "forward": rewritten(kind.forward, self.forward_watch),
            "backward": rewritten(kind.backward, self.backward_watch, aliases=True),
        }
        if not all(methods.values()):
            return
        self.layer.__class__ = type(kind.__name__, (kind,), methods)
        passed = self.run()
        self.steps = [] if passed.failure else self._paired()
        for step in self.steps:
            self.tensors[step.name] = self._value(step).copy()
        self.bases = {step.name: self.tensors[step.name].copy() for step in self.steps}
        self.names = [step.name for step in self.steps] + self.names

    def run(self, *args: Any, **kwargs: Any) -> Pass:
        self.backward_watch.clear()
        passed = super().run(*args, **kwargs)
        for step in self.steps:
            name, count = step.gradient
            values = self.backward_watch.values[name]
            passed.gradients[step.name] = values[count] if count < len(values) else None
        return passed

    def place_of(self, name: str) -> Place | None:
        """Where backward assigns to a step; None for what is no step."""
        for step in self.steps:
            if step.name == name:
                file = inspect.getfile(inspect.unwrap(self.kind.backward))
                return Place(file, step.line, linecache.getline(file, step.line).strip())
        return None

    def _forward(self, x: Array) -> Array:
        watch = self.forward_watch
        watch.clear()
        watch.offsets.clear()
        for step in self.steps:
            offset = self.tensors[step.name] - self.bases[step.name]
            if offset.any():
                watch.offsets[step.source] = offset
        return super()._forward(x)

    def _value(self, step: Step) -> Any:
        name, count = step.source
        return self.forward_watch.values[name][count]

    def _paired(self) -> list[Step]:
        """The steps whose names fit together: a value used twice backwards in reverse order."""
        forward, backward = self.forward_watch.values, self.backward_watch.values
        names = {key.lower(): key for key in forward if key != "x"}
        steps: list[Step] = []
        for name, count, line in self.backward_watch.order:
            source = names.get(_root(name))
            if source is None:
                continue
            before, after = len(forward[source]), len(backward[name])
            if before != after and (before != 1 or count < after - 1):
                continue
            index = before - 1 - count if before == after else 0
            label = name if before == 1 else f"{name} (line {line})"
            step = Step(label, (source, index), (name, count), line)
            if step.name not in [other.name for other in steps] and self._matters(step):
                steps.append(step)
        return steps[:MOST]

    def _matters(self, step: Step) -> bool:
        """Whether y changes with the value: not if it is only kept for backward."""
        value = self._value(step)
        if not _is_array(value) or value.dtype.kind != "f" or step.name == INPUT:
            return False
        moved = self._output_with({step.source: np.float64(1e-3)})
        y = self._output_with({})
        return moved.shape != y.shape or bool((moved != y).any())

    def _output_with(self, offsets: dict[tuple[str, int], Any]) -> Array:
        self.forward_watch.clear()
        self.forward_watch.offsets = offsets
        with self._quiet():
            return Probe._forward(self, self.tensors[INPUT].copy())


def _is_array(value: Any) -> bool:
    is_shaped = isinstance(getattr(value, "shape", None), tuple)
    return is_shaped and hasattr(value, "dtype") and hasattr(value, "copy")


def _root(name: str) -> str:
    """``hidden`` from ``d_hidden``, ``dhidden``, ``grad_hidden``, ``hidden_grad``."""
    match = re.fullmatch(r"(?:d_|d|grad_|g_)(\w+)|(\w+)_grad", name)
    return (match[1] or match[2]).lower() if match else ""
