"""Handwritten-looking digits drawn by this package: the data set that needs no download.

A digit begins as a stroke skeleton (`tinyae.data.strokes`) and meets what a hand, a pen and a
scanner do to it: a shaky path, a bent and slanted posture, drops of ink, grey edges.
"""

from __future__ import annotations

import numpy as np

from tinyae.data.strokes import DOTS, skeletons
from tinyae.errors import TinyaeError

__all__ = ["draw_digits", "make_digits"]

SIZES = {"train": 12_000, "test": 2_000}
SIDE = 28  # pixels, as in MNIST
MARGIN = 3.0  # pixels from the border that the pen's middle keeps
BLOCK = 250  # images drawn at a time, to stay in the processor's cache


def make_digits(split: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make the embedded data set: as many images of each digit, in random order.

    Parameters
    ----------
    split : str
        ``"train"`` (12,000 images) or ``"test"`` (2,000), drawn from separate random streams.
    seed : int, at least 0
        The same seed gives the same bytes.

    Returns
    -------
    images : uint8 array (N, 28, 28)
        0 is paper, 255 full ink.
    labels : uint8 array (N,)
        0 to 9.

    Raises
    ------
    TinyaeError
        When there is no such split.
    """
    if split not in SIZES:
        raise TinyaeError(f"make_digits: expected split 'train' or 'test', got {split!r}")
    generator = np.random.default_rng([seed, list(SIZES).index(split)])
    labels = generator.permutation(np.arange(SIZES[split]) % 10).astype(np.uint8)
    return draw_digits(labels, generator), labels


def draw_digits(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw one image of each of the digits asked for.

    Parameters
    ----------
    labels : integer array (N,)
        0 to 9.
    generator : numpy.random.Generator
        The source of all that makes two images of one digit differ.

    Returns
    -------
    images : uint8 array (N, 28, 28)
        0 is paper, 255 full ink; each digit lies in the middle by its mass, give or take a pixel.

    Raises
    ------
    TinyaeError
        When the labels are not a row of integers from 0 to 9.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise TinyaeError(
            f"draw_digits: expected integer labels (N,), got {labels.dtype} {labels.shape}"
        )
    if not np.isin(labels, np.arange(10)).all():
        raise TinyaeError(
            f"draw_digits: expected labels 0 to 9, got {labels.min()} to {labels.max()}"
        )
    images = np.empty((len(labels), SIDE, SIDE), np.uint8)
    for start in range(0, len(labels), BLOCK):
        block = slice(start, start + BLOCK)
        path = _move_hand(labels[block], generator)
        path = _place(_lean(_bend(path, generator), generator), generator)
        images[block] = _scan(_spread_ink(path, generator))
    return images


def _move_hand(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Choose a skeleton for each digit, shake its control points, return its dots (N, DOTS, 2)."""
    table = skeletons()
    first = np.searchsorted(table.digit, labels, side="left")
    beyond = np.searchsorted(table.digit, labels, side="right")
    chosen = generator.integers(first, beyond)
    points = table.points[chosen]
    points += generator.normal(0, 0.012, points.shape)
    return table.basis[chosen] @ points


def _bend(path: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Bend the paper: push each dot by a slow wave that runs across the page in some direction."""
    n = len(path)
    direction, phase = generator.uniform(0, 2 * np.pi, (2, n, 1))
    wavelength = generator.uniform(0.8, 2.0, (n, 1))
    push = generator.uniform(-0.06, 0.06, (n, 1, 2))
    along = path[..., 0] * np.cos(direction) + path[..., 1] * np.sin(direction)
    return path + push * np.sin(2 * np.pi * along / wavelength + phase)[..., None]


def _lean(path: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Widen, slant and turn each digit: a random 2×2 matrix, turn · slant · widen."""
    n = len(path)
    widen = np.exp(generator.uniform(-0.3, 0.3, n))
    turn = generator.uniform(-0.55, 0.55, n)  # clockwise, radians
    slant = generator.uniform(-0.35, 0.5, n) - 0.4 * turn  # mostly rightwards, against the turn
    shape = np.array([[widen, -slant], [np.zeros(n), np.ones(n)]])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return path @ np.einsum("abn,bcn->nca", rotation, shape)


def _place(path: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Bring each digit to size in pixels and its centre of mass near the image's centre."""
    n = len(path)
    size = generator.uniform(16.5, 18.5, (n, 1, 1))  # of the longer side; the pen adds its width
    path = path * size / np.ptp(path, axis=1).max(axis=1)[:, None, None]
    path += (SIDE - 1) / 2 - path.mean(axis=1, keepdims=True)
    lowest, highest = path.min(axis=1, keepdims=True), path.max(axis=1, keepdims=True)
    shift = generator.uniform(-1, 1, (n, 1, 2))
    return path + np.clip(shift, MARGIN - lowest, SIDE - 1 - MARGIN - highest)


def _spread_ink(path: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Let every dot leave a Gaussian drop; return the ink on each pixel (N, 28, 28).

    exp(-(Δx² + Δy²) / 2σ²) is a product of one factor a column and one a row, so the sum over
    the dots is a matrix product, (28, DOTS) @ (DOTS, 28). A straight line has 1 in its middle.
    """
    n = len(path)
    sigma = generator.uniform(0.5, 1.05, (n, 1))
    step = np.median(np.linalg.norm(np.diff(path, axis=1), axis=2), axis=1, keepdims=True)
    waves, phase = generator.uniform(0.5, 2.0, (n, 1)), generator.uniform(0, 2 * np.pi, (n, 1))
    pressure = 1 + 0.25 * np.sin(2 * np.pi * waves * np.linspace(0, 1, DOTS) + phase)
    drop = pressure * step / (np.sqrt(2 * np.pi) * sigma)
    offset = path[..., None] - np.arange(SIDE)
    spread = np.exp(-0.5 * (offset / sigma[..., None, None]) ** 2)
    across, down = spread[:, :, 0], spread[:, :, 1] * drop[..., None]
    return down.transpose(0, 2, 1) @ across


def _scan(ink: np.ndarray) -> np.ndarray:
    """Turn ink into grey levels: paper under a little, full black under enough, edges between."""
    grey = np.clip((ink - 0.06) / 0.45, 0, 1)
    return np.rint(255 * grey).astype(np.uint8)
