"""4.3 Binary cross-entropy from logits

A pixel t between 0 and 1 and a decoder that answers with a logit x, so that the chance of ink is
σ(x). The loss is summed over all pixels:

    L = Σ log(1 + e^x) − t x,       ∂L/∂x = σ(x) − t.

Compute log(1 + e^x) as max(x, 0) + log(1 + e^−|x|), which is right for large x, too. Write
`bce_with_logits(x, t)`, which gives the loss and its gradient.

Hint: `np.log1p(u)` is log(1 + u).

Hint: The gradient has the shape of x; only the loss is summed.
"""

import numpy as np

import tinyae as ta


def bce_with_logits(x, t):
    # --- your code ---
    loss = (np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))) - t * x).sum()
    d_x = 1 / (1 + np.exp(-x)) - t
    return loss, d_x
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    generator = np.random.default_rng(0)
    x, t = 2 * generator.standard_normal((4, 3)), generator.random((4, 3))
    right = ta.BCEWithLogitsLoss(reduction="sum")
    value = right(x, t)
    loss, d_x = student.bce_with_logits(x, t)
    hint = f"the mean would be {value / x.size:.6g}: sum over all pixels"
    yield expect("the loss", loss, value, hint)
    yield expect("the gradient", d_x, right.backward(), "∂L/∂x = σ(x) − t")
    with np.errstate(over="ignore"):
        loss, _ = student.bce_with_logits(np.array([[1000.0]]), np.array([[0.5]]))
    yield expect("the loss for x = 1000", loss, 500.0, "e^1000 is too large for a number")


WRONG = {
    "averaged": (".sum()", ".mean()"),
    "the simple formula": (
        "np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))",
        "np.log1p(np.exp(x))",
    ),
    "sign": ("1 / (1 + np.exp(-x)) - t", "t - 1 / (1 + np.exp(-x))"),
}
