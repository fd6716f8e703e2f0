"""6.2 Back through the draw

With ε drawn aside, z = μ + exp(½ log_var) ε is a plain function of μ and log_var. `backward` gets
dz and gives back both gradients:

    d_mean = dz · ∂z/∂μ,      d_log_var = dz · ∂z/∂log_var.

Derive the two derivatives and write it; `forward` has kept `self.noise` (ε) and `self.sigma`.

Hint: z contains μ itself, so ∂z/∂μ = 1.

Hint: The derivative of exp(½ u) is ½ exp(½ u).
"""

import numpy as np

rng = np.random.default_rng(0)


class Sampler:
    def forward(self, mean, log_var):
        self.noise = rng.standard_normal(mean.shape)
        self.sigma = np.exp(0.5 * log_var)
        return mean + self.sigma * self.noise

    def backward(self, dz):
        # --- your code ---
        return dz, 0.5 * dz * self.sigma * self.noise
        # --- end ---


# === check ===
from tinyae.grading import expect


def check(student):
    generator = np.random.default_rng(1)
    sampler = student.Sampler()
    mean, log_var = generator.standard_normal((2, 4, 3))
    z = sampler.forward(mean, log_var)
    right = mean + np.exp(0.5 * log_var) * sampler.noise
    yield expect("z", z, right, "forward was right as it was")
    dz = generator.standard_normal((4, 3))
    d_mean, d_log_var = sampler.backward(dz.copy())
    yield expect("d_mean", d_mean, dz, "∂z/∂μ = 1")
    right = 0.5 * dz * sampler.sigma * sampler.noise
    yield expect("d_log_var", d_log_var, right, "∂z/∂log_var = ½ σ ε")


WRONG = {
    "the ½ forgotten": ("0.5 * dz", "dz"),
    "ε forgotten": (" * self.noise", ""),
    "σ forgotten": (" * self.sigma", ""),
}
