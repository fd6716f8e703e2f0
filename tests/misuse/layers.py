"""Good calls of every layer."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinyae as ta
from tests.misuse.making import call, random
from tests.misuse.values import Good

LAYERS: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "Linear": (ta.Linear, {"in_features": 3, "out_features": 2, "bias": True}, (4, 3)),
    "Conv2d": (
        ta.Conv2d,
        {"in_channels": 1, "out_channels": 2, "kernel_size": 3, "stride": 1, "padding": 0,
         "bias": True},
        (2, 1, 5, 5),
    ),
    "ConvTranspose2d": (
        ta.ConvTranspose2d,
        {"in_channels": 1, "out_channels": 2, "kernel_size": 3, "stride": 2, "padding": 0,
         "output_padding": 0, "bias": True},
        (2, 1, 3, 3),
    ),
    "MaxPool2d": (ta.MaxPool2d, {"kernel_size": 2, "stride": 2, "padding": 0}, (2, 1, 4, 4)),
    "BatchNorm1d": (ta.BatchNorm1d, {"num_features": 3, "eps": 1e-5, "momentum": 0.1}, (4, 3)),
    "BatchNorm2d": (
        ta.BatchNorm2d, {"num_features": 1, "eps": 1e-5, "momentum": 0.1}, (2, 1, 3, 3)
    ),
    "Dropout": (ta.Dropout, {"p": 0.5}, (4, 3)),
    "ReLU": (ta.ReLU, {}, (4, 3)),
    "LeakyReLU": (ta.LeakyReLU, {"negative_slope": 0.1}, (4, 3)),
    "Tanh": (ta.Tanh, {}, (4, 3)),
    "Sigmoid": (ta.Sigmoid, {}, (4, 3)),
    "Softplus": (ta.Softplus, {}, (4, 3)),
    "LogSoftmax": (ta.LogSoftmax, {}, (4, 3)),
    "Flatten": (ta.Flatten, {}, (4, 1, 3)),
    "Unflatten": (ta.Unflatten, {"shape": (3, 1)}, (4, 3)),
}  # fmt: skip


def after_forward(method: str, build: Any, arguments: dict[str, Any], shape: Any) -> Good:
    def make() -> Any:
        layer = build(**arguments)
        upstream = np.ones_like(layer(random(*shape)))
        return lambda dy: getattr(layer, method)(dy), {"dy": upstream}

    return make


def layer_calls() -> dict[str, Good]:
    """Every layer: built, run forward and backward."""
    calls: dict[str, Good] = {}
    for name, (build, arguments, shape) in LAYERS.items():
        calls[name] = call(build, **arguments)
        calls[f"{name}.forward"] = call(build(**arguments), x=random(*shape))
        for method in ("backward", "accumulate"):
            calls[f"{name}.{method}"] = after_forward(method, build, arguments, shape)
    return calls
