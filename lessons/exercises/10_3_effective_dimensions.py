"""10.3 How many dimensions are in use?

Let v_d be the variance of the latent mean μ_d over all images. A dimension that the model does not
use has a μ_d that is 0 for every image, so v_d = 0. The *effective number* of dimensions is

    (Σ_d v_d)² / Σ_d v_d².

It is D when all vary alike and 1 when one varies alone. Write `effective_dimensions(means)` for
means (N, D).

Hint: The variance over the images is `means.var(axis=0)`; it has D numbers.
"""

import numpy as np


def effective_dimensions(means):
    # --- your code ---
    variance = means.var(axis=0)
    return variance.sum() ** 2 / (variance**2).sum()
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    x = np.random.default_rng(0).standard_normal((500, 4))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    of = student.effective_dimensions
    yield expect("four dimensions alike", of(x), 4.0, "over the images, axis 0")
    yield expect("one of four in use", of(x * [3, 0, 0, 0] + 7), 1.0, "the variance, not μ²")
    yield expect("variances 1 and 4", of(x[:, :2] * [1, 2]), 25 / 17, "variances, not deviations")


WRONG = {
    "over the dimensions": ("axis=0", "axis=1"),
    "deviations": ("means.var(axis=0)", "means.std(axis=0)"),
    "mean squares": ("means.var(axis=0)", "(means**2).mean(axis=0)"),
}
