"""Models of every recipe that have seen a few batches, and data of the right shape."""

import functools

import numpy as np

import tinyae as ta
from tinyae import recipes
from tinyae.recipes.stacked import SIZES

NAMES = tuple(recipes.RECIPES)


def data(name, samples=24):
    """Numbers in [0, 1), mostly 0, at other places for each of the labels 0, 1, 2."""
    rng = np.random.default_rng(0)
    shape = {"gaussian-vae": (15,), "kmnist-vae": (1, 28, 28)}.get(name, (784,))
    shape = (1, 28, 28) if "conv" in name else shape
    labels = np.arange(samples) % 3
    ink = rng.random((3, *shape)) < 0.2
    return (rng.random((samples, *shape)) * ink[labels]).astype("float32"), labels


@functools.cache
def model(name):
    """The recipe's network after a few batches: batch norm has moved."""
    ta.seed(0)
    if name.startswith("stacked"):
        stacked = ta.StackedAutoencoder(SIZES)
        stacked.pretrain(data(name)[0], steps=3, progress=False)
        return stacked
    training = recipes.get(name).train
    built, (x, _) = training.model(None), data(name)
    loss = training.loss() if training.loss else None
    batches = ta.data.DataLoader(x, batch_size=8)
    ta.fit(built, batches, 2, ta.Adam(built.parameters(), lr=1e-3), loss, progress=False)
    return built.eval()


def means(model, x):
    """The codes; of a VAE the means."""
    code = model.encode(x)
    return code[0] if isinstance(code, tuple) else code
