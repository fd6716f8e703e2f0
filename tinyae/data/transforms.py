"""Small changes to a data set before it is learnt: keep some classes, scale the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinyae.arguments import checked
from tinyae.backend import Array, array_module
from tinyae.errors import TinyaeError

__all__ = ["scale", "select_classes"]


@checked
def select_classes(images: Array, labels: Array, classes: Sequence[int]) -> tuple[Any, Any]:
    """Keep the images of some classes and number these classes anew.

    ``select_classes(images, labels, (9, 0))`` keeps nines and zeros, in the order in which they
    came; a nine gets the label 0 and a zero the label 1.

    Parameters
    ----------
    images : array (N, ...)
    labels : integer array (N,)
    classes : sequence of k different labels

    Returns
    -------
    images : array (M, ...)
    labels : int64 array (M,)
        0 to k-1, the position in ``classes``.

    Raises
    ------
    TinyaeError
        When the lengths differ, when no class or one class twice is asked for, or when a class
        does not occur.
    """
    xp = array_module(images, labels)
    if labels.ndim != 1 or images.shape[:1] != labels.shape:
        raise TinyaeError(
            f"select_classes: expected images (N, ...) and labels (N,), "
            f"got {images.shape} and {labels.shape}"
        )
    if len(classes) == 0 or len(set(classes)) < len(classes):
        raise TinyaeError(f"select_classes: expected different classes, got {tuple(classes)}")
    position = xp.full(labels.shape, -1, dtype="int64")
    for index, label in enumerate(classes):
        of_class = labels == label
        if not of_class.any():
            raise TinyaeError(
                f"select_classes: expected classes that occur among the labels, got {label}"
            )
        position[of_class] = index
    kept = position >= 0
    return images[kept], position[kept]


@checked
def scale(images: Array, divisor: float = 255.0, offset: float = 0.0) -> Any:
    """Turn grey values into float32 numbers: ``images / divisor + offset``.

    Bytes 0…255 become [0, 1] with the defaults and [-1, 1) with ``scale(images, 128, -1)``.

    Parameters
    ----------
    images : array, any shape
    divisor, offset : float

    Returns
    -------
    scaled : float32 array, a new one of the same shape

    Raises
    ------
    TinyaeError
        When the divisor is 0 or one of the two is not finite.
    """
    if divisor == 0 or not math.isfinite(divisor) or not math.isfinite(offset):
        raise TinyaeError(
            "scale: expected a finite divisor other than 0 and a finite offset, "
            f"got {divisor} and {offset}"
        )
    array_module(images)
    scaled = images.astype("float32")
    scaled /= divisor
    scaled += offset
    return scaled
