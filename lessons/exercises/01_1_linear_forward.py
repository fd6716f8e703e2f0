"""1.1 A linear layer, forward

A linear layer turns every row of x into a row of y:

    y[n, i] = Σ_j W[i, j] x[n, j] + b[i]        or, for all rows at once,   y = x Wᵀ + b.

Shapes: x (N, in_features), W (out_features, in_features), b (out_features,), y (N, out_features).
`self.weight.value` is W and `self.bias.value` is b. Write the line that computes y and returns it.

Hint: The product of matrices is written `@`, the transpose of an array `A` is `A.T`.

Hint: (N, in) @ (in, out) gives (N, out). Which of the two factors has to be transposed for that?

Hint: NumPy adds b, of shape (out,), to every row of an array (N, out) by itself.
"""

import numpy as np

import tinyae as ta

rng = np.random.default_rng(0)


class MyLinear(ta.Layer):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = ta.Parameter(rng.standard_normal((out_features, in_features)))
        self.bias = ta.Parameter(rng.standard_normal(out_features))

    def forward(self, x):
        # --- your code ---
        return x @ self.weight.value.T + self.bias.value
        # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    x = np.array([[1.0, 2.0, 0.0], [-1.0, 1.0, 4.0]])
    layer = student.MyLinear(3, 2)
    layer.weight.value = np.array([[0.5, -0.5, 1.0], [1.0, 0.0, -0.5]])
    layer.bias.value = np.array([1.0, 0.25])
    hint = "y = x Wᵀ + b"
    yield expect("y", layer(x), [[0.5, 1.25], [4.0, -2.75]], hint)


WRONG = {
    "no bias": (" + self.bias.value", ""),
    "not transposed": ("x @ self.weight.value.T", "(self.weight.value @ x.T)"),
    "nothing returned": ("return ", "y = "),
}
