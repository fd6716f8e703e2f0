"""2.3 A test that proves something

To check a layer's `backward`, one makes one number of its output, f(x) = Σ dy · layer(x), and
compares the gradient of f with `layer.backward(dy)`. Write `checked_upstream(y)`: the dy of the
shape of y that such a test should use. With the wrong choice, wrong layers pass: the softmax, for
one, gives rows that sum up to 1 whatever x is, so that with all ones f never changes.

Hint: Which dy makes every number of y count differently?

Hint: `np.random.default_rng(0)` makes a generator; `standard_normal(shape)` draws.
"""

import numpy as np


def checked_upstream(y):
    # --- your code ---
    return np.random.default_rng(0).standard_normal(y.shape)
    # --- end ---


# === check ===
from tinyae.grading import expect_true


def check(student):
    y = np.random.default_rng(1).standard_normal((6, 5))
    dy = np.asarray(student.checked_upstream(y))
    yield expect_true(
        "dy", dy.shape == y.shape, "wrong-shape", f"expected the shape {y.shape}, got {dy.shape}"
    )
    spread = np.ptp(dy)
    message = "all numbers of dy are the same: an output that sums up to a constant hides anything"
    yield expect_true("dy", spread > 1e-3, "constant-upstream", message)
    message = "rows of dy are alike; draw every number on its own"
    alike = np.ptp(dy, axis=0).max() < 1e-3 or np.ptp(dy, axis=1).max() < 1e-3
    yield expect_true("dy", not alike and len(np.unique(dy)) > 20, "too-regular", message)
    message = "dy has numbers that are 0, or nearly: what it does not weigh is not tested"
    yield expect_true("dy", (np.abs(dy) > 1e-6).all(), "vanishing", message)


WRONG = {
    "all ones": ("np.random.default_rng(0).standard_normal(y.shape)", "np.ones(y.shape)"),
    "one row for all": (
        "standard_normal(y.shape)",
        "standard_normal(y.shape[1:]) + np.zeros(y.shape)",
    ),
    "too small": ("np.random", "1e-9 * np.random"),
}
