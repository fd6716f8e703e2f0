"""11.1 Batch normalization, forward

Each feature (column of x) is brought to mean 0 and variance 1 over the batch, then scaled by γ and
shifted by β:

    x̂ = (x − mean) / √(variance + ε),        y = γ x̂ + β.

Mean and variance are taken over the samples of the batch, the variance with 1/N. Write
`batch_norm(x, gamma, beta, eps)`. Shapes: x and y (N, D), gamma and beta (D,).

Hint: `x.mean(axis=0)` and `x.var(axis=0)` have one number a feature.

Hint: ε is added *before* the root is taken.
"""

import numpy as np


def batch_norm(x, gamma, beta, eps=1e-5):
    # --- your code ---
    mean, variance = x.mean(axis=0), x.var(axis=0)
    normalized = (x - mean) / np.sqrt(variance + eps)
    return gamma * normalized + beta
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    generator = np.random.default_rng(0)
    x = 5 + 2 * generator.standard_normal((6, 3))
    gamma, beta = generator.standard_normal((2, 3))
    right = batch_norm(x, gamma, beta)
    yield expect(
        "y", student.batch_norm(x.copy(), gamma, beta), right, "γ (x − mean) / √(var + ε) + β"
    )
    got = student.batch_norm(x.copy(), gamma, beta, 1.0)
    yield expect("y for ε = 1", got, batch_norm(x, gamma, beta, 1.0), "ε stands below the root")


WRONG = {
    "over the features": ("x.mean(axis=0)", "x.mean(axis=1, keepdims=True)"),
    "ε behind the root": ("np.sqrt(variance + eps)", "(np.sqrt(variance) + eps)"),
    "divided by the variance": ("np.sqrt(variance + eps)", "(variance + eps)"),
    "variance with 1/(N − 1)": ("x.var(axis=0)", "x.var(axis=0, ddof=1)"),
}
