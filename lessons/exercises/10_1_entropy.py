"""10.1 The entropy of the cloud

The KL term of a VAE is made of two parts,

    KL(q ‖ p)  =  −H(q)  +  E_q[−log p(z)],

the negative entropy of the cloud q = N(μ, σ²) and what its points cost under the prior N(0, 1).
For each number of the code

    H(q) = ½ (1 + log 2π + log σ²),      E_q[−log p(z)] = ½ (log 2π + μ² + σ²).

Write both, summed over all numbers of the arrays.

Hint: σ² = exp(log_var); log σ² is log_var itself.

Hint: The constants count once for *each* number: put them inside the sum.
"""

import numpy as np


def entropy(log_var):
    # --- your code ---
    return 0.5 * (1 + np.log(2 * np.pi) + log_var).sum()
    # --- end ---


def cost_under_prior(mean, log_var):
    # --- your code ---
    return 0.5 * (np.log(2 * np.pi) + mean**2 + np.exp(log_var)).sum()
    # --- end ---


# === check ===
import tinyae as ta
from tinyae.grading import expect


def check(student):
    generator = np.random.default_rng(0)
    mean, log_var = generator.standard_normal((2, 4, 3))
    got = student.entropy(log_var)
    yield expect("the entropy", got, entropy(log_var), "½ (1 + log 2π + log_var), summed")
    cost = student.cost_under_prior(mean, log_var)
    yield expect("the cost", cost, cost_under_prior(mean, log_var), "½ (log 2π + μ² + σ²), summed")
    yield expect("cost − entropy", cost - got, ta.gaussian_kl(mean, log_var)[0], "it is the KL")


WRONG = {
    "constants outside the sum": (
        "0.5 * (1 + np.log(2 * np.pi) + log_var).sum()",
        "0.5 * (1 + np.log(2 * np.pi) + log_var.sum())",
    ),
    "log_var as variance": ("np.exp(log_var)", "log_var"),
    "the variance in the entropy": ("+ log_var).sum()", "+ np.exp(log_var)).sum()"),
}
