"""3.1 There and back through a narrow layer

k orthonormal directions, the rows of B (k, D), span a subspace. The encoder gives the coordinates
of a point in it, the decoder goes back:

    code = (x − mean) Bᵀ,      x̂ = code B + mean.

Write both. Shapes: x (N, D), mean (D,), code (N, k).

Hint: Encoding takes D numbers to k, so the matrix that is multiplied from the right is (D, k).

Hint: What was subtracted before the encoder has to be added after the decoder.
"""

import numpy as np


def encode(x, mean, basis):
    # --- your code ---
    return (x - mean) @ basis.T
    # --- end ---


def decode(code, mean, basis):
    # --- your code ---
    return code @ basis + mean
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    generator = np.random.default_rng(0)
    x, mean = generator.standard_normal((6, 5)), generator.standard_normal(5)
    basis = np.linalg.qr(generator.standard_normal((5, 2)))[0].T
    code = student.encode(x.copy(), mean, basis)
    yield expect("code", code, (x - mean) @ basis.T, "code = (x − mean) Bᵀ")
    back = student.decode(code, mean, basis)
    yield expect("x̂", back, (x - mean) @ basis.T @ basis + mean, "x̂ = code B + mean")


WRONG = {
    "mean not subtracted": ("(x - mean)", "x"),
    "mean not added": ("code @ basis + mean", "code @ basis"),
    "mean subtracted twice": ("basis + mean", "basis - mean"),
}
