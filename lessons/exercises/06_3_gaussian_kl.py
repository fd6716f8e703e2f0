"""6.3 The Kullback–Leibler divergence and its gradient

How far is N(μ, σ²) from N(0, 1)? Summed over all numbers, with log_var = log σ²,

    KL = ½ Σ (μ² + σ² − 1 − log σ²).

Write `gaussian_kl(mean, log_var)`, which gives three things: the value, its gradient with respect
to mean, and its gradient with respect to log_var. Derive the gradients yourself.

Hint: σ² = exp(log_var). The derivative of exp(u) is exp(u).

Hint: ∂KL/∂μ = μ. For log_var, two of the four terms count.
"""

import numpy as np


def gaussian_kl(mean, log_var):
    # --- your code ---
    variance = np.exp(log_var)
    value = 0.5 * (mean**2 + variance - 1 - log_var).sum()
    d_mean = mean.copy()
    d_log_var = 0.5 * (variance - 1)
    return value, d_mean, d_log_var
    # --- end ---


# === check ===
import tinyae as ta


def check(student):
    yield ta.check_kl(student.gaussian_kl)


WRONG = {
    "averaged": (".sum()", ".mean()"),
    "no ½ in the gradient": ("0.5 * (variance - 1)", "variance - 1"),
    "log_var as the variance": ("variance - 1 - log_var", "log_var - 1 - log_var"),
    "a term missing": ("(mean**2 + variance", "(variance"),
}
