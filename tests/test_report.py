"""``train --out``: weights, history and the figures that suit the model."""

import json

import numpy as np
import pytest

import tinyae as ta
from tinyae import cli
from tinyae.recipes import Settings

FIGURES = {
    "gaussian-vae": {"loss", "latent-means", "pca-scores", "pca-identity"},
    "conv-vae": {"loss", "latent-means", "reconstructions", "samples", "latent-grid"},
    "mlp-vae": {"loss", "latent-lines", "reconstructions", "samples"},
    "compression": {"loss", "reconstructions", "codes"},
    "stacked-09": {"loss", "reconstructions", *(f"features-{layer}" for layer in range(1, 5))},
}


@pytest.mark.parametrize("recipe", FIGURES)
def test_the_folder(recipe, fake_data, tmp_path, capsys):
    small = [] if recipe == "gaussian-vae" else ["--limit", "60"]
    command = ["train", recipe, "--epochs", "1", *small, "--out", str(tmp_path), "--json"]
    assert cli.main(command) == 0
    out = capsys.readouterr().out.splitlines()
    kept = {path.name for path in tmp_path.glob("checkpoint*.npz")}
    assert len(kept) == (7 if recipe == "stacked-09" else 1)  # runs of fit
    names = {path.name for path in tmp_path.iterdir()} - kept
    assert names == {"model.npz", "result.json", *(f"{name}.png" for name in FIGURES[recipe])}
    assert {str(tmp_path / name) for name in names} <= set(out)
    assert json.loads((tmp_path / "result.json").read_text()) == json.loads(out[-1])


def test_the_weights_are_the_models(fake_data, tmp_path):
    from tinyae.report import write_report

    result = ta.recipes.get("mlp-vae").run(Settings(limit=50, epochs=1, progress=False))
    write_report(result, tmp_path)
    loaded = ta.load(tmp_path / "model.npz")
    for name, array in result.model.state_dict().items():
        np.testing.assert_array_equal(loaded.state_dict()[name], array)


def test_snapshots_are_drawn(fake_data, tmp_path, monkeypatch):
    recipe = ta.recipes.RECIPES["kmnist-vae"]
    monkeypatch.setitem(vars(recipe.train), "snapshot_every", 1)
    command = ["train", "kmnist-vae", "--data", "mnist", "--limit", "10", "--epochs", "1"]
    assert cli.main([*command, "--latent-dim", "2", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "samples-through-training.png").exists()
