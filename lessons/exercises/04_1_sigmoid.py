"""4.1 The logistic function, for large numbers too

    σ(x) = 1 / (1 + e^−x),      σ′(x) = σ(x) (1 − σ(x)).

For x = −1000 the program has to compute e^1000, which is too large for a number: NumPy warns, and
in other formulas NaN comes out. For negative x use the same number written as e^x / (1 + e^x):
then only exponentials of negative numbers are taken. Write `forward` and `backward`.

Hint: With `small = np.exp(-np.abs(x))` the exponent is never positive.

Hint: `np.where(x >= 0, 1 / (1 + small), small / (1 + small))` takes one or the other formula.

Hint: `backward` multiplies dy by the derivative, which needs nothing but y: keep it in `self.y`.
"""

import numpy as np

import tinyae as ta


class MySigmoid(ta.Layer):
    def forward(self, x):
        # --- your code ---
        small = np.exp(-np.abs(x))
        self.y = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
        return self.y
        # --- end ---

    def backward(self, dy):
        # --- your code ---
        return dy * self.y * (1 - self.y)
        # --- end ---


# === check ===
from tinyae.grading import expect, expect_true


def check(student):
    x = np.array([[-2.0, 0.0, 1.0], [3.0, -0.5, 0.25]])
    yield expect("y", student.MySigmoid()(x), 1 / (1 + np.exp(-x)), "σ(x) = 1 / (1 + e^−x)")
    extreme = np.array([[-1000.0, 1000.0]])
    with np.errstate(over="raise", invalid="raise"):
        try:
            y = student.MySigmoid()(extreme)
        except FloatingPointError:
            y = None
    message = "for x = ±1000 an exponential becomes too large; take e^x of negative numbers only"
    yield expect_true("y", y is not None, "overflow", message)
    yield expect("y for ±1000", y, [[0.0, 1.0]])
    yield ta.gradcheck(student.MySigmoid(), x)


WRONG = {
    "the simple formula": (
        "np.where(x >= 0, 1 / (1 + small), small / (1 + small))",
        "1 / (1 + np.exp(-x))",
    ),
    "always positive": ("small / (1 + small))", "1 / (1 + small))"),
    "a derivative of something else": ("self.y * (1 - self.y)", "(1 - self.y**2)"),
}
