"""10.2 A prior term without the entropy

Leave the entropy of q out of the KL term, and ½ Σ (μ² + σ²) remains (up to a constant). Write this
term, `em_strict(mean, log_var)`: its value and its gradients with respect to mean and log_var. Then
think: for which log_var is the gradient 0? What does such a model do with its clouds?

Hint: σ² = exp(log_var), and the derivative of exp(u) is exp(u).
"""

import numpy as np


def em_strict(mean, log_var):
    # --- your code ---
    variance = np.exp(log_var)
    return 0.5 * (mean**2 + variance).sum(), mean.copy(), 0.5 * variance
    # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    mean, log_var = np.random.default_rng(0).standard_normal((2, 4, 3))
    value, d_mean, d_log_var = student.em_strict(mean.copy(), log_var.copy())
    right = em_strict(mean, log_var)
    yield expect("the value", value, right[0], "½ Σ (μ² + σ²)")
    yield expect("d_mean", d_mean, right[1], "the derivative of ½ μ²")
    yield expect("d_log_var", d_log_var, right[2], "the derivative of ½ exp(log_var)")


WRONG = {
    "the entropy's gradient kept": ("0.5 * variance\n", "0.5 * (variance - 1)\n"),
    "σ for σ²": ("np.exp(log_var)", "np.exp(0.5 * log_var)"),
    "no ½": ("0.5 * (mean**2 + variance).sum()", "(mean**2 + variance).sum()"),
}
