"""9.2 Dropout and its mask

In training every number is dropped (set to 0) with the chance p, and the others are divided by
1 − p, so that the mean stays what it was:

    y = x · m,       m = 0 with chance p, else 1 / (1 − p).

In evaluation (`self.training` is False) y = x. `backward` uses the *same* m. Write `forward` and
`backward`; `rng.random(shape)` draws numbers between 0 and 1.

Hint: `rng.random(x.shape) >= self.p` is True with the chance 1 − p.

Hint: Keep the mask, already divided by 1 − p, in `self.mask`; in evaluation it can be 1.0.
"""

import tinyae as ta
from tinyae.backend import host_generator


class MyDropout(ta.Layer):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x):
        rng = host_generator()
        # --- your code ---
        self.mask = (rng.random(x.shape) >= self.p) / (1 - self.p) if self.training else 1.0
        return x * self.mask
        # --- end ---

    def backward(self, dy):
        # --- your code ---
        return dy * self.mask
        # --- end ---


# === check ===
import numpy as np

from tinyae.grading import expect, expect_true


def check(student):
    ones = np.ones((300, 300))
    layer = student.MyDropout(0.3)
    y = layer(ones)
    dropped = float((y == 0).mean())
    message = f"{dropped:.1%} of the numbers were dropped, expected 30% for p = 0.3"
    yield expect_true("y", abs(dropped - 0.3) < 0.02, "wrong-chance", message)
    kept = np.unique(np.round(y[y != 0], 9))
    yield expect("what is kept", kept, [1 / 0.7], "divide by 1 − p", 1e-6)
    few = ones[:2, :2]
    yield expect("y in evaluation", layer.eval()(few), few, "y = x")
    yield expect("dx in evaluation", layer.backward(few), few, "dx = dy")
    x = np.random.default_rng(0).standard_normal((6, 5))
    yield ta.gradcheck(student.MyDropout(0.3), x)


WRONG = {
    "no mask on the way back": ("return dy * self.mask", "return dy.copy()"),
    "not divided": (" / (1 - self.p)", " * 1.0"),
    "in evaluation, too": (" if self.training else 1.0", ""),
    "p and 1 − p exchanged": (">= self.p", "< self.p"),
}
