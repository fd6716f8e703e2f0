"""A named step of a hand-written backward, looked at as a small layer of its own.

If ``dz`` is the first wrong step and ``d_hidden``, the step before it, is right, then the layer
between them is z → hidden: its x is z, its y is hidden and its dy is d_hidden.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tinyae.backend import Array, array_module, to_numpy
from tinyae.checking.diagnosis.evidence import Evidence
from tinyae.checking.intermediates import Step, WatchedProbe
from tinyae.checking.probe import INPUT

__all__ = ["InnerEvidence"]

STEP = 1e-6


class InnerEvidence(Evidence):
    """Evidence about one step.

    Parameters
    ----------
    probe : WatchedProbe
    step : Step
        The wrong one.
    before : Step or None
        The one before it in backward; None for the layer's output itself.
    given, expected : array
        The gradient of the step.
    """

    is_input = True
    contributions = reach = None

    def __init__(
        self,
        probe: WatchedProbe,
        step: Step,
        before: Step | None,
        given: Array,
        expected: Array,
    ) -> None:
        super().__init__(probe, step.name, given, expected)
        self.before = before
        self.x, self.x_name = self.tensor, step.source[0]
        self.y = self._output_at(self.x)
        if before:
            self.dy = to_numpy(probe.run().gradients[before.name])
            self.y_name, self.dy_name = before.source[0], before.gradient[0]

    @property
    def keeps_shape(self) -> bool:
        """Whether the step before has the same shape."""
        return self.x.shape == self.y.shape == self.dy.shape and self.x.size > 1

    def gradient_at(self, dy: np.ndarray | None = None, **tensors: np.ndarray) -> Any:
        """f′ there times dy, for a small layer that is a function of every element."""
        if INPUT not in tensors:
            return None
        here = tensors[INPUT]
        rise = self._output_at(here + STEP) - self._output_at(here - STEP)
        return rise / (2 * STEP) * self.dy

    def backward_at(self, **tensors: np.ndarray) -> Any:
        """What backward gives there, for the same dy."""
        passed = self._moved(tensors[INPUT]).run()
        if passed.failure:
            return None
        gradient = to_numpy(passed.gradients[self.name])
        upstream = to_numpy(passed.gradients[self.before.name]) if self.before else self.dy
        if gradient.shape != self.x.shape or upstream.shape != self.x.shape:
            return None
        return gradient * self.dy / np.where(upstream == 0, np.inf, upstream)

    def _moved(self, here: np.ndarray) -> Any:
        probe = copy.copy(self.probe)
        probe.tensors = {**self.probe.tensors, self.name: array_module(self.probe.y).asarray(here)}
        return probe

    def _output_at(self, here: np.ndarray) -> np.ndarray:
        probe = self._moved(here)
        y = probe.output()
        if self.before:
            name, count = self.before.source
            y = probe.forward_watch.values[name][count]
        return to_numpy(y)
