"""12.3 Bug hunt: the VAE that ignores its data

The loss of a VAE is a sum over pixels plus a sum over codes, both over the whole batch. Here the
reconstructions come out as the same grey smear for every image, and the KL term goes to 0: the
two parts are not measured with the same ruler. Repair `vae_loss`, which gives the total and its
gradients with respect to the reconstruction, mean and log_var. The gradients must fit the value.

    L = Σ (x̂ − x)²  +  ½ Σ (μ² + σ² − 1 − log σ²)

Hint: Which part is averaged over all pixels, and which is summed?

Hint: Where the value changes, its gradient changes by the same factor.
"""

import numpy as np


def vae_loss(reconstruction, x, mean, log_var):
    variance = np.exp(log_var)
    kl = 0.5 * (mean**2 + variance - 1 - log_var).sum()
    # --- your code ---
    error = ((reconstruction - x) ** 2).sum()
    d_reconstruction = 2 * (reconstruction - x)
    # --- at first ---
    # error = ((reconstruction - x) ** 2).mean()
    # d_reconstruction = 2 * (reconstruction - x) / x.size
    # --- end ---
    return error + kl, d_reconstruction, mean, 0.5 * (variance - 1)


# === check ===
from tinyae.grading import expect


def check(student):
    generator = np.random.default_rng(0)
    reconstruction, x = generator.random((2, 4, 6))
    mean, log_var = generator.standard_normal((2, 4, 2))
    once = student.vae_loss(reconstruction, x, mean, log_var)
    twice = student.vae_loss(*(np.concatenate([a, a]) for a in (reconstruction, x, mean, log_var)))
    hint = "a batch that holds every image twice must cost twice as much"
    yield expect("loss of the doubled batch", twice[0], 2 * once[0], hint)
    names = ("the loss", "d_reconstruction", "d_mean", "d_log_var")
    right = vae_loss(reconstruction, x, mean, log_var)
    for name, got, wanted in zip(names, once, right, strict=True):
        yield expect(name, got, wanted)


WRONG = {
    "the value alone repaired": ("2 * (reconstruction - x)", "2 * (reconstruction - x) / x.size"),
    "averaged over the batch": ("** 2).sum()", "** 2).sum() / len(x)"),
    "the 2 forgotten": ("2 * (reconstruction - x)", "(reconstruction - x)"),
}
