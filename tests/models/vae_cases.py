"""Small VAEs that the tests of the class share, and a derivative to hold them to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import tinyae as ta

STEP = 1e-6
"""Of the central differences in float64: an error near 1e-9 of what is differentiated."""


def dense(**settings) -> tuple[ta.VAE, np.ndarray]:
    """A VAE on rows of six, smooth throughout, and five rows in (0, 1)."""
    vae = ta.VAE(
        trunk=ta.Sequential(ta.Linear(6, 5), ta.Tanh()),
        mean=ta.Linear(5, 3),
        log_var=ta.Linear(5, 3),
        decoder=ta.Sequential(ta.Linear(3, 4), ta.Softplus(), ta.Linear(4, 6), ta.Sigmoid()),
        **settings,
    )
    return vae.astype("float64"), np.random.default_rng(1).uniform(0.1, 0.9, (5, 6))


def convolutional(**settings) -> tuple[ta.VAE, np.ndarray]:
    """A VAE with everything that behaves in its own way in training, and four images 4×4."""
    trunk = ta.Sequential(
        ta.Conv2d(1, 2, 3, padding=1),
        ta.BatchNorm2d(2),
        ta.LeakyReLU(0.1),
        ta.MaxPool2d(2),
        ta.Dropout(0.3),
        ta.Flatten(),
        ta.Linear(8, 5),
        ta.BatchNorm1d(5),
    )
    decoder = ta.Sequential(
        ta.Linear(2, 8),
        ta.BatchNorm1d(8),
        ta.LeakyReLU(0.1),
        ta.Dropout(0.2),
        ta.Unflatten((2, 2, 2)),
        ta.ConvTranspose2d(2, 1, 3, stride=2, padding=1, output_padding=1),
        ta.Sigmoid(),
    )
    vae = ta.VAE(trunk, ta.Linear(5, 2), ta.Linear(5, 2), decoder, **settings)
    return vae.astype("float64"), np.random.default_rng(2).uniform(0.1, 0.9, (4, 1, 4, 4))


def central_differences(function: Callable[[], float], array: np.ndarray) -> np.ndarray:
    """The derivative of ``function()`` with respect to each element of an array it reads."""
    derivative = np.empty_like(array)
    for place in np.ndindex(array.shape):
        kept = array[place]
        values = []
        for step in (STEP, -STEP):
            array[place] = kept + step
            values.append(float(function()))
        array[place] = kept
        derivative[place] = (values[0] - values[1]) / (2 * STEP)
    return derivative
