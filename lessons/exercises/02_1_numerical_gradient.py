"""2.1 A gradient by central differences

Move one number of an array a little to both sides, and see what that does to f:

    ∂f/∂aᵢ ≈ (f(a + h eᵢ) − f(a − h eᵢ)) / 2h.

Write `numerical_gradient`: `function` takes an array and gives one number; the result has the
shape of the array. The array must be as it was when you are done.

Hint: `for place in np.ndindex(array.shape)` goes through all places of an array of any shape.

Hint: Work on a copy: `moved = array.copy()`, then `moved[place] = array[place] + step`, and put
`array[place]` back before the next one.
"""

import numpy as np


def numerical_gradient(function, array, step=1e-5):
    gradient = np.zeros_like(array)
    # --- your code ---
    for place in np.ndindex(array.shape):
        moved = array.copy()
        moved[place] = array[place] + step
        right = function(moved)
        moved[place] = array[place] - step
        left = function(moved)
        gradient[place] = (right - left) / (2 * step)
    # --- end ---
    return gradient


# === check ===
from tinyae.grading import expect, expect_true


def check(student):
    a = np.random.default_rng(0).standard_normal((3, 4))
    before = a.copy()
    got = student.numerical_gradient(lambda v: np.sin(v).sum() + (v**2).prod(), a)
    wanted = np.cos(a) + 2 * (a**2).prod() / a
    yield expect("gradient", got, wanted, "(f(a + h) − f(a − h)) / 2h for each place", 1e-7)
    yield expect_true(
        "array", np.array_equal(a, before), "mutates-input", "the array was changed; put it back"
    )
    got = student.numerical_gradient(lambda v: np.exp(v).sum(), np.array([1.0]), 0.5)
    wanted = np.exp([1.0]) * np.sinh(0.5) / 0.5
    yield expect("gradient with step 0.5", got, wanted, "use `step`, to both sides")


WRONG = {
    "divided by one step": ("/ (2 * step)", "/ step"),
    "forward difference": ("array[place] - step", "array[place]"),
    "not put back": ("moved = array.copy()", "moved = array"),
}
