"""tinyae: autoencoders in plain NumPy, every backward pass written by hand."""

from __future__ import annotations

import importlib
from typing import Any

from tinyae import data, recipes
from tinyae.backend import array_module, seed, to_numpy, use
from tinyae.checking import (
    check_adjoint,
    check_kl,
    check_reduction,
    check_sampling,
    check_step,
    check_taylor,
    gradcheck,
)
from tinyae.checkpoints import Checkpoints
from tinyae.errors import TinyaeError
from tinyae.files import load, save
from tinyae.layers import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    LogSoftmax,
    MaxPool2d,
    Module,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    Softplus,
    Tanh,
    Unflatten,
)
from tinyae.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    MSELoss,
    NLLLoss,
    gaussian_kl,
)
from tinyae.models import VAE, Autoencoder, StackedAutoencoder
from tinyae.optimizers import SGD, Adam
from tinyae.threads import num_threads, set_num_threads
from tinyae.training import History, evaluate, fit
from tinyae.views.summary import summary

_LATER = {
    "plots": "tinyae.views.plots",
    "plot_model": "tinyae.views.network",
    "explore": "tinyae.views.explorer",
    "trace": "tinyae.stepping",
}
"""Imported when somebody asks for it: what needs matplotlib, and what few programs need."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'tinyae' has no attribute {name!r}")
    module = importlib.import_module(_LATER[name])
    return getattr(module, name, module)


__all__ = [
    "recipes",
    "VAE",
    "Autoencoder",
    "Checkpoints",
    "StackedAutoencoder",
    "History",
    "evaluate",
    "explore",
    "fit",
    "plots",
    "Adam",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "SGD",
    "Sequential",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "TinyaeError",
    "Unflatten",
    "array_module",
    "data",
    "gaussian_kl",
    "check_adjoint",
    "check_kl",
    "check_reduction",
    "check_sampling",
    "check_step",
    "check_taylor",
    "gradcheck",
    "load",
    "save",
    "summary",
    "plot_model",
    "num_threads",
    "set_num_threads",
    "seed",
    "to_numpy",
    "trace",
    "use",
]
