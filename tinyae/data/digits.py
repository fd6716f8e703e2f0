"""Handwritten-looking digits, drawn here: the data set that needs no download.

Each digit starts from a stroke skeleton (`tinyae.data.strokes`) and goes through what a hand, a
pen and a scanner do to it: a shaky path, a bent and slanted posture, drops of ink, grey paper edges.
"""

from __future__ import annotations

import numpy as np

from .strokes import DOTS, skeletons

__all__ = ["draw_digits", "make_digits"]

SIDE = 28
SIZES = {"train": 12_000, "test": 2_000}
BLOCK = 500


def make_digits(split: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng([seed, list(SIZES).index(split)])
    labels = stream.permutation(np.arange(SIZES[split]) % 10).astype(np.uint8)
    return draw_digits(labels, stream), labels


def draw_digits(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    images = np.empty((len(labels), SIDE, SIDE), np.uint8)
    for start in range(0, len(labels), BLOCK):
        block = slice(start, start + BLOCK)
        path, length = _move_hand(labels[block], generator)
        path = _pose(_bend(path, generator), generator)
        images[block] = _scan(_spread_ink(path, length, generator), generator)
    return images


def _move_hand(labels, generator):
    """dots (N, DOTS, 2) and stroke length (N,)"""
    table = skeletons()
    ways = np.array([np.count_nonzero(table.digit == digit) for digit in range(10)])
    first = np.searchsorted(table.digit, np.arange(10))
    chosen = first[labels] + generator.integers(ways[labels])
    points = table.points[chosen]
    points = points + generator.normal(0, 0.028, points.shape)
    return table.basis[chosen] @ points, table.length[chosen]


def _bend(path, generator):
    """each dot moves by a smooth random field: two waves in random directions"""
    n = len(path)
    for _ in range(2):
        angle, phase = generator.uniform(0, 2 * np.pi, (2, n, 1))
        wavelength = generator.uniform(0.8, 2.0, (n, 1))
        push = generator.normal(0, 0.035, (n, 1, 2))
        along = path[..., 0] * np.cos(angle) + path[..., 1] * np.sin(angle)
        path = path + push * np.sin(2 * np.pi * along / wavelength + phase)[..., None]
    return path


def _pose(path, generator):
    n = len(path)
    path = path - path.mean(1, keepdims=True)
    slant = generator.normal(0.12, 0.22, n)
    turn = generator.normal(0, 0.10, n)
    widen = np.exp(generator.normal(0, 0.14, n))
    cos, sin = np.cos(turn), np.sin(turn)
    # columns: shear after widening, then rotation
    x = path[..., 0] * widen[:, None] - path[..., 1] * slant[:, None]
    y = path[..., 1]
    path = np.stack([x * cos[:, None] - y * sin[:, None], x * sin[:, None] + y * cos[:, None]], -1)
    extent = np.ptp(path, axis=1).max(1)
    size = generator.normal(17.6, 0.6, n)
    path = path * (size / extent)[:, None, None]
    path = path - path.mean(1, keepdims=True)
    return path + (SIDE - 1) / 2 + generator.normal(0, 0.4, (n, 1, 2))


def _spread_ink(path, length, generator):
    n = len(path)
    nib = np.exp(generator.normal(np.log(0.80), 0.2, n)).clip(0.55, 1.2)
    pixels = np.arange(SIDE, dtype=np.float32)
    offset = (path[..., None] - pixels).astype(np.float32)
    drops = np.exp(-0.5 * (offset / nib[:, None, None, None].astype(np.float32)) ** 2)
    across, down = drops[:, :, 0], drops[:, :, 1]
    weight = (length * 17.5 / DOTS / (np.sqrt(2 * np.pi) * nib)).astype(np.float32)
    t = np.linspace(0, 1, DOTS)
    phase = generator.uniform(0, 2 * np.pi, (n, 1))
    waves = generator.uniform(0.5, 2.0, (n, 1))
    pressure = 1 + 0.25 * np.sin(2 * np.pi * waves * t + phase)
    across = across * (weight[:, None] * pressure)[..., None].astype(np.float32)
    return down.transpose(0, 2, 1) @ across


def _scan(ink, generator):
    n = len(ink)
    grey = np.clip((ink - 0.1) / 0.32, 0, 1)
    dark = generator.uniform(0.97, 1.03, (n, 1, 1)).clip(0, 1)
    return np.rint(255 * grey * dark).astype(np.uint8)
