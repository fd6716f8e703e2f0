"""The recipes in PyTorch: the same data, networks, batches and optimizers, by autograd."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from tinyae.backend import seed
from tinyae.bench.torch_device import DeviceStopwatch, device_for
from tinyae.bench.torch_port import TorchVAE, port
from tinyae.layers.linear import Linear
from tinyae.losses import MSELoss
from tinyae.models import StackedAutoencoder
from tinyae.optimizers import Adam
from tinyae.recipes.adam import AdamTraining
from tinyae.recipes.base import Recipe, Settings
from tinyae.recipes.stacked import SIZES, Phase, StackedTraining

__all__ = ["TorchResult", "train_in_torch"]

Tensors = tuple[torch.Tensor, torch.Tensor]
TorchLoss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class TorchResult:
    """Loss an epoch (of the fine-tuning, for stacked recipes), final scores, training time."""

    loss: list[float]
    metrics: dict[str, float]
    seconds: float


def train_in_torch(recipe: Recipe, settings: Settings) -> TorchResult:
    """Run a recipe in PyTorch's eager mode, from the initial weights that tinyae draws.

    Data, model and random numbers are on the GPU where the settings say ``"cupy"``.
    """
    device = device_for(settings.backend)
    seed(settings.seed)
    torch.manual_seed(settings.seed)

    def load(split: str, limit: int | None = None) -> Tensors:
        x, y = recipe.load(settings.data or recipe.dataset, split)
        return torch.from_numpy(x[:limit]).to(device), torch.from_numpy(y[:limit]).to(device)

    data = load(settings.split, settings.limit or recipe.limit)
    if isinstance(recipe.train, AdamTraining):
        return _train_adam(recipe.train, data, lambda: load("test"), settings)
    assert isinstance(recipe.train, StackedTraining)
    return _train_stacked(recipe.train, data, load("test"), settings)


def _train_adam(
    plan: AdamTraining, data: Tensors, test: Callable[[], Tensors], settings: Settings
) -> TorchResult:
    (x, _), watch = data, DeviceStopwatch(data[0].device)
    model = port(plan.model(settings.latent_dim)).to(x.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    squared = plan.loss is MSELoss
    reconstruction = functional.mse_loss if squared else functional.binary_cross_entropy
    sums = isinstance(model, TorchVAE)
    history = []
    with watch:
        for _ in range(settings.epochs or plan.epochs):
            total, samples = 0.0, 0
            for batch in _batches(x, plan):
                optimizer.zero_grad()
                loss = model.loss(batch) if sums else reconstruction(model(batch), batch)
                loss.backward()
                optimizer.step()
                total += float(loss.detach()) * (1 if sums else len(batch))
                samples += len(batch)
            history.append(total if sums else total / samples)
    metrics = {}
    if plan.measure:
        test_x, _ = test()
        with torch.no_grad():
            metrics["test_loss"] = float(model.eval().loss(test_x)) / len(test_x)
    return TorchResult(history, metrics, watch.seconds)


def _batches(x: torch.Tensor, plan: AdamTraining) -> Iterator[torch.Tensor]:
    """Shuffled batches of a new order, or all samples at once."""
    if plan.batch_size is None:
        yield x
        return
    order = torch.randperm(len(x), device=x.device)
    end = len(x) - (len(x) % plan.batch_size if plan.drop_last else 0)
    for start in range(0, end, plan.batch_size):
        yield x[order[start : start + plan.batch_size]]


def _train_stacked(
    plan: StackedTraining, data: Tensors, test: Tensors, settings: Settings
) -> TorchResult:
    (x, y), (test_x, test_y), watch = data, test, DeviceStopwatch(data[0].device)
    epochs, metrics = settings.epochs or 1, {}
    baseline = port(Linear(SIZES[0], plan.classes)).to(x.device)
    stacked = StackedAutoencoder(SIZES, activation="tanh", codes=plan.codes)
    autoencoders = [port(stacked.autoencoder(i)).to(x.device) for i in range(len(stacked))]
    network = nn.Sequential(*(layer for model in autoencoders for layer in model.encoder))
    classifier = port(Linear(SIZES[-1], plan.classes)).to(x.device)
    whole = nn.Sequential(*network, classifier)

    def score(model: nn.Module) -> float:
        with torch.no_grad():
            return float((model(test_x).argmax(dim=1) == test_y).float().mean())

    with watch:
        _descend(baseline, functional.cross_entropy, x, y, plan.baseline, epochs)
        codes = x
        for model in autoencoders:
            _descend(model, functional.mse_loss, codes, None, plan.pretraining, epochs)
            with torch.no_grad():
                linear = model.encoder[0](codes)
                codes = linear if plan.codes == "before" else model.encoder[1](linear)
        with torch.no_grad():
            codes = network(x)
        _descend(classifier, functional.cross_entropy, codes, y, plan.classifier, epochs)
    metrics["linear"], metrics["frozen"] = score(baseline), score(whole)
    with watch:
        history = [
            _descend(whole, functional.cross_entropy, x, y, phase, epochs)
            for phase in plan.fine_tuning
        ]
    metrics["fine_tuned"] = score(whole)
    return TorchResult(history, metrics, watch.seconds)


def _descend(
    model: nn.Module,
    criterion: TorchLoss,
    x: torch.Tensor,
    y: torch.Tensor | None,
    phase: Phase,
    epochs: int,
) -> float:
    """Steps on random samples, as the phase says; the mean loss."""
    chosen: dict[str, Any] = phase.settings(len(x), epochs)
    optimizer: torch.optim.Optimizer
    if phase.optimizer is Adam:
        optimizer = torch.optim.Adam(model.parameters(), lr=phase.lr)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=phase.lr)
    many = chosen["steps"], chosen["batch_size"]
    total, drawn = 0.0, torch.randint(len(x), many, device=x.device)
    for indices in drawn:
        batch = x[indices]
        target = batch if y is None else y[indices]
        if phase.noise:
            batch = batch + phase.noise * torch.randn_like(batch)
        optimizer.zero_grad()
        loss = criterion(model(batch), target)
        loss.backward()
        optimizer.step()
        total += float(loss.detach())
    return total / len(drawn)
