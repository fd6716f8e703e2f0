"""Every recipe runs, on little data, and is what its document says."""

import json
from dataclasses import replace

import numpy as np
import pytest

import tinyae as ta
from tests import fake_images
from tinyae import recipes
from tinyae.backend import default_module
from tinyae.recipes import Settings, adam, base, stacked
from tinyae.training import History

QUICK = {"limit": 40, "epochs": 2, "progress": False}
LIMITS = {"limit": 250, "epochs": 1}
"""For document 003, whose batches of 250 leave out a shorter one."""

STACKED = [name for name in recipes.RECIPES if name.startswith("stacked")]
VAES = [name for name in recipes.RECIPES if "vae" in name or "emae" in name]


def run(name, **settings):
    quick = {**QUICK, **(LIMITS if name.startswith("deep") else {}), **settings}
    return recipes.get(name).run(Settings(**quick))


def test_the_recipes_of_the_documents_are_there():
    six = {"gaussian-vae", "dense-vae", "conv-vae", "stacked-09", "stacked-10", "mlp-vae"}
    assert six <= recipes.RECIPES.keys()
    assert all(name == recipe.name for name, recipe in recipes.RECIPES.items())
    assert len({recipe.about for recipe in recipes.RECIPES.values()}) == len(recipes.RECIPES)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_runs_and_reports(name, images):
    result = run(name)
    assert result.recipe == name
    assert result.data == recipes.get(name).dataset
    assert result.n_train == (250 if name.startswith("deep") else 40)
    assert result.epochs == (1 if name.startswith("deep") else 2)
    assert result.seconds > 0
    assert all(np.isfinite(values).all() for values in result.history.values())
    assert not any(module.training for _, module in result.model.modules())
    assert json.loads(json.dumps(result.as_json())) == result.as_json()
    assert "model" not in result.as_json()


@pytest.mark.parametrize("name", VAES)
def test_a_vae_reports_its_loss_in_two_parts_an_entry_an_epoch(name, images):
    result = run(name)
    assert list(result.history) == ["loss", "reconstruction", "prior"]
    assert {len(values) for values in result.history.values()} == {result.epochs}
    loss, reconstruction, prior = map(np.array, result.history.values())
    np.testing.assert_allclose(loss, reconstruction + result.model.beta * prior, rtol=1e-5)
    assert result.model.beta == (2 if name == "conv-vae" else 1)
    assert result.parameters == result.model.count_parameters()


@pytest.mark.parametrize("name", STACKED)
def test_a_stacked_recipe_reports_its_scores_and_phases(name, images):
    result = run(name)
    assert list(result.metrics) == ["linear", "frozen", "fine_tuned"]
    assert all(0 <= score <= 1 for score in result.metrics.values())
    phases = {"linear", "classifier", "loss", *(f"autoencoder_{k}" for k in (1, 2, 3, 4))}
    assert result.history.keys() == phases
    assert result.parameters == result.model.encoder.count_parameters() == 164_997
    assert result.model.sizes == (784, 196, 49, 25, 9)


def test_the_scores_are_those_of_the_test_images(images):
    result = run("stacked-10", limit=None, epochs=1)
    pixels, labels = ta.data.load("mnist", "test")
    x = ta.data.scale(pixels, 128, -1).reshape(len(pixels), -1)
    assert result.metrics["fine_tuned"] == result.model.score(x, labels)
    assert result.metrics["linear"] > 0.5  # it has learnt; chance is 0.1
    assert result.metrics["linear"] != result.metrics["frozen"] != result.metrics["fine_tuned"]


def test_the_test_loss_is_a_test_image_s(images):
    result = run("mlp-vae", limit=None, epochs=3)
    pixels, _ = ta.data.load("mnist", "test")
    x = ta.data.scale(pixels).reshape(len(pixels), -1)
    by_hand = ta.evaluate(result.model, [x])["loss"] / len(x)
    assert result.metrics["test_loss"] == pytest.approx(by_hand, rel=0.01)  # another z
    assert result.metrics["test_loss"] != pytest.approx(result.history["loss"][-1] / 300, rel=0.01)


@pytest.mark.parametrize("name", ["gaussian-vae", "conv-vae", "mlp-vae", "stacked-09"])
def test_the_same_seed_gives_the_same_result(name, images):
    one, other, third = (run(name, seed=seed).as_json() for seed in (5, 5, 6))
    for result in (one, other, third):
        assert result.pop("seconds") > 0
    assert one == other
    assert one["history"] != third["history"]


