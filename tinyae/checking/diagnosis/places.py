"""The right numbers in the wrong places."""

from __future__ import annotations

import itertools

import numpy as np

from tinyae.backend import to_numpy
from tinyae.checking.diagnosis.evidence import MATCH, Diagnosis, Evidence, equal

__all__ = ["mixed_up", "transposed", "transposed_factor"]


def transposed(e: Evidence) -> Diagnosis | None:
    """Two axes of the gradient are exchanged."""
    for one, other in itertools.combinations(range(e.given.ndim), 2):
        turned = e.given.swapaxes(one, other)
        if equal(turned, e.expected) and not equal(e.given, e.expected):
            return "transposed", (
                f"{e.what} has its axes {one} and {other} exchanged: it came as "
                f"{e.given.shape}, and {e.name} is {e.tensor.shape}; "
                f"{'transpose it' if e.given.ndim == 2 else 'exchange them'}"
            )
    return None


def transposed_factor(e: Evidence) -> Diagnosis | None:
    """A square factor of the product was taken transposed: the weight, x or dy."""
    factors = [name for name in e.probe.tensors if name != e.name]
    for name in factors:
        tensor = to_numpy(e.probe.tensors[name])
        for one, other in itertools.combinations(range(tensor.ndim), 2):
            turned = tensor.swapaxes(one, other)
            if turned.shape == tensor.shape and e.matches(e.gradient_at(**{name: turned})):
                return "transposed", _of_factor(e.name, name, tensor.shape, one, other)
        if tensor.ndim == 4 and e.matches(e.gradient_at(**{name: tensor[..., ::-1, ::-1]})):
            return "channel-mixup", (
                f"{e.what} is computed with {name} turned by 180°, back to front in both directions"
            )
    if e.dy.ndim == 2 and e.dy.shape[0] == e.dy.shape[1] and e.matches(e.gradient_at(e.dy.T)):
        return "transposed", _of_factor(e.name, "dy", e.dy.shape, 0, 1)
    return None


def _of_factor(tensor: str, factor: str, shape: tuple[int, ...], one: int, other: int) -> str:
    return (
        f"the gradient of {tensor} is computed with the axes {one} and {other} of {factor} "
        f"exchanged; as {factor} is {shape} no shape betrays it"
    )


def mixed_up(e: Evidence) -> Diagnosis | None:
    """Each number is there, but elsewhere."""
    given, expected = np.sort(e.given, axis=None), np.sort(e.expected, axis=None)
    largest = np.abs(expected).max()
    distinct = len(np.unique(np.round(expected / largest, 9))) if largest else 0
    moved = int((np.abs(e.given - e.expected) > MATCH * largest).sum())
    if distinct < 2 or moved < 3 or np.abs(given - expected).max() > MATCH * largest:
        return None
    order = _order(e)
    return "channel-mixup", (
        f"{e.what} has the right values in other places{order}: is it reshaped "
        "where axes must be moved, or in another order than forward does?"
    )


def _order(e: Evidence) -> str:
    """Along which axis the slices are only exchanged."""
    for axis, length in enumerate(e.given.shape):
        given, expected = np.moveaxis(e.given, axis, 0), np.moveaxis(e.expected, axis, 0)
        order = [[j for j in range(length) if equal(part, expected[j])] for part in given]
        if length > 1 and all(order) and len({places[0] for places in order}) == length:
            return f", along axis {axis} in the order {[places[0] for places in order]}"
    return ""
