"""PyTorch on the GPU beside CuPy: what is chosen, and that nothing stays behind on the CPU."""

from __future__ import annotations

import sys
import types

import pytest

from tinyae import backend
from tinyae.bench import memory, timing
from tinyae.bench.workloads import workload
from tinyae.cli import main
from tinyae.errors import TinyaeError
from tinyae.recipes import RECIPES, Settings

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'tinyae[parity]'")

from tinyae.bench import torch_device, torch_training  # noqa: E402


def test_the_device_goes_with_the_backend(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert torch_device.device_for("numpy").type == "cpu"
    assert torch_device.device_for("cupy").type == "cuda"


def test_without_cuda_it_is_refused_by_name(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TinyaeError, match="bench: PyTorch here has no CUDA; expected a build"):
        torch_training.train_in_torch(RECIPES["mlp-vae"], Settings(backend="cupy"))
    assert main(["bench", "gaussian-vae", "--backend", "cupy", "--against", "torch"]) != 0
    assert "PyTorch here has no CUDA" in capsys.readouterr().err


@pytest.mark.parametrize("recipe", ["gaussian-vae", "conv-vae", "mlp-vae", "stacked-tuned"])
def test_data_model_and_random_numbers_are_on_the_device(recipe, fake_data, monkeypatch):
    """PyTorch's "meta" device computes nothing, and refuses tensors of the CPU as a GPU does."""
    monkeypatch.setattr(torch_training, "device_for", lambda backend: torch.device("meta"))
    monkeypatch.setattr(torch.Tensor, "__float__", lambda tensor: 0.0)
    for name in ("randperm", "randint"):
        monkeypatch.setattr(torch, name, on_meta_only(getattr(torch, name)))
    data = None if recipe == "gaussian-vae" else "mnist"
    settings = Settings(data=data, limit=100, epochs=1, backend="cupy", progress=False)
    result = torch_training.train_in_torch(RECIPES[recipe], settings)
    assert set(result.loss) == {0.0}


def on_meta_only(draw):
    """Indices of the CPU would be taken, and copied at each step."""

    def draw_there(*arguments, device):
        assert device.type == "meta"
        return draw(*arguments, device=device)

    return draw_there


def test_the_stopwatch_waits_for_the_gpu(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    for name in ("cpu", "cuda"):
        with torch_device.DeviceStopwatch(torch.device(name)) as watch:
            assert watch is None
    assert [device.type for device in waited] == ["cuda", "cuda"]


@pytest.fixture
def fake_cupy(monkeypatch):
    cupy = types.ModuleType("cupy")
    cupy.__version__ = "13.9"
    cupy.get_default_memory_pool = lambda: types.SimpleNamespace(total_bytes=lambda: 5 * 2**20)
    runtime = types.SimpleNamespace(getDeviceProperties=lambda number: {"name": b"A GPU"})
    cupy.cuda = types.SimpleNamespace(runtime=runtime)
    monkeypatch.setattr(backend, "_modules", {**backend._modules, "cupy": cupy})


def test_the_conditions_name_the_gpu(fake_cupy):
    words = timing.conditions(False, "cupy")
    assert words.endswith("cupy 13.9 on A GPU; MiB: taken from the GPU's memory")
    assert "GPU" not in timing.conditions(True)


@pytest.mark.parametrize(("engine", "peak"), [("tinyae", 5.0), ("torch", 7.0)])
def test_memory_on_the_gpu_is_that_of_the_pool(engine, peak, fake_cupy, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda: 7 * 2**20)
    monkeypatch.setattr(sys, "argv", ["memory", "gaussian-vae", engine, "cupy"])
    monkeypatch.setattr(torch_training, "train_in_torch", lambda recipe, s: seen.append(s))
    monkeypatch.setattr(type(RECIPES["gaussian-vae"]), "run", lambda recipe, s: seen.append(s))
    memory.main()
    assert seen == [workload("gaussian-vae", "cupy")]
    assert float(capsys.readouterr().out) == peak


def test_the_backend_reaches_every_measurement(monkeypatch):
    seen = []
    monkeypatch.setattr(timing, "peak_memory", lambda *words: seen.append(words))
    monkeypatch.setattr(timing, "torch_engine", lambda backend: seen.append(backend) or run)
    monkeypatch.setattr(type(RECIPES["gaussian-vae"]), "run", run)
    timing.time_recipe("gaussian-vae", 1, True, "cupy")
    names = ("gaussian-vae", "torch", "cupy"), ("gaussian-vae", "tinyae", "cupy")
    assert seen == ["cupy", *names]


def run(recipe, settings):
    assert settings.backend == "cupy"
    return types.SimpleNamespace(seconds=1.0)
