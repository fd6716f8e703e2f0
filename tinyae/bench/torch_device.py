"""Where PyTorch computes, and how its time is taken there."""

from __future__ import annotations

import torch

from tinyae.errors import TinyaeError
from tinyae.recipes.base import Stopwatch

__all__ = ["DeviceStopwatch", "device_for"]


def device_for(backend: str) -> torch.device:
    """Where PyTorch computes beside a backend of tinyae: on the GPU beside CuPy.

    Raises
    ------
    TinyaeError
        When PyTorch reaches no GPU.
    """
    if backend != "cupy":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise TinyaeError(
            f"bench: PyTorch here has no CUDA; expected a build that reaches a GPU beside the "
            f"backend 'cupy', got torch {torch.__version__}"
        )
    return torch.device("cuda")


class DeviceStopwatch(Stopwatch):
    """Seconds until the device has done all that it was handed inside the blocks."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __enter__(self) -> None:
        self._wait()
        super().__enter__()

    def __exit__(self, *error: object) -> None:
        self._wait()
        super().__exit__(*error)

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
