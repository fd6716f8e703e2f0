"""Sizes that are allowed one by one, and together ask for more memory than there is."""

import re
import sys

import numpy as np
import pytest

import tinyae as ta
from tests.misuse.making import linear, random
from tinyae.views import plots

resource = pytest.importorskip("resource", reason="limits memory, which needs Linux or macOS")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which needs Linux")

HUGE, ROOM = 2**30, 2**29


class Own(ta.Layer):
    """A layer of one's own."""

    def __init__(self, size):
        super().__init__()
        self.weight = ta.Parameter(np.zeros((size, size)))

    def forward(self, x):
        return x + np.zeros((HUGE, 4), "float32")

    def backward(self, dy):
        return np.zeros((HUGE, 4), "float32")


class Backward(Own):
    def forward(self, x):
        return x


def forward(layer, *shape):
    return lambda: layer(random(*shape))


def backward():
    layer = ta.Sequential(Backward(1))
    layer.backward(layer(random(2, 4)))


def draws():
    batches = ta.data.RandomBatches(random(4, 3), batch_size=HUGE, steps=HUGE)
    model = ta.Linear(3, 3)
    ta.fit(model, batches, 1, ta.SGD(model.parameters(), 0.1), ta.MSELoss(), progress=False)


def vae():
    return ta.VAE(linear(), ta.Linear(2, 2), ta.Linear(2, 2), ta.Linear(2, 3))


CALLS = {
    "Linear(1073741824, 1073741824)": lambda: ta.Linear(HUGE, HUGE),
    "Linear(1073741824, 1)": lambda: ta.Linear(HUGE, 1),
    "Conv2d(1073741824, 1073741824, 3)": lambda: ta.Conv2d(HUGE, HUGE, 3),
    "Conv2d(2, 2, (1073741824, 1073741824))": lambda: ta.Conv2d(2, 2, (HUGE, HUGE)),
    "ConvTranspose2d(1073741824, 1, 1073741824)": lambda: ta.ConvTranspose2d(HUGE, 1, HUGE),
    "BatchNorm1d(1073741824)": lambda: ta.BatchNorm1d(HUGE),
    "BatchNorm2d(1073741824)": lambda: ta.BatchNorm2d(HUGE),
    "Linear(1073741824, 1073741823)": lambda: ta.StackedAutoencoder((HUGE, HUGE - 1)),
    "Own(1073741824)": lambda: Own(HUGE),
    "Own(1)": forward(ta.Sequential(Own(1)), 2, 4),
    "Backward(1)": backward,
    "Conv2d(1, 1, 3, padding=1073741824)": forward(
        ta.Conv2d(1, 1, 3, padding=HUGE), 1, 1, 5, 5
    ),
    "ConvTranspose2d(1, 1, 3, stride=1073741824)": forward(
        ta.ConvTranspose2d(1, 1, 3, stride=HUGE), 1, 1, 5, 5
    ),
    "VAE.sample": lambda: vae().sample(HUGE),
    "fit": draws,
    "gaussian_groups": lambda: ta.data.gaussian_groups(HUGE, HUGE, 2, 0.1, 2, seed=0),
    "grid_points": lambda: plots.grid_points(3.0, HUGE),
}  # fmt: skip
"""Who is named by what is called."""


@pytest.fixture
def little_memory():
    """Half a GiB more than there is now."""
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("owner", CALLS)
def test_more_than_fits_in_memory_is_refused_by_name(owner, little_memory):
    words = (
        rf"^{re.escape(owner)}: .*(array is too big|Maximum allowed|Unable to allocate .* shape \()"
    )
    with pytest.raises(ta.TinyaeError, match=words) as told:
        CALLS[owner]()
    assert isinstance(told.value, MemoryError)
