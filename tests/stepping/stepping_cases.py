"""Models to step through, and one training step of them."""

import numpy as np

import tinyae as ta
from tinyae.recipes import networks


class Square(ta.Layer):
    """y = x², element by element.

    With more to say about it here.
    """

    def forward(self, x):
        self.x = x
        return x**2

    def backward(self, dy):
        return 2 * self.x * dy


class Residual(ta.Layer):
    """y = x + f(x)."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x + self.inner.forward(x)

    def backward(self, dy):
        return dy + self.inner.backward(dy)


def samples(*shape):
    return np.random.default_rng(0).random(shape).astype("float32")


def vae_tape(lines=False):
    """One step of a small VAE: the VAE and the tape."""
    vae = networks.dense_vae((6, 4, 3))
    optimizer = ta.Adam(vae.parameters())
    with ta.trace(vae, lines=lines) as tape:
        vae.loss(samples(5, 6))
        vae.backward()
        optimizer.step()
    return vae, tape


def linear_tape(lines=False, layers=None):
    """One step of a small network, with its loss and its optimizer outside: model and tape."""
    model = ta.Sequential(*(layers or [ta.Linear(4, 3), ta.ReLU(), ta.Linear(3, 2)]))
    loss, optimizer = ta.MSELoss(), ta.SGD(model.parameters(), lr=0.5)
    with ta.trace(model, lines=lines) as tape:
        loss(model(samples(5, 4)), samples(5, 2))
        model.backward(loss.backward())
        optimizer.step()
    return model, tape


def one(tape, path, phase):
    """The only step of a path in a phase."""
    (step,) = [s for s in tape.steps if (s.path, s.phase) == (path, phase)]
    return step
