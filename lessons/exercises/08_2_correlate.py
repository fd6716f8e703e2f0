"""8.2 A convolution with loops

One image x (H, W), one filter w (k, k), steps of s pixels. Each number of the output is the sum
over a window of products:

    y[r, c] = Σ_i Σ_j w[i, j] · x[s r + i, s c + j].

Write `correlate(x, w, stride)`; the output y with its right shape is there already.

Hint: Two loops over the places of y; the window is `x[top : top + k, left : left + k]`.

Hint: `top = stride * r`, `left = stride * c`.
"""

import numpy as np


def correlate(x, w, stride=1):
    k = len(w)
    rows, columns = (x.shape[0] - k) // stride + 1, (x.shape[1] - k) // stride + 1
    y = np.zeros((rows, columns))
    # --- your code ---
    for r in range(rows):
        for c in range(columns):
            top, left = stride * r, stride * c
            y[r, c] = (w * x[top : top + k, left : left + k]).sum()
    # --- end ---
    return y


# === check ===
from tinyae.grading import expect


def check(student):
    generator = np.random.default_rng(0)
    x, w = generator.standard_normal((7, 6)), generator.standard_normal((3, 3))
    for stride in (1, 2):
        got = student.correlate(x, w, stride)
        turned = correlate(x, w[::-1, ::-1], stride)
        hint = "the filter is turned round" if np.allclose(got, turned) else ""
        yield expect(f"y for stride {stride}", got, correlate(x, w, stride), hint)


WRONG = {
    "stride forgotten": ("top, left = stride * r, stride * c", "top, left = r, c"),
    "the filter turned round": ("(w * x", "(w[::-1, ::-1] * x"),
    "averaged": (".sum()", ".mean()"),
}
