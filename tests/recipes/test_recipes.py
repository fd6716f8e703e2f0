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

QUICK = {"limit": 40, "epochs": 2, "progress": False}


LIMITS = {"limit": 250, "epochs": 1}
"""For document 003, whose batches of 250 leave out a shorter one."""


STACKED = [name for name in recipes.RECIPES if name.startswith("stacked")]


VAES = [name for name in recipes.RECIPES if "vae" in name or "emae" in name]


def run(recipe, **settings):
    recipe = recipes.get(recipe) if isinstance(recipe, str) else recipe
    quick = {**QUICK, **(LIMITS if recipe.name.startswith("deep") else {}), **settings}
    return recipe.run(Settings(**quick))


@pytest.fixture(scope="module")
def results():
    """Results of seed 0 by the recipe's name, kept for several tests."""
    return {}


@pytest.fixture
def result(name, images, results):
    """The result of the recipe ``name``."""
    if name not in results:
        results[name] = run(name)
    return results[name]


def shortened(name):
    """The recipe with fewer steps where their number is fixed."""
    recipe = recipes.get(name)
    if name not in STACKED:
        return recipe
    few = replace(recipe.train.baseline, steps=30)
    return replace(recipe, train=replace(recipe.train, baseline=few, fine_tuning=(few,)))


def test_the_recipes_of_the_documents_are_there():
    six = {"gaussian-vae", "dense-vae", "conv-vae", "stacked-09", "stacked-10", "mlp-vae"}
    assert six <= recipes.RECIPES.keys()
    assert all(name == recipe.name for name, recipe in recipes.RECIPES.items())
    assert len({recipe.about for recipe in recipes.RECIPES.values()}) == len(recipes.RECIPES)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_runs_and_reports(name, result):
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
def test_a_vae_reports_its_loss_in_two_parts_an_entry_an_epoch(name, result):
    assert list(result.history) == ["loss", "reconstruction", "prior"]
    assert {len(values) for values in result.history.values()} == {result.epochs}
    loss, reconstruction, prior = map(np.array, result.history.values())
    np.testing.assert_allclose(loss, reconstruction + result.model.beta * prior, rtol=1e-5)
    assert result.model.beta == (2 if name == "conv-vae" else 1)
    assert result.parameters == result.model.count_parameters()


@pytest.mark.parametrize("name", STACKED)
def test_a_stacked_recipe_reports_its_scores_and_phases(name, result):
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


def test_the_test_loss_is_a_test_image_s(images):
    result = run("mlp-vae", limit=None, epochs=3)
    pixels, _ = ta.data.load("mnist", "test")
    x = ta.data.scale(pixels).reshape(len(pixels), -1)
    by_hand = ta.evaluate(result.model, [x])["loss"] / len(x)
    assert result.metrics["test_loss"] == pytest.approx(by_hand, rel=0.01)  # another z
    assert result.metrics["test_loss"] != pytest.approx(result.history["loss"][-1] / 300, rel=0.01)


def test_measuring_is_done_on_the_test_images_in_evaluation_mode(images):
    def measure(model, data):
        return {"samples": len(data[0]), "training": sum(m.training for _, m in model.modules())}

    recipe = recipes.get("conv-vae")
    result = run(replace(recipe, train=replace(recipe.train, measure=measure)))
    assert result.metrics == {"samples": fake_images.TEST, "training": 0}


@pytest.mark.parametrize("name", ["gaussian-vae", "conv-vae", "mlp-vae", "stacked-09"])
def test_the_same_seed_gives_the_same_result(name, images):
    one, other, third = (run(shortened(name), seed=seed).as_json() for seed in (5, 5, 6))
    for result in (one, other, third):
        assert result.pop("seconds") > 0
    assert one == other
    assert one["history"] != third["history"]


@pytest.mark.parametrize("name", ["gaussian-vae", "conv-vae", "mlp-vae", "stacked-09"])
def test_the_backend_is_the_one_asked_for(name, images, strict):
    on_numpy, result = run(shortened(name)), run(shortened(name), backend="strict")
    assert {ta.array_module(p.value) for p in result.model.parameters()} == {strict}
    assert result.history.keys() == on_numpy.history.keys()
    rtol = 1e-5 if name in STACKED else 0.02  # the same weights, but a VAE draws other noise
    np.testing.assert_allclose(result.history["loss"], on_numpy.history["loss"], rtol=rtol)
    assert result.metrics == pytest.approx(on_numpy.metrics, rel=rtol)


def test_a_run_leaves_the_backend_in_use_as_it_was(images, strict, monkeypatch):
    ta.use("strict")
    run("gaussian-vae")
    assert default_module() is strict
    monkeypatch.setenv("TINYAE_DATA", "nowhere")
    with pytest.raises(ta.TinyaeError):
        run("dense-vae")
    assert default_module() is strict


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


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("gausian-vae", "; did you mean 'gaussian-vae'"),
        ("CONV-VAE", "; did you mean 'conv-vae'"),
        ("stacked9", "; did you mean 'stacked-09'"),
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
    with pytest.raises(ta.TinyaeError, match="expected seed to be an integer of at least 0"):
        run("gaussian-vae", seed=-1)


def test_there_is_one_set_of_gaussian_groups():
    for choice in ({"data": "mnist"}, {"split": "test"}):
        with pytest.raises(ta.TinyaeError, match="gaussian-vae: expected data 'gaussian-groups'"):
            run("gaussian-vae", **choice)


def test_an_unknown_data_set(images):
    with pytest.raises(ta.TinyaeError, match=r"expected one of digits, .*'mnst'.*'mnist'"):
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


def test_stacked_recipes_have_no_latent_dimension(images):
    with pytest.raises(ta.TinyaeError, match="expected no latent_dim"):
        run("stacked-09", latent_dim=2)
