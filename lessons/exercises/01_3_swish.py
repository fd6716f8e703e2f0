"""1.3 A layer with a bend: swish

Swish bends the line: y = x σ(x), with the logistic function σ(x) = 1 / (1 + e^−x). x is used
twice, so two ways lead from x to y, and over all ways we add:

    dy/dx = σ(x) + x σ′(x),     σ′(x) = σ(x) (1 − σ(x)).

`forward` has remembered x and σ(x). Write `backward`: it returns dx = dy · dy/dx.

Hint: No matrix product here: every number of y depends on one number of x alone, so all
products are element by element, `*`.

Hint: The derivative of the layer is `s + self.x * s * (1 - s)` with s = self.s. What is missing?
"""

import numpy as np

import tinyae as ta


class Swish(ta.Layer):
    def forward(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-x))
        return x * self.s

    def backward(self, dy):
        # --- your code ---
        return dy * (self.s + self.x * self.s * (1 - self.s))
        # --- end ---


# === check ===
from tinyae.grading import expect_true


def check(student):
    x, dy = np.random.default_rng(0).standard_normal((2, 6, 5))
    layer = student.Swish()
    y = layer(x)
    dx = np.asarray(layer.backward(dy.copy()), float)
    s = 1 / (1 + np.exp(-x))
    for part, words in ((s, "x as the factor"), (x * s * (1 - s), "x inside σ")):
        message = f"only the way through {words} is there; x is used twice: add both ways"
        yield expect_true("input", not np.allclose(dx, dy * part), "missing-branch", message)
    yield expect_true("y", np.allclose(y, x * s), "changed", "forward is right as it was")
    yield ta.gradcheck(student.Swish(), x)


WRONG = {
    "one way only": ("self.s + self.x * self.s * (1 - self.s)", "self.s"),
    "the upstream gradient left out": ("dy * (", "1 * ("),
    "the other way only": ("self.s + self.x", "self.x"),
}
