"""What is timed: every recipe on a slice of the embedded digits, a second or two of training."""

from __future__ import annotations

from typing import Any

from tinyae.recipes import RECIPES, Settings

__all__ = ["WORKLOADS", "workload"]

WORKLOADS: dict[str, dict[str, Any]] = {
    "gaussian-vae": {"epochs": 400},
    "dense-vae": {"epochs": 8},
    "conv-vae": {"limit": 2560, "epochs": 1},
    "deep-conv-vae": {"limit": 1000, "epochs": 1},
    "deep-conv-emae": {"limit": 1000, "epochs": 1},
    "deep-conv-emae-strict": {"limit": 1000, "epochs": 1},
    "kmnist-vae": {"limit": 1280, "epochs": 1},
    "mlp-vae": {"limit": 12_000, "epochs": 1},
    "stacked-09": {"limit": 500},
    "stacked-10": {"limit": 500},
    "stacked-tuned": {"limit": 1000},
    "compression": {"limit": 12_000, "epochs": 2},
}
"""Settings by recipe: the document's batches and network, fewer samples and epochs."""


def workload(recipe: str, backend: str = "numpy") -> Settings:
    """The settings that a recipe is timed with."""
    data = None if RECIPES[recipe].dataset == "gaussian-groups" else "digits"
    return Settings(data=data, backend=backend, progress=False, **WORKLOADS[recipe])