@pytest.mark.parametrize("name", ["gaussian-vae", "conv-vae", "mlp-vae", "stacked-09"])
def test_the_backend_is_the_one_asked_for(name, images, strict):
    on_numpy, result = run(name), run(name, backend="strict")
    assert {ta.array_module(p.value) for p in result.model.parameters()} == {strict}
    assert result.history.keys() == on_numpy.history.keys()
    np.testing.assert_allclose(result.history["loss"], on_numpy.history["loss"], rtol=1e-5)
    assert result.metrics == pytest.approx(on_numpy.metrics)


def test_a_run_leaves_the_backend_in_use_as_it_was(images, strict, monkeypatch):
    ta.use("strict")
    run("gaussian-vae")
    assert default_module() is strict
    monkeypatch.setenv("TINYAE_DATA", "nowhere")
    with pytest.raises(ta.TinyaeError):
        run("dense-vae")
    assert default_module() is strict


# what the documents say of data and training


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

    for module in (stacked, stacked.StackedAutoencoder.pretrain.__globals__):
        if isinstance(module, dict):
            monkeypatch.setitem(module, "descend", descend)
        else:
            monkeypatch.setattr(module, "descend", descend)
    n = 2060 if name == "stacked-09" else 10_300
    result = recipes.get(name).run(Settings(epochs=epochs, progress=False))
    steps = n * (epochs or 1)
    assert result.n_train == n
    assert result.model.codes == "before"
    assert calls == [
        (ta.CrossEntropyLoss, "mean", (n, 784), 1000, baseline_lr),
        *((ta.MSELoss, "mean", (n, size), steps, 0.1) for size in (784, 196, 49, 25)),
        (ta.CrossEntropyLoss, "mean", (n, 9), steps, 1e-3),
        (ta.CrossEntropyLoss, "mean", (n, 784), 1000, 1e-3),
    ]


# what the user may choose


def test_data_and_split_are_what_the_user_says(images):
    assert run("dense-vae", data="kmnist").data == "kmnist"
    assert run("dense-vae", limit=None, split="train").n_train == fake_images.TRAIN
    assert run("dense-vae", limit=None, split="test").n_train == fake_images.TEST
    assert run("dense-vae", limit=7).n_train == 7


def test_any_data_set_of_images_may_be_named(images, monkeypatch):
    """``digits`` too, which are given here and not made."""
    given = fake_images.draw(60, seed=3)
    monkeypatch.setattr(base, "load", lambda name, split: given if name == "digits" else None)
    result = run("conv-vae", data="digits")
    assert (result.data, result.n_train) == ("digits", 40)


def test_the_latent_dimension_is_what_the_user_says(images):
    result = run("kmnist-vae", latent_dim=2)
    assert result.model.latent_dim == 2
    assert result.parameters == 829_812


# refusals


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("gausian-vae", "; did you mean gaussian-vae"),
        ("CONV-VAE", "; did you mean conv-vae"),
        ("stacked9", "; did you mean stacked-09"),
        ("transformer", "$"),
    ],
)
def test_an_unknown_recipe(name, hint):
    with pytest.raises(ta.TinyaeError, match=f"expected one of gaussian-vae, .*'{name}'{hint}"):
        recipes.get(name)


@pytest.mark.parametrize("setting", ["limit", "epochs", "latent_dim"])
@pytest.mark.parametrize("value", [0, -3])
def test_numbers_below_one(setting, value):
    words = f"gaussian-vae: expected {setting} of at least 1, got {value}"
    with pytest.raises(ta.TinyaeError, match=words):
        run("gaussian-vae", **{setting: value})


def test_a_negative_seed():
    with pytest.raises(ta.TinyaeError, match="seed: expected an integer of at least 0, got -1"):
        run("gaussian-vae", seed=-1)


def test_there_is_one_set_of_gaussian_groups():
    for choice in ({"data": "mnist"}, {"split": "test"}):
        with pytest.raises(ta.TinyaeError, match="gaussian-vae: expected data 'gaussian-groups'"):
            run("gaussian-vae", **choice)


def test_an_unknown_data_set(images):
    with pytest.raises(ta.TinyaeError, match="expected one of digits, .*'mnst'.*'mnist'"):
        run("dense-vae", data="mnst")


@pytest.mark.parametrize("name", ["mlp-vae", "stacked-10"])
def test_missing_test_images_are_noticed_before_training(name, images, tmp_path, monkeypatch):
    (tmp_path / "mnist").mkdir()
    for file in (images / "mnist").glob("train-*"):
        (tmp_path / "mnist" / file.name).write_bytes(file.read_bytes())
    monkeypatch.setenv("TINYAE_DATA", str(tmp_path))
    monkeypatch.setattr(adam, "fit", None)
    monkeypatch.setattr(stacked, "descend", None)
    with pytest.raises(ta.TinyaeError, match=r"t10k-images.* fetch it with 'tinyae data mnist"):
        run(name)
