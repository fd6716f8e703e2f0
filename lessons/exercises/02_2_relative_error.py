"""2.2 How far apart are two gradients?

A difference of 0.001 is much for a gradient of 0.002 and nothing for one of 5,000. So one looks at

    |a − n| / max(|a|, |n|),

element by element, and takes the largest. Where both are 0 the error is 0 as well, not 0/0.
Write `relative_error`, which gives one number for two arrays.

Hint: `np.maximum(u, v)` takes the larger one in each place.

Hint: Avoid 0/0 with a denominator that is 1 where it would be 0:
`np.where(size == 0, 1, size)`.
"""

import numpy as np


def relative_error(analytic, numerical):
    # --- your code ---
    size = np.maximum(np.abs(analytic), np.abs(numerical))
    return (np.abs(analytic - numerical) / np.where(size == 0, 1, size)).max()
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    error = student.relative_error
    ones = np.ones((2, 3))
    yield expect("error of equal arrays", error(ones, ones), 0.0)
    yield expect("error of 1 and −1", error(ones, -ones), 2.0, "take |a − n|")
    yield expect("error of 2 and 1", error(2 * ones, ones), 0.5, "the larger of both below")
    yield expect("error of −2 and −1", error(-2 * ones, -ones), 0.5, "the sizes, not the numbers")
    a = np.array([5000.0, 0.002, -1.0])
    n = np.array([5000.001, 0.001, -1.0])
    yield expect("error where one of three is off", error(a, n), 0.5, "the largest, not the mean")
    zeros = np.zeros(2)
    yield expect("error of 0 and 0", error(zeros, zeros), 0.0, "0/0 is not to be computed")


WRONG = {
    "mean": (".max()", ".mean()"),
    "nothing done about 0/0": ("np.where(size == 0, 1, size)", "size"),
    "no sizes": ("np.maximum(np.abs(analytic), np.abs(numerical))", "np.maximum(analytic, 1)"),
}
