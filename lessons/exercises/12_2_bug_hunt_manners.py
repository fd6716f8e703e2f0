"""12.2 Bug hunt: a layer with bad manners

`Scale` multiplies each feature by a learnt number. Its numbers are right, as long as it is used
alone and once. But it breaks three rules of every layer: a pass leaves its arguments alone, it
*adds* to the gradients, and it never moves a weight. Repair `backward`.

Hint: Which of its lines write into an array that belongs to somebody else?

Hint: Only the optimizer moves weights. `+=` on `.grad`, no `*=` on dy.
"""

import numpy as np

import tinyae as ta

rng = np.random.default_rng(0)


class Scale(ta.Layer):
    def __init__(self, features):
        super().__init__()
        self.scale = ta.Parameter(rng.standard_normal(features))

    def forward(self, x):
        self.x = x
        return x * self.scale.value

    def backward(self, dy):
        # --- your code ---
        self.scale.grad += (dy * self.x).sum(axis=0)
        return dy * self.scale.value
        # --- at first ---
        # self.scale.grad = (dy * self.x).sum(axis=0)
        # dy *= self.scale.value
        # self.scale.value -= 0.001 * self.scale.grad
        # return dy
        # --- end ---


# === check ===
def check(student):
    yield ta.gradcheck(student.Scale(4), rng.standard_normal((6, 4)))


WRONG = {
    "overwritten": ("scale.grad += (dy", "scale.grad = (dy"),
    "dy changed": ("return dy * self.scale.value", "dy *= self.scale.value\n        return dy"),
    "a step inside": (
        "        return dy * self.scale.value",
        "        self.scale.value -= 0.001 * self.scale.grad\n        return dy * self.scale.value",
    ),
}
