"""The bench: the same recipes in PyTorch, timed in turn; needs PyTorch."""

import json

import numpy as np
import pytest

import tinyae as ta
from tinyae import cli
from tinyae.bench import timing
from tinyae.bench.timing import Timing, as_table
from tinyae.bench.workloads import WORKLOADS, workload
from tinyae.recipes import RECIPES, Settings

NEED = "needs PyTorch: pip install 'tinyae[parity]'"


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason=NEED)


def test_every_recipe_has_a_workload():
    assert WORKLOADS.keys() == RECIPES.keys()
    assert all(workload(name).progress is False for name in RECIPES)


@pytest.mark.parametrize("recipe", [n for n, r in RECIPES.items() if hasattr(r.train, "model")])
def test_a_ported_model_gives_the_same_numbers(recipe, torch):
    from tinyae.bench.torch_port import port

    model = RECIPES[recipe].train.model(None).eval()
    twin = port(model).eval()
    shape = {"gaussian-vae": (15,)}.get(recipe, (784,))
    if any(isinstance(layer, ta.Conv2d) for _, layer in model.modules()):
        shape = (1, 28, 28)
    x = np.random.default_rng(0).random((3, *shape), dtype="float32")
    with torch.no_grad():
        theirs = twin(torch.from_numpy(x))
    if isinstance(model, ta.VAE):
        for ours, other in zip(model.encode(x), theirs[1:], strict=True):
            np.testing.assert_allclose(ours, other, atol=1e-5)
    else:
        np.testing.assert_allclose(model(x), theirs, atol=1e-5)


@pytest.mark.parametrize(
    "recipe", ["mlp-vae", "compression", "stacked-09", "deep-conv-emae-strict"]
)
def test_training_in_torch_comes_out_near(recipe, fake_data, torch):
    """The first epoch, which both start from the same weights."""
    from tinyae.bench.torch_training import train_in_torch

    settings = Settings(data="mnist", limit=250, epochs=1, progress=False)
    ours = RECIPES[recipe].run(settings)
    theirs = train_in_torch(RECIPES[recipe], settings)
    assert theirs.loss[0] == pytest.approx(np.mean(ours.history["loss"]), rel=0.2)
    assert theirs.metrics.keys() == ours.metrics.keys()
    assert theirs.seconds > 0


def test_a_layer_of_ones_own_has_no_port(torch):
    from tinyae.bench.torch_port import port

    class Own(ta.Layer):
        pass

    with pytest.raises(ta.TinyaeError, match="a layer that PyTorch has too"):
        port(Own())


def test_the_table_and_the_json(torch, monkeypatch, capsys):
    monkeypatch.setitem(WORKLOADS, "gaussian-vae", {"epochs": 2})
    command = ["bench", "gaussian-vae", "--rounds", "2", "--against", "torch", "--json"]
    assert cli.main(command) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1].startswith("gaussian-vae")
    assert out[2].startswith("geometric mean of the ratios: ")
    (measured,) = json.loads(out[-1])
    assert len(measured["seconds"]) == len(measured["torch_seconds"]) == 2
    assert 20 < measured["memory"] < 2000
    assert measured["torch_memory"] > 20


def test_the_ratio_is_the_median_of_the_pairs():
    measured = Timing("conv-vae", [1.0, 2.0, 9.0], [2.0, 2.0, 3.0], 100.0, 200.0)
    assert measured.ratio == 1.0
    assert Timing("conv-vae", [1.0], [], 100.0, None).ratio is None
    assert as_table([measured]).splitlines()[1].split()[-1] == "1.00"


def test_memory_of_an_unknown_recipe_is_refused():
    with pytest.raises(ta.TinyaeError, match="the run for tinyae's memory failed"):
        timing.peak_memory("no-such-recipe", "tinyae")


def test_the_reference_prints_json(torch, monkeypatch, capsys):
    from tinyae.bench import reference

    monkeypatch.setattr("sys.argv", ["reference", "gaussian-vae", "--epochs", "2"])
    reference.main()
    printed = json.loads(capsys.readouterr().out)
    assert printed["recipe"] == "gaussian-vae"
    assert len(printed["loss"]) == 2
