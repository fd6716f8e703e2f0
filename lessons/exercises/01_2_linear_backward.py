"""1.2 A linear layer, backward

`backward` is given dy = ∂L/∂y, of the shape of y. From y = x Wᵀ + b the chain rule gives

    dW = dyᵀ x,     db = Σ_n dy[n],     dx = dy W.

Each gradient has the shape of the thing it belongs to. The layer *adds* dW and db to
`self.weight.grad` and `self.bias.grad` (with +=) and returns dx. It never divides by the number
of samples: whether there is a mean is the loss's business.

Hint: Look at the shapes first: dy is (N, out), x is (N, in), W and dW are (out, in).

Hint: b is added to every sample, so there are N ways from b to the loss; over all ways, add.

Hint: `dy.sum(axis=0)` adds up the rows of dy.
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
        self.x = x
        return x @ self.weight.value.T + self.bias.value

    def backward(self, dy):
        # --- your code ---
        self.weight.grad += dy.T @ self.x
        self.bias.grad += dy.sum(axis=0)
        return dy @ self.weight.value
        # --- end ---


# === check ===
def check(student):
    yield ta.gradcheck(student.MyLinear(4, 3), rng.standard_normal((5, 4)))


WRONG = {
    "the bias gradient averaged": ("dy.sum(axis=0)", "dy.mean(axis=0)"),
    "overwritten": ("self.weight.grad += dy.T", "self.weight.grad = dy.T"),
    "dx left out": ("return dy @ self.weight.value", "pass"),
    "the weight gradient averaged": ("dy.T @ self.x", "dy.T @ self.x / len(dy)"),
}
