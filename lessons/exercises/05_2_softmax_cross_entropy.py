"""5.2 Softmax and cross-entropy in one

Scores x (N, C) and labels t (N,), integers. With p = softmax(x), row by row,

    L = −(1/N) Σ_n log p[n, t_n],        ∂L/∂x = (p − onehot(t)) / N.

e^x of large scores is too large for a number; softmax does not change if the largest score of each
row is subtracted first. Write `cross_entropy(x, t)`, which gives L and ∂L/∂x.

Hint: `x - x.max(axis=1, keepdims=True)` keeps the shape (N, 1) of the maximum, so that it fits.

Hint: `p[np.arange(len(t)), t]` takes from each row the number at its label.
"""

import numpy as np

import tinyae as ta


def cross_entropy(x, t):
    # --- your code ---
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(t))
    loss = -np.log(p[rows, t]).mean()
    d_x = p.copy()
    d_x[rows, t] -= 1
    return loss, d_x / len(t)
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    x = 3 * np.random.default_rng(0).standard_normal((5, 4))
    t = np.array([0, 3, 1, 1, 2])
    right = ta.CrossEntropyLoss()
    value = right(x, t)
    loss, d_x = student.cross_entropy(x.copy(), t)
    yield expect("the loss", loss, value, f"the sum would be {value * len(t):.6g}: take the mean")
    yield expect("the gradient", d_x, right.backward(), "(p − onehot(t)) / N")
    with np.errstate(all="ignore"):
        loss, _ = student.cross_entropy(np.array([[1000.0, 999.0]]), np.array([0]))
    hint = "subtract the largest score of each row before taking e^x"
    yield expect("the loss for scores of 1000", loss, np.log1p(np.exp(-1)), hint)


WRONG = {
    "gradient not divided by N": ("d_x / len(t)", "d_x"),
    "large scores": ("x - x.max(axis=1, keepdims=True)", "x"),
    "sum over the wrong axis": ("e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)"),
}
