"""Data, batches, rates and steps of the recipes are those of their documents."""

from dataclasses import replace

import numpy as np
import pytest

import tinyae as ta
from tinyae import recipes
from tinyae.models import stacked as models_stacked
from tinyae.recipes import Settings, adam, base, stacked
from tinyae.training import History

SCALES = {"stacked-09": (-1, 0.9922), "stacked-10": (-1, 0.9922), "stacked-tuned": (-1, 0.9922)}


SCALES["kmnist-vae"] = (0, 0.9961)


@pytest.mark.parametrize("name", [name for name in recipes.RECIPES if name != "gaussian-vae"])
def test_images_come_in_float32_and_scaled(name, monkeypatch):
    pixels = np.zeros((20, 28, 28), np.uint8)
    pixels[:, 3, 4] = 255
    calls = []

    def load(*arguments):
        calls.append(arguments)
        return pixels, np.arange(20) % 10

    for module in (base, stacked):
        monkeypatch.setattr(module, "load", load)
    x, y = recipes.get(name).load("some-data", "test")
    assert calls == [("some-data", "test")]
    assert x.dtype == np.float32
    flat = x.reshape(len(x), 28, 28)
    low, high = SCALES.get(name, (0, 1))
    np.testing.assert_allclose([flat[:, 0, 0].max(), flat[:, 3, 4].min()], [low, high], atol=1e-4)
    assert x.shape[1:] == ((1, 28, 28) if "conv" in name or name == "kmnist-vae" else (784,))
    assert set(y) == ({0, 1} if name == "stacked-09" else set(range(10)))


def test_the_binary_recipe_calls_0_and_9_0_and_1(images):
    pixels, labels = ta.data.load("mnist")
    x, y = recipes.get("stacked-09").load("mnist", "train")
    chosen = np.isin(labels, (0, 9))
    np.testing.assert_array_equal(y, labels[chosen] // 9)
    np.testing.assert_allclose(x, pixels[chosen].reshape(-1, 784) / 128.0 - 1, atol=1e-6)


@pytest.fixture
def large(monkeypatch):
    """10,300 black images: more than document 000 takes."""
    blank = np.zeros((10_300, 28, 28), np.uint8), np.arange(10_300) % 10
    for module in (base, stacked):
        monkeypatch.setattr(module, "load", lambda name, split: blank)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("name", "samples", "batch_size", "batches", "epochs"),
    [
        ("gaussian-vae", 400, 400, 1, 1000),
        ("dense-vae", 10_000, 10_000, 1, 250),
        ("conv-vae", 10_000, 256, 40, 10),
        ("mlp-vae", 10_300, 128, 81, 10),
        ("compression", 10_300, 256, 41, 10),
        ("deep-conv-vae", 10_300, 250, 41, 50),
        ("deep-conv-emae", 10_300, 250, 41, 50),
        ("kmnist-vae", 10_300, 128, 81, 3),
    ],
)
def test_how_the_vaes_are_trained(name, samples, batch_size, batches, epochs, monkeypatch):
    calls = []

    def fit(model, data, epochs, optimizer, loss=None, **_):
        calls.append((data, epochs, optimizer, loss))
        return History(loss=[1.0])

    monkeypatch.setattr(adam, "fit", fit)
    recipe = replace(recipes.get(name), train=replace(recipes.get(name).train, measure=None))
    result = recipe.run(Settings(progress=False))
    assert result.n_train == samples
    assert result.epochs == epochs
    ((data, given_epochs, optimizer, loss),) = calls
    assert given_epochs == epochs
    assert (data.n_samples, data.batch_size, len(data)) == (samples, batch_size, batches)
    assert data.shuffle == (batch_size < samples)
    assert type(optimizer) is ta.Adam
    (group,) = optimizer.param_groups
    assert (group["lr"], group["betas"], group["eps"]) == (1e-3, (0.9, 0.999), 1e-8)
    assert type(loss) is (ta.BCELoss if name == "compression" else type(None))


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(("name", "baseline_lr"), [("stacked-09", 1e-3), ("stacked-10", 0.1)])
@pytest.mark.parametrize("epochs", [None, 2])
def test_how_document_001_trains(name, baseline_lr, epochs, monkeypatch):
    calls = []

    def descend(model, loss, optimizer, x, y=None, *, steps, batch_size, noise=0, **_):
        assert type(optimizer) is ta.SGD
        assert {group["momentum"] for group in optimizer.param_groups} == {0}
        assert (batch_size, noise) == (1, 0)
        rates = {group["lr"] for group in optimizer.param_groups}
        calls.append((type(loss), loss.reduction, x.shape, steps, *rates))
        return History(loss=[1.0])

    for module in (stacked, models_stacked):
        monkeypatch.setattr(module, "descend", descend)
    monkeypatch.setattr(ta.StackedAutoencoder, "score", lambda *_: len(calls))
    n = 2060 if name == "stacked-09" else 10_300
    result = recipes.get(name).run(Settings(epochs=epochs, progress=False))
    steps = n * (epochs or 1)
    assert result.n_train == n
    assert result.model.codes == "before"
    assert (result.metrics["frozen"], result.metrics["fine_tuned"]) == (6, 7)
    assert calls == [
        (ta.CrossEntropyLoss, "mean", (n, 784), 1000, baseline_lr),
        *((ta.MSELoss, "mean", (n, size), steps, 0.1) for size in (784, 196, 49, 25)),
        (ta.CrossEntropyLoss, "mean", (n, 9), steps, 1e-3),
        (ta.CrossEntropyLoss, "mean", (n, 784), 1000, 1e-3),
    ]


def test_snapshots_of_document_004(images):
    """Every so many batches the losses of the batch and 64 samples, counted anew each epoch."""
    recipe = recipes.get("kmnist-vae")
    assert recipe.train.snapshot_every == 50
    often = replace(recipe, train=replace(recipe.train, batch_size=10, snapshot_every=2))
    result = often.run(Settings(limit=50, epochs=2, progress=False))
    places = [(snapshot.epoch, snapshot.batch) for snapshot in result.snapshots]
    assert places == [(1, 2), (1, 4), (2, 2), (2, 4)]
    for snapshot in result.snapshots:
        assert snapshot.samples.shape == (64, 1, 28, 28)
        assert list(snapshot.losses) == ["loss", "reconstruction", "prior"]
        assert 0 < snapshot.losses["loss"] < result.history["loss"][0]
    assert "snapshots" not in result.as_json()
