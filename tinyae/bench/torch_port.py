"""The same model in PyTorch, as plain ``nn.Module`` objects: what tinyae is measured against."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from tinyae.backend import to_numpy
from tinyae.errors import TinyaeError
from tinyae.layers import LogSoftmax, Module, Sequential, Unflatten
from tinyae.models import VAE, Autoencoder

__all__ = ["TorchVAE", "port"]


class TorchVAE(nn.Module):
    """``tinyae.VAE`` with autograd in the place of its backward passes."""

    def __init__(self, model: VAE) -> None:
        super().__init__()
        self.trunk, self.mean = _structure(model.trunk), _structure(model.mean)
        self.log_var, self.decoder = _structure(model.log_var), _structure(model.decoder)
        self.squared = model.reconstruction == "mse"
        self.prior, self.beta = model.prior, model.beta

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(reconstruction, mean, log_var)."""
        hidden = self.trunk(x)
        mean, log_var = self.mean(hidden), self.log_var(hidden)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        return self.decoder(z), mean, log_var

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        """The loss summed over the batch."""
        reconstruction, mean, log_var = self(x)
        target = x.reshape(reconstruction.shape)
        if self.squared:
            total = functional.mse_loss(reconstruction, target, reduction="sum")
        else:
            total = functional.binary_cross_entropy(reconstruction, target, reduction="sum")
        return total + self.beta * self._prior(mean, log_var)

    def _prior(self, mean: torch.Tensor, log_var: torch.Tensor) -> torch.Tensor:
        if self.prior == "em":
            return 0.5 * mean.pow(2).sum()
        if self.prior == "em-strict":
            return 0.5 * (mean.pow(2) + log_var.exp()).sum()
        return -0.5 * (1 + log_var - mean.pow(2) - log_var.exp()).sum()


def port(model: Module) -> Any:
    """A PyTorch model of the same structure, with copies of the same weights."""
    twin = _structure(model)
    state = {name: torch.from_numpy(to_numpy(a).copy()) for name, a in model.state_dict().items()}
    twin.load_state_dict(state)
    return twin


def _structure(model: Module) -> Any:
    if isinstance(model, VAE):
        return TorchVAE(model)
    if isinstance(model, Sequential):
        return nn.Sequential(*map(_structure, model))
    if isinstance(model, Autoencoder):
        parts = {"encoder": _structure(model.encoder), "decoder": _structure(model.decoder)}
        return nn.Sequential(OrderedDict(parts))
    if isinstance(model, Unflatten):
        return nn.Unflatten(1, model.shape)
    if isinstance(model, LogSoftmax):
        return nn.LogSoftmax(dim=1)
    arguments, settings = model._arguments
    if not hasattr(nn, type(model).__name__):
        raise TinyaeError(f"{model.label}: expected a layer that PyTorch has too")
    return getattr(nn, type(model).__name__)(*arguments, **settings)
