"""Windows that overlap, and the border around an image."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import numpy as np

from tinyae.backend import Array, array_module
from tinyae.checking.diagnosis.evidence import Diagnosis, Evidence, equal
from tinyae.checking.numerical import gradient_of
from tinyae.checking.probe import Probe
from tinyae.errors import TinyaeError

__all__ = ["overlap", "shifted", "unpadded"]


def overlap(e: Evidence) -> Diagnosis | None:
    """Of the shares that several windows send to one element only one is left."""
    if not e.is_input or e.y.ndim < 3 or e.contributions is None or e.reach is None:
        return None
    shares = e.contributions.reshape(*e.y.shape[:2], -1, e.x.size).sum(axis=(0, 1))
    covered = e.reach.reshape(*e.y.shape[:2], -1, e.x.size).any(axis=(0, 1))
    for present, order in itertools.product((shares != 0, covered), (1, -1)):
        chosen = present[::order].argmax(axis=0)
        alone = np.take_along_axis(shares[::order], chosen[None], axis=0)[0]
        if e.matches(alone.reshape(e.x.shape)):
            which = "first" if order == 1 else "last"
            return "overlap-overwritten", (
                f"where windows overlap only the {which} window's share of dx is left; a pixel "
                "gets a share from each window that saw it: write += instead of = (and np.add.at "
                "where an index can occur twice)"
            )
    return None


def shifted(e: Evidence) -> Diagnosis | None:
    """The right values, some pixels off."""
    if e.given.ndim < 3:
        return None
    height, width = e.given.shape[-2:]
    for down, right in itertools.product(range(1 - height, height), range(1 - width, width)):
        kept = (height - abs(down)) * (width - abs(right))
        if (down, right) == (0, 0) or 2 * kept < height * width:
            continue
        moved, original = (
            array[..., _part(sign * down, height), _part(sign * right, width)]
            for array, sign in ((e.given, 1), (e.expected, -1))
        )
        if np.count_nonzero(original) > 2 and equal(moved, original):
            return "padding-offset", (
                f"{e.what} has the right values {abs(down)} rows and {abs(right)} "
                "columns off: the border that padding adds must be cut off on the way back, "
                "[padding : padding + height], and be there when windows are read"
            )
    return None


def _part(shift: int, length: int) -> slice:
    """Where an array moved by ``shift`` has what was in it before."""
    return slice(max(shift, 0), length + min(shift, 0))


class _Unpadded(Probe):
    """The layer without its border: with as much more image at the end, or an output cut there."""

    border: tuple[int, int] = (0, 0)
    filler: float = 0.0
    size: tuple[int, int] = (0, 0)

    def _forward(self, x: Array) -> Array:
        self.layer.padding = (0, 0)
        wide = [(0, 0), (0, 0), *((0, 2 * border) for border in self.border)]
        try:
            y = super()._forward(x)
            if y.shape[2:] < self.size:
                longer = array_module(x).pad(x, wide, constant_values=self.filler)
                y = super()._forward(longer)
            return y[:, :, : self.size[0], : self.size[1]]
        finally:
            self.layer.padding = self.border


def unpadded(e: Evidence) -> Diagnosis | None:
    """backward lays its windows over x as it came, where forward had a border around it."""
    border = getattr(e.probe.layer, "padding", 0)
    border = (border, border) if isinstance(border, int) else tuple(border)
    if not any(border) or e.x.ndim != 4 or e.y.ndim != 4 or not e.is_quick:
        return None
    for filler in (0.0, float(e.x.min()) - 1e3):
        probe: Any = copy.copy(e.probe)
        probe.__class__ = _Unpadded
        probe.border, probe.filler, probe.size = border, filler, e.y.shape[2:]
        try:
            probe.y = probe.output().copy()
        except (TinyaeError, TypeError):
            return None
        if probe.y.shape == e.y.shape and e.matches(gradient_of(probe, e.name)):
            return "padding-offset", (
                f"backward lays its windows over an image without the border of {border} that "
                "forward has there: every window is off by the padding"
            )
    return None
