"""3.3 Tied weights: one matrix used twice

A linear autoencoder may use one matrix for both directions: code h = x Wᵀ, output y = h W, with
W (k, D). W is used twice, so its gradient is a sum over two ways:

    dh = dy Wᵀ,     dW = hᵀ dy  +  dhᵀ x,     dx = dh W.

Write `backward`; add dW to `self.weight.grad` and return dx.

Hint: The second use first, as always on the way back: y = h W gives hᵀ dy and dh = dy Wᵀ.

Hint: The first use is the linear layer of lesson 1 without a bias, with dh in the place of dy.
"""

import numpy as np

import tinyae as ta

rng = np.random.default_rng(0)


class TiedAutoencoder(ta.Layer):
    def __init__(self, features, code):
        super().__init__()
        self.weight = ta.Parameter(rng.standard_normal((code, features)))

    def forward(self, x):
        self.x = x
        self.hidden = x @ self.weight.value.T
        return self.hidden @ self.weight.value

    def backward(self, dy):
        # --- your code ---
        d_hidden = dy @ self.weight.value.T
        self.weight.grad += self.hidden.T @ dy
        self.weight.grad += d_hidden.T @ self.x
        return d_hidden @ self.weight.value
        # --- end ---


# === check ===
def check(student):
    yield ta.gradcheck(student.TiedAutoencoder(5, 2), rng.standard_normal((6, 5)))


WRONG = {
    "one way only": ("        self.weight.grad += d_hidden.T @ self.x\n", ""),
    "the second way instead of both": ("grad += d_hidden.T", "grad = d_hidden.T"),
    "the code's gradient left out": (
        "d_hidden = dy @ self.weight.value.T",
        "d_hidden = self.hidden",
    ),
}
