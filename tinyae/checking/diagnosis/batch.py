"""What belongs to a sum over the samples."""

from __future__ import annotations

import itertools

import numpy as np

from tinyae.checking.diagnosis.evidence import Diagnosis, Evidence
from tinyae.checking.diagnosis.scale import SAME, factor_between
from tinyae.checking.diagnosis.source import place_of

__all__ = ["averaged", "one_position", "one_sample", "wrong_axes"]

CODE = "missing-batch-sum"


def averaged(e: Evidence) -> Diagnosis | None:
    """The gradient of a parameter is a mean over the samples, or over samples and positions."""
    factor = factor_between(e.given, e.expected)
    if e.name not in e.probe.parameters or not factor or e.batch < 2:
        return None
    place = place_of(e.probe.layer, e.name)
    if place and "/" in place.code and "mean" not in place.code:
        return None  # it says so itself: a factor
    positions = e.y[0, 0].size if e.y.ndim > 2 else 1
    for count, words in (
        (e.batch, f"averaged over the batch of N = {e.batch}"),
        (e.batch * positions, f"averaged over the {e.batch * positions} samples and positions"),
    ):
        if abs(factor * count - 1) <= SAME:
            return CODE, (
                f"{e.what} is {words} instead of summed ({factor:.4g} = 1/{count} "
                "of the right one); write sum, not mean: the loss decides whether to average"
            )
    return None


def one_sample(e: Evidence) -> Diagnosis | None:
    """The gradient of a parameter comes from some of the samples only."""
    if e.is_input or e.batch < 2 or e.y.shape[:1] != (e.batch,) or e.contributions is None:
        return None
    shares = e.contributions.reshape(e.batch, -1, e.tensor.size).sum(axis=1)
    for sample, share in enumerate(shares):
        words = "the last" if sample == e.batch - 1 else f"number {sample}"
        if e.batch > 2 and e.matches(e.expected - share.reshape(e.tensor.shape)):
            return CODE, f"{e.what} leaves out one of the {e.batch} samples, {words}"
        if e.matches(share.reshape(e.tensor.shape)):
            return CODE, (
                f"{e.what} comes from one of the {e.batch} samples alone, {words}; it is the sum "
                "over all of them"
            )
    return None


def one_position(e: Evidence) -> Diagnosis | None:
    """The same for the positions of an image: the sum over rows or columns is left out."""
    if e.is_input or e.contributions is None or e.y.ndim < 3:
        return None
    for places in itertools.product((slice(None), slice(1), slice(-1, None)), repeat=e.y.ndim - 2):
        chosen = (slice(None), slice(None), *places)
        taken = e.contributions[chosen]
        share = taken.reshape(-1, e.tensor.size).sum(axis=0)
        if e.matches(share.reshape(e.tensor.shape)):
            return CODE, (
                f"{e.what} counts only {taken[0, 0, ..., 0].size} of the "
                f"{e.y[0, 0].size} positions of dy {e.dy.shape}; it is a sum over all of them"
            )
    return None


def wrong_axes(e: Evidence) -> Diagnosis | None:
    """A bias sums dy over other axes than those it is the same for."""
    if e.is_input or e.tensor.ndim != 1:
        return None
    axes = range(e.dy.ndim)
    choices = itertools.chain.from_iterable(
        itertools.combinations(axes, count) for count in range(1, e.dy.ndim + 1)
    )
    right = tuple(axis for axis in axes if axis != 1)
    for chosen in choices:
        total = np.asarray(e.dy.sum(axis=chosen))
        if total.ndim == 0:
            total = np.full(e.tensor.shape, total)
        if chosen != right and total.shape == e.tensor.shape and e.matches(total):
            return CODE, (
                f"{e.what} is dy {e.dy.shape} summed over {_axes(chosen)}; a bias "
                f"needs the sum over {_axes(right)}, which leaves one number a feature"
            )
    return None


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"
