"""What the tests of training share: small models, small data, a model whose loss is known."""

from types import SimpleNamespace

import numpy as np

import tinyae as ta


def points(n=10, dtype="float32"):
    return np.random.default_rng(0).normal(size=(n, 4)).astype(dtype)


def labels(n=10):
    return np.random.default_rng(1).integers(3, size=n)


def network(*, out=4, seed=0):
    ta.seed(seed)
    return ta.Sequential(ta.Linear(4, 6), ta.BatchNorm1d(6), ta.Tanh(), ta.Linear(6, out))


def small_vae(seed=0):
    ta.seed(seed)
    return ta.VAE(ta.Linear(4, 3), ta.Linear(3, 2), ta.Linear(3, 2), ta.Linear(2, 4))


def fit(model, data, epochs=2, loss=None, lr=0.05, **settings):
    settings = {"progress": False, **settings}
    return ta.fit(model, data, epochs, ta.SGD(model.parameters(), lr=lr), loss, **settings)


def same(one, other):
    """Whether two models have equal weights and buffers, to the bit."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def constant(reduction):
    """A model that does not change and whose loss is the mean or the sum of its batch."""
    parameter = ta.Parameter(np.zeros(1))
    model = SimpleNamespace(
        reduction=reduction,
        parameters=lambda: [parameter],
        train=lambda: None,
        loss=lambda x: SimpleNamespace(total=getattr(x, reduction)(), half=x.sum() / 2),
        backward=lambda: None,
    )
    return model, ta.SGD([parameter], lr=0.0)
