"""``tinyae explore``: which data it takes, where the page goes, what it refuses."""

import json
import re

import numpy as np
import pytest

import tinyae as ta
from tests import fake_images
from tinyae import cli
from tinyae.commands import explore as command
from tinyae.recipes import networks


@pytest.fixture
def given(monkeypatch):
    """What ``ta.explore`` would have been called with."""
    calls = []
    write = ta.explore

    def note(model, x, labels, path):
        calls.append((model, x, labels))
        return write(model, x, labels, path)

    monkeypatch.setattr("tinyae.views.explorer.explore", note)
    return calls


def train(folder, *words):
    assert cli.main(["train", *words, "--epochs", "1", "--out", str(folder)]) == 0
    return folder / "model.npz"


def test_the_data_is_what_the_recipe_learnt_from(given, tmp_path, capsys, fake_data):
    model = train(tmp_path / "run", "kmnist-vae", "--limit", "8", "--latent-dim", "2")
    capsys.readouterr()
    assert cli.main(["explore", str(model), "--limit", "50"]) == 0
    page = tmp_path / "run" / "explore.html"
    assert capsys.readouterr().out == f"{page}\n"
    images, labels = ta.data.load("kmnist", "test")
    (_, x, seen), *_ = given
    assert np.array_equal(x, (images[:50, None] / np.float32(256)).astype("float32"))
    assert np.array_equal(seen, labels[:50])
    (data,) = re.findall(r'id="data">(.*?)</script>', page.read_text("utf-8"))
    assert json.loads(data)["dimensions"] == 2


def test_words_choose_data_split_and_place(given, tmp_path, capsys, fake_data):
    model = train(tmp_path, "dense-vae", "--limit", "8", "--data", "kmnist")
    words = ["--data", "mnist", "--split", "train", "--out", str(tmp_path / "new" / "page.html")]
    assert cli.main(["explore", str(model), *words]) == 0
    assert (tmp_path / "new" / "page.html").exists()
    images, _ = ta.data.load("mnist", "train")
    assert len(given[0][1]) == fake_images.TRAIN
    assert np.array_equal(given[0][1], ta.data.scale(images).reshape(-1, 784))


def test_groups_have_one_split_only(given, tmp_path, capsys):
    assert cli.main(["explore", str(train(tmp_path, "gaussian-vae"))]) == 0
    assert given[0][1].shape == (400, 15)


@pytest.mark.parametrize(
    ("model", "shape", "range_"),
    [
        (networks.mlp_vae, (784,), (0, 1)),
        (networks.conv_vae, (1, 28, 28), (0, 1)),
        (lambda: ta.StackedAutoencoder((784, 9)), (784,), (-1, 1)),
    ],
)
def test_a_model_without_a_recipe(given, model, shape, range_, tmp_path, fake_data):
    ta.save(model(), tmp_path / "own.npz")
    assert cli.main(["explore", str(tmp_path / "own.npz"), "--data", "mnist"]) == 0
    x = given[0][1]
    assert x.shape == (fake_images.TEST, *shape)
    assert x.min() == range_[0]
    assert range_[1] - 0.2 < x.max() <= range_[1]


def refusal(capsys, *words):
    assert cli.main(["explore", *map(str, words)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_refusals(tmp_path, capsys, fake_data):
    assert "none.npz" in refusal(capsys, tmp_path / "none.npz")
    ta.save(ta.Linear(784, 3), tmp_path / "layer.npz")
    words = (tmp_path / "layer.npz", "--data", "mnist")
    assert "expected a model with encode and decode" in refusal(capsys, *words)
    assert "--limit of at least 1, got 0" in refusal(capsys, *words, "--limit", 0)
    ta.save(networks.mlp_vae(pixels=100), tmp_path / "small.npz")
    words = (tmp_path / "small.npz", "--data", "mnist")
    assert "Linear(100, 400): expected input (N, 100), got (100, 784)" in refusal(capsys, *words)
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize("note", ["{", "[]", '{"recipe": "no-such", "data": "mnist"}', "{}"])
def test_a_spoilt_note_beside_the_model(note, tmp_path, capsys):
    ta.save(networks.mlp_vae(), tmp_path / "model.npz")
    (tmp_path / "result.json").write_text(note)
    assert "expected the result of a recipe" in refusal(capsys, tmp_path / "model.npz")


def test_the_command_is_listed():
    assert command in cli.COMMANDS
