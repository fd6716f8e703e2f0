"""12.1 Bug hunt: the VAE whose clouds are too wide, or too narrow

This one has been published more than once. The sampler runs, the gradient check passes, the loss
falls. Find the mistake in `Sampler` and repair it, forward and backward.

    z = μ + σ ε,      log_var = log σ²,      z.var() must be exp(log_var).

Hint: Which number has the variance exp(log_var): exp(log_var) · ε or something else?

Hint: σ is the root of exp(log_var). Once it is right, its derivative with respect to log_var is
½ σ.
"""

import numpy as np

from tinyae.backend import host_generator


class Sampler:
    def forward(self, mean, log_var):
        noise = host_generator().standard_normal(mean.shape)
        # --- your code ---
        self.deviation = np.exp(0.5 * log_var) * noise
        # --- at first ---
        # self.deviation = np.exp(log_var) * noise
        # --- end ---
        return mean + self.deviation

    def backward(self, dz):
        # --- your code ---
        d_log_var = 0.5 * dz * self.deviation
        # --- at first ---
        # d_log_var = dz * self.deviation
        # --- end ---
        return dz, d_log_var


# === check ===
import tinyae as ta
from tinyae.grading import expect


def check(student):
    yield ta.check_sampling(student.Sampler())
    mean, log_var, dz = np.random.default_rng(0).standard_normal((3, 4, 3))
    sampler = student.Sampler()
    z = sampler.forward(mean, log_var)
    d_mean, d_log_var = sampler.backward(dz)
    yield expect("d_mean", d_mean, dz, "∂z/∂μ = 1")
    yield expect("d_log_var", d_log_var, 0.5 * dz * (z - mean), "∂z/∂log_var = ½ σ ε")


WRONG = {
    "only forward repaired": ("0.5 * dz", "dz"),
    "only backward repaired": ("np.exp(0.5 * log_var)", "np.exp(log_var)"),
    "without the exponential": ("np.exp(0.5 * log_var)", "0.5 * log_var"),
}
