"""What the tests of the stacked autoencoder share: sizes, easy data, a look at the weights."""

import numpy as np

SIZES = (12, 8, 5, 3)


def data(n=80, seed=0):
    """Four classes, each a corner in a plane bent into twelve dimensions; noise between them."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) + 0.25 * rng.normal(size=(n, 1, 2))
    plane = np.random.default_rng(99).normal(size=(2, SIZES[0]))
    x = np.tanh(corners[np.arange(n), y] @ plane) + 0.05 * rng.normal(size=(n, SIZES[0]))
    return x.astype("float32"), y


def snapshot(model):
    return {name: value.copy() for name, value in model.state_dict().items()}


def changed(before, after):
    return {name for name in before if not np.array_equal(before[name], after[name])}


QUICK = {"steps": 30, "batch_size": 10, "progress": False}
