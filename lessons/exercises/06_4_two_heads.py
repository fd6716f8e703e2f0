"""6.4 Where two branches meet

In a VAE the features h go into two heads, mean and log_var; the sampler draws z from both; the KL
term, with weight β, adds gradients of its own. On the way back

    d_mean    = (what came through z) + β ∂KL/∂mean,
    d_log_var = (what came through z) + β ∂KL/∂log_var,
    dh        = mean.backward(d_mean) + log_var.backward(d_log_var),

and dh goes on into the trunk. Write these lines. `self.d_mean` and `self.d_log_var` hold the
gradients of KL; `self.beta` is β.

Hint: `through_mean` and `through_log_var` are what came through z; add β times the KL's gradients.

Hint: h went into both heads: what comes back from them adds up.
"""

import tinyae as ta


class MyVAE(ta.VAE):
    def backward(self):
        dz = self.decoder.backward(self.reconstruction_loss.backward())
        through_mean, through_log_var = self.sampler.backward(dz)
        # --- your code ---
        d_mean = through_mean + self.beta * self.d_mean
        d_log_var = through_log_var + self.beta * self.d_log_var
        dh = self.mean.backward(d_mean) + self.log_var.backward(d_log_var)
        # --- end ---
        return self.trunk.backward(dh)


# === check ===
import numpy as np


def check(student):
    ta.seed(0)
    vae = student.MyVAE(
        ta.Sequential(ta.Linear(5, 4), ta.Tanh()),
        ta.Linear(4, 2),
        ta.Linear(4, 2),
        ta.Sequential(ta.Linear(2, 4), ta.Tanh(), ta.Linear(4, 5)),
        beta=0.7,
    )
    yield ta.gradcheck(vae, np.random.default_rng(0).standard_normal((6, 5)))


WRONG = {
    "no KL in the log-variance": (" + self.beta * self.d_log_var", ""),
    "β forgotten": ("self.beta * self.d_mean", "self.d_mean"),
    "one head only": (" + self.log_var.backward(d_log_var)", ""),
}
