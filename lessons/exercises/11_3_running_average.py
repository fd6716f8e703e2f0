"""11.3 What batch norm remembers

In evaluation a layer must not depend on the other samples of the batch. So in training it keeps
running averages, with momentum m (0.1, say):

    average ← (1 − m) · average + m · value of this batch.

Write `update(running_mean, running_var, x, momentum)`, which gives the two new averages. As in
PyTorch, the variance of the batch is taken with 1/(N − 1) here.

Hint: `x.var(axis=0, ddof=1)` divides by N − 1.

Hint: A small momentum means that little of the *new* value is taken.
"""

import numpy as np


def update(running_mean, running_var, x, momentum=0.1):
    # --- your code ---
    running_mean = (1 - momentum) * running_mean + momentum * x.mean(axis=0)
    running_var = (1 - momentum) * running_var + momentum * x.var(axis=0, ddof=1)
    return running_mean, running_var
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    mean, variance = np.zeros(3), np.ones(3)
    generator = np.random.default_rng(0)
    for step in (1, 2):
        x = 4 + 3 * generator.standard_normal((5, 3))
        got = student.update(mean.copy(), variance.copy(), x, 0.2)
        right = update(mean, variance, x, 0.2)
        yield expect(f"mean after batch {step}", got[0], right[0], "(1 − m) old + m new")
        yield expect(f"variance after batch {step}", got[1], right[1], "with 1/(N − 1)")
        mean, variance = right


WRONG = {
    "old and new exchanged": (
        "(1 - momentum) * running_mean + momentum * x",
        "momentum * running_mean + (1 - momentum) * x",
    ),
    "variance with 1/N": (", ddof=1", ""),
    "the batch alone": ("(1 - momentum) * running_var + momentum * x", "x"),
}
