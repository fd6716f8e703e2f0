"""Training times of the recipes, tinyae alone or in turn with PyTorch."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import geometric_mean, median
from typing import Any

from tinyae import recipes
from tinyae.backend import get_module
from tinyae.bench.workloads import workload
from tinyae.errors import TinyaeError
from tinyae.threads import num_threads

__all__ = ["Timing", "as_table", "conditions", "peak_memory", "time_recipe", "torch_engine"]


@dataclass(frozen=True)
class Timing:
    """Seconds of each round, for tinyae and, where it was asked for, PyTorch.

    ``memory`` and ``torch_memory`` are the most that a process takes which does nothing else,
    in MiB: of the machine's memory, or with CuPy of the GPU's.
    """

    recipe: str
    seconds: list[float]
    torch_seconds: list[float]
    memory: float
    torch_memory: float | None

    @property
    def ratio(self) -> float | None:
        """The median over the rounds of tinyae's time ÷ PyTorch's."""
        pairs = zip(self.seconds, self.torch_seconds, strict=False)
        return median(ours / theirs for ours, theirs in pairs) if self.torch_seconds else None


def time_recipe(name: str, rounds: int, against_torch: bool, backend: str = "numpy") -> Timing:
    """Train a slice of a recipe ``rounds`` times after a warm-up, the two engines in turn.

    Raises
    ------
    TinyaeError
        For an unknown recipe, for a backend that is not there, and when PyTorch is asked for
        and not installed, or for a GPU that it does not reach.
    """
    recipe, settings = recipes.get(name), workload(recipes.get(name).name, backend)
    seconds: list[float] = []
    torch_seconds: list[float] = []
    train_in_torch = torch_engine(backend) if against_torch else None
    for _ in range(rounds + 1):
        seconds.append(recipe.run(settings).seconds)
        if train_in_torch:
            torch_seconds.append(train_in_torch(recipe, settings).seconds)
    theirs = peak_memory(name, "torch", backend) if against_torch else None
    ours = peak_memory(name, "tinyae", backend)
    return Timing(name, seconds[1:], torch_seconds[1:], ours, theirs)


def peak_memory(recipe: str, engine: str, backend: str = "numpy") -> float:
    """MiB that a process of its own takes at the most while it trains the recipe's slice.

    With ``"cupy"``, of the GPU's memory.
    """
    command = [sys.executable, "-m", "tinyae.bench.memory", recipe, engine, backend]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TinyaeError(f"bench: the run for {engine}'s memory failed: {done.stderr[-300:]}")
    return float(done.stdout)


def as_table(timings: Sequence[Timing]) -> str:
    """Medians, spreads and ratios, a line a recipe, and the geometric mean of the ratios."""
    compared = any(timing.torch_seconds for timing in timings)
    header = f"{'recipe':22} {'tinyae s':>9} {'spread':>13} {'MiB':>6}"
    header += f" {'torch s':>9} {'spread':>13} {'MiB':>6} {'ratio':>6}" if compared else ""
    lines = [header]
    for timing in timings:
        line = f"{timing.recipe:22} {_times(timing.seconds)} {timing.memory:6.0f}"
        if timing.ratio is not None:
            line += (
                f" {_times(timing.torch_seconds)} {timing.torch_memory:6.0f} {timing.ratio:6.2f}"
            )
        lines.append(line)
    ratios = [timing.ratio for timing in timings if timing.ratio is not None]
    if ratios:
        lines.append(f"geometric mean of the ratios: {geometric_mean(ratios):.2f}")
    return "\n".join(lines)


def conditions(against_torch: bool, backend: str = "numpy") -> str:
    """What the times belong to: the versions, the number of threads or the GPU."""
    names = ["tinyae", "numpy", *["torch"] * against_torch]
    versions = ", ".join(f"{name} {version(name)}" for name in names if _installed(name))
    versions += f", Python {platform.python_version()}, {num_threads()} threads"
    if backend != "cupy":
        return versions
    cupy = get_module("cupy")
    gpu = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    return f"{versions}, cupy {cupy.__version__} on {gpu}; MiB: taken from the GPU's memory"


def _installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _times(seconds: Sequence[float]) -> str:
    return f"{median(seconds):9.3f} {min(seconds):6.3f}–{max(seconds):.3f}"


def torch_engine(backend: str = "numpy") -> Callable[..., Any]:
    """``train_in_torch``, with as many threads as tinyae uses.

    Raises
    ------
    TinyaeError
        When PyTorch is not installed, or does not reach the GPU that the backend asks for.
    """
    try:
        import torch
    except ImportError:
        raise TinyaeError(
            "bench: PyTorch is not installed; pip install 'tinyae[parity]' provides it"
        ) from None
    from tinyae.bench.torch_device import device_for
    from tinyae.bench.torch_training import train_in_torch

    device_for(backend)
    torch.set_num_threads(num_threads())
    return train_in_torch
