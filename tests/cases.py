"""The one table of layers, losses and optimizers that the tests run through.

A case builds from a namespace, ``tinyae`` itself or the PyTorch classes of the same names:
``case.build(ta)`` and ``case.build(torch.nn)`` are twins. That also holds the names, the order
and the defaults of all arguments to PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import tinyae as ta

Build = Callable[[Any], Any]


@dataclass(frozen=True)
class LayerCase:
    """A layer, the shape of its input and whether it is in training."""

    build: Build
    shape: tuple[int, ...]
    training: bool = True
    random: bool = False
    mixes_samples: bool = False
    name: str = ""

    def __str__(self) -> str:
        return (self.name or repr(self.build(ta))) + ("" if self.training else " in evaluation")

    def layer(self, dtype: str = "float32", backend: str = "numpy") -> ta.Layer:
        """The layer with nothing at a special value: no γ = 1, no running mean of 0."""
        rng = np.random.default_rng(1)
        ta.seed(1)
        layer = self.build(ta)
        state = layer.state_dict()
        for path, value in state.items():
            if value.dtype.kind == "f":
                shift = rng.uniform(0.1, 0.5, value.shape) * rng.choice([-1, 1], value.shape)
                state[path] = value + shift
        layer.load_state_dict(state)
        return layer.astype(dtype).to(backend).train(self.training)

    def input(self, dtype: str = "float32", batch: int = 0) -> np.ndarray:
        """Normal numbers, not centred."""
        return (np.random.default_rng(batch).normal(size=self.shape) + 0.2).astype(dtype)


def upstream(shape: tuple[int, ...], dtype: str = "float32", batch: int = 0) -> np.ndarray:
    """A random ∂L/∂y: one of all ones would let wrong formulas pass."""
    return np.random.default_rng(100 + batch).normal(size=shape).astype(dtype)


def run(layer: ta.Layer, x: Any, batch: int = 0) -> dict[str, np.ndarray]:
    """One forward and backward pass: y, dx, all gradients and all state, as NumPy arrays."""
    ta.seed(7)
    layer.zero_grad()
    y = layer(x)
    dx = layer.backward(ta.array_module(y).asarray(upstream(y.shape, str(y.dtype), batch)))
    gradients = {f"{path}.grad": p.grad for path, p in layer.named_parameters().items()}
    results = {"y": y, "dx": dx, **gradients, **layer.state_dict()}
    return {name: ta.to_numpy(value).copy() for name, value in results.items()}


def case(build: Build, *shape: int, **settings: Any) -> LayerCase:
    return LayerCase(build, shape, **settings)


def small_network(nn: Any) -> Any:
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3)),
        nn.LeakyReLU(0.2),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(27, 4),
        nn.Tanh(),
        nn.Unflatten((1, 2, 2)),
        nn.ConvTranspose2d(1, 2, 4, stride=2, padding=1),
        nn.Flatten(),
        nn.LogSoftmax(),
    )


LAYERS = [
    case(lambda nn: nn.Linear(5, 4), 3, 5),
    case(lambda nn: nn.Linear(5, 4, bias=False), 3, 5),
    case(lambda nn: nn.Linear(1, 1), 1, 1),
    case(lambda nn: nn.Conv2d(2, 3, 3), 4, 2, 7, 6),
    case(lambda nn: nn.Conv2d(2, 3, 3, 2, 1), 3, 2, 7, 6),
    case(lambda nn: nn.Conv2d(1, 4, 3, stride=2), 3, 1, 8, 8),
    case(lambda nn: nn.Conv2d(2, 2, 3, padding=1, bias=False), 3, 2, 5, 4),
    case(lambda nn: nn.Conv2d(2, 3, (3, 2), stride=(1, 2), padding=(2, 0)), 3, 2, 5, 8),
    case(lambda nn: nn.Conv2d(3, 2, 1), 2, 3, 4, 5),
    case(lambda nn: nn.Conv2d(2, 3, (4, 5)), 2, 2, 4, 5),
    case(lambda nn: nn.Conv2d(1, 2, 2, stride=3, padding=3), 2, 1, 6, 5),
    case(lambda nn: nn.ConvTranspose2d(3, 2, 3), 3, 3, 4, 5),
    case(lambda nn: nn.ConvTranspose2d(2, 3, 3, 2, 1, 1), 3, 2, 3, 4),
    case(lambda nn: nn.ConvTranspose2d(2, 1, 4, stride=2, padding=1, bias=False), 3, 2, 4, 4),
    case(lambda nn: nn.ConvTranspose2d(1, 2, (2, 3), (3, 2), (0, 1), (2, 0)), 2, 1, 3, 4),
    case(lambda nn: nn.ConvTranspose2d(2, 1, 1, stride=2), 2, 2, 3, 3),
    case(lambda nn: nn.ConvTranspose2d(5, 3, 4), 2, 5, 1, 1),
    case(lambda nn: nn.MaxPool2d(2), 3, 2, 6, 4),
    case(lambda nn: nn.MaxPool2d(2), 2, 1, 5, 7),
    case(lambda nn: nn.MaxPool2d(3, stride=1, padding=1), 2, 2, 5, 4),
    case(lambda nn: nn.MaxPool2d((2, 3), (1, 2), (1, 0)), 2, 2, 5, 7),
    case(lambda nn: nn.MaxPool2d(2, stride=3), 2, 2, 8, 7),
    case(lambda nn: nn.BatchNorm1d(4), 6, 4, mixes_samples=True),
    case(lambda nn: nn.BatchNorm1d(4, eps=0.1, momentum=0.3), 3, 4, 5, mixes_samples=True),
    case(lambda nn: nn.BatchNorm1d(4), 6, 4, training=False),
    case(lambda nn: nn.BatchNorm2d(3), 4, 3, 5, 2, mixes_samples=True),
    case(lambda nn: nn.BatchNorm2d(2), 1, 2, 3, 4, mixes_samples=True),
    case(lambda nn: nn.BatchNorm2d(3), 4, 3, 5, 2, training=False),
    case(lambda nn: nn.Dropout(0.3), 4, 5, random=True),
    case(lambda nn: nn.Dropout(), 2, 3, 4, 4, random=True),
    case(lambda nn: nn.Dropout(0.3), 4, 5, training=False),
    case(lambda nn: nn.ReLU(), 4, 5),
    case(lambda nn: nn.ReLU(), 2, 3, 4, 5),
    case(lambda nn: nn.LeakyReLU(), 4, 5),
    case(lambda nn: nn.LeakyReLU(0.2), 2, 3, 4, 5),
    case(lambda nn: nn.Tanh(), 4, 5),
    case(lambda nn: nn.Sigmoid(), 4, 5),
    case(lambda nn: nn.Softplus(), 4, 5),
    case(lambda nn: nn.LogSoftmax(), 4, 5),
    case(lambda nn: nn.LogSoftmax(), 2, 3, 4, 5),
    case(lambda nn: nn.Flatten(), 2, 3, 4, 5),
    case(lambda nn: nn.Unflatten((2, 3)), 4, 6),
    case(small_network, 3, 1, 6, 6, mixes_samples=True, name="a small network"),
    case(small_network, 3, 1, 6, 6, training=False, name="a small network"),
]


@dataclass(frozen=True)
class LossCase:
    """A loss and a prediction with its target."""

    loss: str
    data: Callable[[np.random.Generator], Any]
    where: str = ""

    def __str__(self) -> str:
        return self.loss + self.where

    def build(self, namespace: Any, reduction: str) -> Any:
        return getattr(namespace, self.loss)(reduction=reduction)

    def example(self, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
        """(prediction, target), the target a float array or labels as the loss wants it."""
        prediction, target = self.data(np.random.default_rng(0))
        is_label = target.dtype.kind == "i"
        return prediction.astype(dtype), target if is_label else target.astype(dtype)


CHANCES, LOGITS = [0.0, 1e-7, 0.3, 1 - 1e-7, 1.0], [-100.0, -1.0, 0.0, 1.0, 100.0]
TARGETS = [0.0, 0.4, 1.0]
SCORES = np.array([[1e4, 0, -1e4], [-1e4, -1e4, 0], [1e4, 1e4, 1e4], [0, 0, 0]])

LOSSES = [
    LossCase("MSELoss", lambda rng: rng.normal(size=(2, 3, 2, 4, 4))),
    LossCase("BCELoss", lambda rng: rng.uniform(size=(2, 4, 5))),
    LossCase("BCELoss", lambda rng: np.meshgrid(CHANCES, TARGETS), " at 0 and 1"),
    LossCase("BCEWithLogitsLoss", lambda rng: (rng.normal(size=(4, 5)), rng.uniform(size=(4, 5)))),
    LossCase("BCEWithLogitsLoss", lambda rng: np.meshgrid(LOGITS, TARGETS), " at ±100"),
    LossCase("NLLLoss", lambda rng: (-rng.uniform(0.1, 3, (5, 3)), rng.integers(3, size=5))),
    LossCase("CrossEntropyLoss", lambda rng: (rng.normal(size=(5, 3)), rng.integers(3, size=5))),
    LossCase("CrossEntropyLoss", lambda rng: (SCORES, np.array([2, 0, 1, 1])), " at ±10⁴"),
]


@dataclass(frozen=True)
class OptimizerCase:
    """An optimizer of a list of two parameters."""

    name: str
    build: Callable[[Any, list], Any]

    def __str__(self) -> str:
        return self.name


OPTIMIZERS = [
    OptimizerCase("SGD", lambda optim, p: optim.SGD(p, 0.1)),
    OptimizerCase("SGD, momentum", lambda optim, p: optim.SGD(p, lr=0.05, momentum=0.9)),
    OptimizerCase("SGD, weight decay", lambda optim, p: optim.SGD(p, lr=0.1, weight_decay=0.1)),
    OptimizerCase(
        "SGD, momentum and weight decay",
        lambda optim, p: optim.SGD(p, lr=0.05, momentum=0.8, weight_decay=0.1),
    ),
    OptimizerCase(
        "SGD, groups",
        lambda optim, p: optim.SGD(
            [{"params": p[:1]}, {"params": p[1:], "lr": 0.01, "momentum": 0.5}], lr=0.1
        ),
    ),
    OptimizerCase("Adam", lambda optim, p: optim.Adam(p)),
    OptimizerCase(
        "Adam, betas and eps", lambda optim, p: optim.Adam(p, 0.1, betas=(0.5, 0.8), eps=0.01)
    ),
    OptimizerCase(
        "Adam, groups",
        lambda optim, p: optim.Adam(
            [{"params": p[:1], "betas": (0.8, 0.9)}, {"params": p[1:], "lr": 0.1}], lr=0.01
        ),
    ),
]

STEPS = 25


def optimize(optimizer: Any, parameters: list[ta.Parameter]) -> list[list[np.ndarray]]:
    """The parameters after each step; halfway the learning rate of the first group is halved."""
    path = []
    for step in range(STEPS):
        if step == STEPS // 2:
            optimizer.param_groups[0]["lr"] /= 2
        for number, parameter in enumerate(parameters):
            given = gradient(step, number, parameter.shape)
            parameter.grad[...] = ta.array_module(parameter.grad).asarray(given)
        optimizer.step()
        path.append([ta.to_numpy(parameter.value).copy() for parameter in parameters])
    return path


def gradient(step: int, number: int, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient of one parameter at one step, given and random."""
    return np.random.default_rng([step, number]).normal(size=shape)
