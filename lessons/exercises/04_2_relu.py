"""4.2 ReLU and its mask

    y = x where x > 0, and 0 elsewhere.

Where the input was positive, the gradient passes; elsewhere nothing does. Write both passes. `dy`
is still needed by whoever called: make a new array, do not change it.

Hint: `x > 0` is an array of True and False, which count as 1 and 0 in a product.

Hint: `backward` has to know where *x* was positive: remember the mask in `forward`.
"""

import numpy as np

import tinyae as ta


class MyReLU(ta.Layer):
    def forward(self, x):
        # --- your code ---
        self.mask = x > 0
        return x * self.mask
        # --- end ---

    def backward(self, dy):
        # --- your code ---
        return dy * self.mask
        # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    x = np.random.default_rng(0).standard_normal((6, 5))
    yield expect("y", student.MyReLU()(x.copy()), np.maximum(x, 0), "max(x, 0)")
    yield ta.gradcheck(student.MyReLU(), x)


WRONG = {
    "no mask on the way back": ("dy * self.mask", "dy.copy()"),
    "changes dy": ("return dy * self.mask", "dy *= self.mask\n        return dy"),
    "the mask of dy": ("dy * self.mask", "dy * (dy > 0)"),
}
