"""7.2 An atlas of the plane

To see what a decoder has learnt, decode the points of a grid. Write `grid(extent, n)`: n × n
points of the plane from −extent to extent in both directions, as an array (n², 2). They come row
by row as one reads a page: the *top* row first, that is the largest second coordinate, and in each
row from left to right, the smallest first coordinate first.

Hint: `np.linspace(-extent, extent, n)` gives the n values of one coordinate; `[::-1]` turns them.

Hint: Two loops, or `np.meshgrid`: the second coordinate changes slowly, the first one quickly.
"""

import numpy as np


def grid(extent, n):
    # --- your code ---
    values = np.linspace(-extent, extent, n)
    return np.array([(z1, z2) for z2 in values[::-1] for z1 in values])
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    wanted = [(-1, 1), (1, 1), (-1, -1), (1, -1)]
    yield expect("grid(1, 2)", student.grid(1, 2), wanted, "top left, top right, bottom left …")
    yield expect("grid(3, 5)", student.grid(3, 5), grid(3, 5), "the top row first")


WRONG = {
    "from below": ("values[::-1]", "values"),
    "columns first": (
        "for z2 in values[::-1] for z1 in values",
        "for z1 in values for z2 in values[::-1]",
    ),
    "the ends left out": (
        "np.linspace(-extent, extent, n)",
        "np.linspace(-extent, extent, n + 2)[1:-1]",
    ),
}
