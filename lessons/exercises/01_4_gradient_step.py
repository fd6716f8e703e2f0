"""1.4 A step downhill

Gradient descent makes the loss smaller by a step against the gradient:

    θ ← θ − learning_rate · ∂L/∂θ.

Afterwards the gradients must be cleared, for layers add to them. Write `step`: it goes through
`layer.parameters()`; each parameter has a `.value` and a `.grad`.

Hint: `for parameter in layer.parameters():`

Hint: Set the gradient to zero *after* it was used: `parameter.grad[...] = 0`, or
`layer.zero_grad()` behind the loop.
"""

import numpy as np

import tinyae as ta


def step(layer, learning_rate):
    # --- your code ---
    for parameter in layer.parameters():
        parameter.value = parameter.value - learning_rate * parameter.grad
    layer.zero_grad()
    # --- end ---


# === check ===
from tinyae.grading import expect, expect_true


def check(student):
    ta.seed(0)
    layer = ta.Linear(3, 2).astype("float64")
    x = np.random.default_rng(0).standard_normal((4, 3))
    layer(x)
    layer.backward(np.ones((4, 2)))
    before = {name: p.value.copy() for name, p in layer.named_parameters().items()}
    gradients = {name: p.grad.copy() for name, p in layer.named_parameters().items()}
    student.step(layer, 0.1)
    for name, parameter in layer.named_parameters().items():
        moved = parameter.value - before[name]
        hint = "the step is −learning_rate · gradient"
        yield expect(f"step of {name}", moved, -0.1 * gradients[name], hint)
        yield expect_true(
            f"gradient of {name}",
            not np.any(parameter.grad),
            "not-cleared",
            "after the step the gradient still holds the old numbers; the next backward pass "
            "would add to them: set it to zero",
        )


WRONG = {
    "uphill": ("parameter.value - learning_rate", "parameter.value + learning_rate"),
    "not cleared": ("    layer.zero_grad()\n", ""),
    "no learning rate": ("learning_rate * ", ""),
}
