"""5.3 A step of Adam

Adam keeps running means m and v of the gradient g and of its square. As both begin at 0, they are
too small at first and are divided by 1 − βᵗ, where t counts the steps from 1:

    m ← β₁ m + (1 − β₁) g,      v ← β₂ v + (1 − β₂) g²,
    θ ← θ − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε).

Write `adam_step`, which gives the new θ, m and v.

Hint: Three lines for m, v and their corrected forms, one for θ. Do not correct m and v themselves:
the next step goes on from the uncorrected ones.

Hint: ε is added to the root, not below it.
"""

import numpy as np


def adam_step(theta, g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    # --- your code ---
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_corrected = m / (1 - beta1**t)
    v_corrected = v / (1 - beta2**t)
    theta = theta - lr * m_corrected / (np.sqrt(v_corrected) + eps)
    return theta, m, v
    # --- end ---


# === check ===
from tinyae.grading import expect

HINTS = {
    "θ": "the corrected m over the root of the corrected v plus ε, times lr, is subtracted",
    "m": "β₁ m + (1 − β₁) g, not corrected",
    "v": "β₂ v + (1 − β₂) g², not corrected",
}


def check(student):
    generator = np.random.default_rng(0)
    theta, m, v = generator.standard_normal(5), np.zeros(5), np.zeros(5)
    mine = theta.copy(), m, v
    for t in (1, 2, 3):
        g = generator.standard_normal(5)
        right = adam_step(theta, g, m, v, t, 0.1)
        mine = student.adam_step(*(mine[0], g, mine[1], mine[2]), t, 0.1)
        for name, got, wanted in zip(("θ", "m", "v"), mine, right, strict=True):
            yield expect(f"{name} after step {t}", got, wanted, HINTS[name])
        theta, m, v = right
    g = np.full(2, 1e-3)
    got = student.adam_step(np.zeros(2), g, np.zeros(2), np.zeros(2), 1, 1.0, 0.9, 0.999, 1e-3)
    yield expect("θ with a large ε", got[0], np.full(2, -0.5), "ε is added behind the root", 1e-5)


WRONG = {
    "not corrected": ("m / (1 - beta1**t)", "m"),
    "gradient not squared": ("* g**2", "* abs(g)"),
    "ε below the root": ("(np.sqrt(v_corrected) + eps)", "np.sqrt(v_corrected + eps)"),
}
