"""How a hand moves to write each digit: skeletons of a few points, and smooth curves through them.

A skeleton is one line of text: ``x y`` points in writing order, on a page 100 high, y downwards.
The pen runs smoothly through them; ``!`` after a point makes it a corner, ``/`` lifts the pen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["DOTS", "SKELETONS", "Skeletons", "skeletons"]

DOTS = 128
"""Dots of ink that make up a digit, spread evenly along its strokes."""

SKELETONS: dict[int, dict[str, str]] = {
    0: {
        "oval": "52 2, 24 14, 14 50, 26 88, 50 98, 76 86, 86 50, 76 12, 50 3",
        "narrow": "54 1, 36 16, 28 52, 36 90, 50 99, 66 86, 72 46, 64 10, 50 2",
        "broad": "54 8, 16 20, 4 50, 20 84, 50 94, 84 80, 96 46, 80 18, 46 9",
        "overlapping at the top": "70 12, 40 3, 16 40, 26 90, 60 97, 86 56, 72 12, 46 8, 34 18",
        "not quite closed": "44 6, 18 32, 16 74, 46 98, 78 80, 84 36, 62 5",
        "egg": "28 20, 14 58, 36 96, 74 88, 86 46, 66 6, 38 6, 22 28",
        "open on the left": "22 22, 52 2, 82 24, 86 62, 54 98, 22 84, 16 46, 34 12",
    },
    1: {
        "stick": "50 0, 50 50, 50 100",
        "bowed stick": "54 0, 46 48, 52 100",
        "small flag": "40 14, 54 0!, 52 50, 50 100",
        "curved flag": "34 28, 46 17, 54 1!, 53 50, 52 100",
        "long flag": "30 40, 42 22, 54 1!, 53 50, 54 100",
        "foot": "52 1, 51 50, 50 98 / 26 99, 50 98, 76 97",
        "flag and foot": "34 24, 54 2!, 53 50, 52 97 / 24 97, 52 98, 80 96",
    },
    2: {
        "swan": "18 24, 44 3, 76 22, 62 56, 16 96!, 48 93, 86 95",
        "small loop": "20 22, 46 3, 76 24, 58 62, 28 94, 14 86, 30 76, 56 88, 90 90",
        "big loop": "24 18, 54 2, 76 24, 54 72, 24 96, 10 82, 28 68, 58 88, 92 96",
        "wavy foot": "16 22, 46 2, 74 26, 48 66, 12 94!, 32 86, 62 96, 90 86",
        "like a z": "18 10, 48 6, 78 9!, 48 52, 16 95!, 50 94, 86 94",
        "hooked head": "30 34, 20 20, 44 3, 74 14, 72 42, 44 72, 14 94!, 48 92, 84 88",
        "long tail": "22 20, 42 3, 62 20, 50 56, 14 92!, 50 90, 98 96",
    },
    3: {
        "two bows": "20 14, 50 2, 74 20, 40 46!, 78 68, 54 97, 16 86",
        "small head": "26 12, 50 2, 66 18, 40 38!, 80 62, 58 97, 16 84",
        "big head": "16 16, 48 2, 80 28, 42 58!, 72 76, 50 98, 20 92",
        "flat top": "20 5, 48 4, 76 4!, 44 40!, 80 64, 58 96, 16 90",
        "curl at the waist": "18 14, 52 2, 72 24, 46 46, 36 52, 44 42, 76 58, 64 94, 18 90",
        "open waist": "20 10, 54 3, 72 24, 54 46, 74 70, 52 97, 18 90",
        "angular": "20 8, 50 6, 76 8!, 60 28, 46 42!, 76 66, 56 94, 18 94",
    },
    4: {
        "open": "26 4, 22 32, 16 58!, 48 56, 84 54 / 68 6, 66 50, 62 98",
        "closed": "62 2, 38 34, 12 66!, 48 66, 88 64 / 62 2, 62 50, 62 98",
        "round arms": "22 4, 20 38, 40 54, 74 44 / 76 2, 72 50, 66 98",
        "in one go": "24 8, 20 46, 42 56, 68 40, 76 6!, 72 50, 66 98",
        "long leg": "34 6, 28 28, 22 48!, 48 48, 74 46 / 62 2, 60 50, 56 100",
        "low crossing": "40 2, 26 34, 14 64!, 48 62, 88 58 / 62 34, 58 66, 52 98",
        "sharp, leaning": "52 2, 34 32, 14 64!, 46 56, 84 48 / 76 20, 60 60, 46 98",
    },
    5: {
        "hat put on last": "32 6, 28 26, 24 44!, 56 38, 78 64, 54 97, 16 88 / 32 5, 56 5, 82 3",
        "in one go": "78 4, 54 5, 32 6!, 24 44!, 56 40, 76 66, 50 98, 16 88",
        "like an s": "82 6, 42 8, 28 34, 60 50, 74 76, 46 98, 14 86",
        "big belly": "36 4, 26 38!, 64 36, 80 68, 48 98, 18 80 / 36 4, 58 6, 76 4",
        "slim": "74 2, 42 4!, 34 44!, 58 48, 66 72, 46 96, 22 92",
        "long hat": "38 14, 32 30, 26 46!, 54 44, 66 68, 44 98, 14 92 / 37 14, 60 11, 86 3",
        "angular": "74 6, 50 6, 30 8!, 26 44!, 50 42, 72 50, 70 80, 46 94, 16 92",
    },
    6: {
        "bowed back": "68 3, 34 26, 16 66, 40 98, 76 80, 56 54, 20 72",
        "straight back": "56 1, 36 32, 20 70, 38 98, 70 86, 66 60, 40 58, 22 76",
        "small eye": "62 2, 32 36, 20 78, 44 98, 66 82, 52 66, 24 80",
        "big eye": "54 2, 26 30, 16 66, 40 98, 80 78, 66 44, 36 46, 20 66",
        "curled in": "76 10, 56 3, 24 38, 20 78, 48 98, 78 78, 58 56, 32 70, 34 84",
        "slim": "50 1, 32 34, 28 76, 46 98, 66 80, 50 60, 32 78",
        "flat eye": "72 6, 38 24, 18 62, 30 96, 72 92, 82 70, 52 64, 22 82",
    },
    7: {
        "plain": "14 8, 46 7, 80 6!, 62 50, 48 98",
        "bent leg": "14 10, 46 6, 82 6!, 58 42, 50 98",
        "bar": "16 8, 46 7, 82 5!, 64 50, 50 98 / 34 52, 56 50, 80 46",
        "serif": "16 26, 18 8!, 50 8, 84 6!, 62 46, 48 98",
        "serif and bar": "14 24, 18 7!, 50 8, 82 4!, 60 50, 48 98 / 30 54, 54 52, 78 52",
        "wavy roof": "12 20, 24 6, 52 12, 82 4!, 60 48, 46 98",
        "long roof, hooked leg": "6 12, 42 8, 86 6!, 60 40, 50 72, 56 98",
    },
    8: {
        "in one go": "72 16, 46 2, 24 22, 50 48, 78 76, 50 98, 22 78, 48 50, 76 22, 60 4",
        "two rings": "50 3, 28 22, 50 45, 72 22, 48 2 / 50 45, 22 72, 50 98, 78 72, 48 46",
        "small head": "64 10, 46 3, 34 20, 52 40, 80 72, 50 98, 20 74, 44 42, 66 20, 54 4",
        "big head": "78 20, 46 2, 18 26, 50 56, 70 78, 50 98, 30 78, 48 56, 80 28, 60 4",
        "open head": "80 14, 48 4, 26 22, 48 46, 72 72, 48 98, 24 78, 44 54, 84 8",
        "begun at the waist": "44 54, 74 22, 50 2, 24 24, 50 50, 80 76, 52 98, 20 78, 50 50",
        "ending in a tail": "66 8, 34 12, 36 36, 64 62, 58 96, 28 88, 40 56, 78 4",
    },
    9: {
        "straight leg": "70 14, 44 3, 22 28, 42 52, 70 36, 76 8!, 72 50, 66 98",
        "curved tail": "72 16, 46 3, 22 26, 42 50, 72 30, 76 14, 76 62, 54 96, 22 90",
        "leaning leg": "74 12, 44 2, 20 28, 44 48, 76 12!, 60 56, 44 98",
        "small eye": "68 13, 50 3, 32 20, 48 41, 68 23, 71 9!, 68 54, 62 99",
        "big eye": "76 12, 44 2, 14 30, 40 60, 72 42, 80 8!, 76 56, 72 98",
        "in one sweep": "66 20, 48 2, 24 22, 38 48, 68 24, 72 40, 60 72, 46 98",
        "hooked leg": "70 14, 42 4, 22 30, 44 50, 70 30, 74 8!, 70 56, 74 90, 90 94",
    },
}
"""The ways of writing each digit, by name."""


@dataclass(frozen=True)
class Skeletons:
    """All skeletons as arrays: S of them, each padded to P control points.

    A spline is linear in the points it runs through, so the dots along skeleton s are
    ``basis[s] @ points[s]``: (DOTS, P) @ (P, 2). Whoever moves the points moves the curve.

    Attributes
    ----------
    digit : integer array (S,)
        The digit that each skeleton writes, in ascending order.
    points : float array (S, P, 2)
        Control points x, y, in page heights; 0 in the padding.
    basis : float array (S, DOTS, P)
        The weight of each control point in each dot; 0 in the padding.
    """

    digit: np.ndarray
    points: np.ndarray
    basis: np.ndarray


@lru_cache(maxsize=1)
def skeletons() -> Skeletons:
    """Return all of `SKELETONS` as arrays."""
    digit = [digit for digit, ways in SKELETONS.items() for _ in ways]
    strokes = [_read(text) for ways in SKELETONS.values() for text in ways.values()]
    most = max(len(points) for points, _ in strokes)
    all_points = np.zeros((len(strokes), most, 2))
    basis = np.zeros((len(strokes), DOTS, most))
    for s, (points, pieces) in enumerate(strokes):
        all_points[s, : len(points)] = points
        basis[s, :, : len(points)] = _curve_basis(points, pieces)
    return Skeletons(np.array(digit), all_points, basis)


def _read(text: str) -> tuple[np.ndarray, list[slice]]:
    """Return a skeleton's control points (P, 2) and its smooth pieces, as slices of them."""
    points: list[list[float]] = []
    pieces = []
    for stroke in text.split("/"):
        begin = len(points)
        for word in stroke.split(","):
            points.append([float(number) / 100 for number in word.rstrip("! ").split()])
            if word.endswith("!"):  # a corner ends one piece and begins the next
                pieces.append(slice(begin, len(points)))
                begin = len(points) - 1
        pieces.append(slice(begin, len(points)))
    return np.array(points), pieces


def _curve_basis(points: np.ndarray, pieces: list[slice]) -> np.ndarray:
    """Return the matrix (DOTS, P) that takes control points to dots along the strokes.

    Each piece is the natural cubic spline through its points. Its parameter is the length of
    the polygon through them, which spaces the dots about evenly. The matrix is the spline of
    the identity: column p is the curve when point p is 1 and the others 0.
    """
    from scipy.interpolate import CubicSpline

    knots = [_distance_run(points[piece]) for piece in pieces]
    ends = np.cumsum([run[-1] for run in knots])
    when = (np.arange(DOTS) + 0.5) / DOTS * ends[-1]
    piece_of_dot = np.searchsorted(ends, when)
    basis = np.zeros((DOTS, len(points)))
    for i, (piece, run) in enumerate(zip(pieces, knots, strict=True)):
        mine = piece_of_dot == i
        spline = CubicSpline(run, np.eye(len(run)), bc_type="natural")
        basis[mine, piece] = spline(when[mine] - (ends[i] - run[-1]))
    return basis


def _distance_run(points: np.ndarray) -> np.ndarray:
    """Return how far along the polygon through `points` each of them lies, (P,)."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])
