"""The recipes at full size reach the figures that the documents and PyTorch give.

The bounds are those of a plain PyTorch port of the same recipe over several seeds, and the
published figures; a run takes from a second to some minutes.
"""

import os

import numpy as np
import pytest

import tinyae as ta
from tinyae import recipes


def run(name, seed=0):
    return recipes.get(name).run(recipes.Settings(seed=seed, progress=False))


@pytest.fixture
def mnist():
    try:
        ta.data.load("mnist", "test")
    except ta.TinyaeError as reason:
        pytest.skip(f"needs the real data: {reason}")
    assert len(ta.data.load("mnist")[0]) == 60_000, os.environ.get("TINYAE_DATA")


def test_gaussian_vae():
    """It needs no data and takes a second."""
    history = run("gaussian-vae").history
    assert len(history["loss"]) == 1000
    assert 3_100 <= history["loss"][-1] <= 5_000
    assert history["loss"][0] > 10_000


@pytest.mark.slow
@pytest.mark.usefixtures("mnist")
def test_dense_vae():
    result = run("dense-vae")
    assert result.n_train == 10_000
    assert result.history["loss"][-1] <= 446_000


@pytest.mark.slow
@pytest.mark.usefixtures("mnist")
def test_conv_vae():
    """On average, as its runs differ by 5%; published are 3,916,594 and, ten later, 1,853,997."""
    losses = np.array([run("conv-vae", seed).history["loss"] for seed in (0, 1, 2)])
    assert losses.shape == (3, 10)
    assert losses[:, -1].mean() <= 1_910_000


@pytest.mark.slow
@pytest.mark.usefixtures("mnist")
def test_mlp_vae():
    """Published: 105.6 an image."""
    result = run("mlp-vae")
    assert result.n_train == 60_000
    assert result.metrics["test_loss"] <= 106.0
    assert result.history["loss"][-1] / 60_000 <= 106.6


@pytest.mark.slow
@pytest.mark.usefixtures("mnist")
@pytest.mark.parametrize(
    ("name", "ranges", "tolerance"),
    [
        (
            "stacked-09",
            {"linear": (0.985, 0.987), "frozen": (0.957, 0.973), "fine_tuned": (0.986, 0.988)},
            0.01,
        ),
        (
            "stacked-10",
            {"linear": (0.716, 0.765), "frozen": (0.556, 0.587), "fine_tuned": (0.600, 0.659)},
            0.06,
        ),
    ],
)
def test_stacked(name, ranges, tolerance):
    """The ranges are those of three seeds in PyTorch; with one sample a step they are wide."""
    metrics = run(name).metrics
    for score, (low, high) in ranges.items():
        assert low - tolerance <= metrics[score] <= high + tolerance, score
    if name == "stacked-09":
        assert metrics["fine_tuned"] >= metrics["linear"] - 0.003
