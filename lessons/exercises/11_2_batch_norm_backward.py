"""11.2 Batch normalization, backward

Each x moves not only its own x̂ but also the mean and the deviation of the batch, and with them all
other x̂ of its feature. All ways together give, with g = γ dy,

    dx = (g − mean(g) − x̂ · mean(g x̂)) / √(variance + ε),

where the means go over the batch. The other two are short: dγ = Σ_n dy x̂, dβ = Σ_n dy. Write
`backward`; `forward` has kept x̂ in `self.normalized` and the root in `self.deviation`.

Hint: The sums over n are `.sum(axis=0)`, added to `self.weight.grad` (γ) and `self.bias.grad` (β).

Hint: `mean(g x̂)` is `(g * self.normalized).mean(axis=0)`, one number a feature.
"""

import numpy as np

import tinyae as ta

rng = np.random.default_rng(0)


class MyBatchNorm(ta.Layer):
    def __init__(self, features, eps=1e-5):
        super().__init__()
        self.weight = ta.Parameter(rng.standard_normal(features))
        self.bias = ta.Parameter(rng.standard_normal(features))
        self.eps = eps

    def forward(self, x):
        self.deviation = np.sqrt(x.var(axis=0) + self.eps)
        self.normalized = (x - x.mean(axis=0)) / self.deviation
        return self.weight.value * self.normalized + self.bias.value

    def backward(self, dy):
        # --- your code ---
        self.weight.grad += (dy * self.normalized).sum(axis=0)
        self.bias.grad += dy.sum(axis=0)
        g = self.weight.value * dy
        along = (g * self.normalized).mean(axis=0)
        return (g - g.mean(axis=0) - self.normalized * along) / self.deviation
        # --- end ---


# === check ===
def check(student):
    yield ta.gradcheck(student.MyBatchNorm(4), rng.standard_normal((6, 4)))


WRONG = {
    "statistics held fixed": (" - g.mean(axis=0) - self.normalized * along", ""),
    "the variance's way missing": (" - self.normalized * along", ""),
    "averaged": ("dy.sum(axis=0)", "dy.mean(axis=0)"),
    "γ forgotten": ("g = self.weight.value * dy", "g = dy"),
}
