"""6.1 Drawing a sample that can be differentiated

The encoder of a VAE answers with a mean μ and with log_var = log σ². A sample of N(μ, σ²) is

    z = μ + σ ε,      ε drawn from N(0, 1), one for each number of μ.

Write `sample(mean, log_var)`. `rng.standard_normal(shape)` draws ε.

Hint: σ is the root of the variance: σ² = exp(log_var). What is σ?

Hint: The root of exp(u) is exp(u/2).
"""

import numpy as np

rng = np.random.default_rng()


def sample(mean, log_var):
    # --- your code ---
    return mean + np.exp(0.5 * log_var) * rng.standard_normal(mean.shape)
    # --- end ---


# === check ===
import tinyae as ta


def check(student):
    yield ta.check_sampling(student.sample)


WRONG = {
    "the variance as deviation": ("np.exp(0.5 * log_var)", "np.exp(log_var)"),
    "no exponential": ("np.exp(0.5 * log_var)", "0.5 * log_var"),
    "one ε for all": ("rng.standard_normal(mean.shape)", "rng.standard_normal()"),
    "no mean": ("mean + ", ""),
}
