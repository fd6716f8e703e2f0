"""Times of the layers of a recipe's network, tinyae alone or in turn with PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from tinyae import recipes
from tinyae.backend import Array, generator_for, to_numpy
from tinyae.bench.rounds import Way, in_turn
from tinyae.bench.timing import torch_engine
from tinyae.bench.workloads import workload
from tinyae.layers import Layer
from tinyae.layers.module import Module
from tinyae.models import StackedAutoencoder
from tinyae.recipes.adam import AdamTraining
from tinyae.recipes.stacked import SIZES, StackedTraining
from tinyae.threads import one_blas_thread

__all__ = ["LayerTiming", "as_table", "time_layers"]


@dataclass(frozen=True)
class LayerTiming:
    """Milliseconds of one forward and one backward pass: the median over the rounds."""

    path: str
    label: str
    input_shape: tuple[int, ...]
    forward: float
    backward: float
    torch_forward: float | None = None
    torch_backward: float | None = None


def time_layers(name: str, rounds: int, against_torch: bool) -> list[LayerTiming]:
    """Time every layer of a recipe's network on the input that a training batch gives it."""
    train_in_torch = torch_engine() if against_torch else None
    model, x = _model_and_batch(name)
    with one_blas_thread():  # as in training
        return [
            _time_layer(path, layer, inputs, rounds, train_in_torch is not None)
            for path, layer, inputs in _inputs(model, x)
        ]


def as_table(timings: list[LayerTiming]) -> str:
    """Milliseconds, a line a layer; with PyTorch's and the ratio of forward and backward."""
    compared = any(timing.torch_forward for timing in timings)
    header = f"{'layer':34} {'input':22} {'forward ms':>10} {'backward':>10}"
    lines = [header + (f" {'torch fwd':>10} {'torch bwd':>10} {'ratio':>6}" if compared else "")]
    for timing in timings:
        shape = "×".join(map(str, timing.input_shape))
        line = f"{timing.path + ' ' + timing.label:34.34} {shape:22}"
        line += f" {timing.forward:10.3f} {timing.backward:10.3f}"
        if timing.torch_forward is not None and timing.torch_backward is not None:
            theirs = timing.torch_forward + timing.torch_backward
            line += f" {timing.torch_forward:10.3f} {timing.torch_backward:10.3f}"
            line += f" {(timing.forward + timing.backward) / theirs:6.2f}"
        lines.append(line)
    return "\n".join(lines)


def _model_and_batch(name: str) -> tuple[Module, Array]:
    """The recipe's network and one batch; of a stacked recipe the first autoencoder."""
    recipe, settings = recipes.get(name), workload(recipes.get(name).name)
    x, _ = recipe.load(settings.data or recipe.dataset, settings.split)
    x = x[: settings.limit or recipe.limit]
    if isinstance(recipe.train, AdamTraining):
        return recipe.train.model(settings.latent_dim), next(iter(recipe.train.batches(x)))
    assert isinstance(recipe.train, StackedTraining)
    pretraining = recipe.train.pretraining.settings(len(x), 1)
    return StackedAutoencoder(SIZES).autoencoder(0), x[: pretraining["batch_size"]]


def _inputs(model: Module, x: Array) -> Iterator[tuple[str, Layer, Array]]:
    """Every layer without parts of its own, with what reaches it when the model sees x."""
    seen: dict[str, Array] = {}
    leaves = [(path, part) for path, part in model.modules() if not part.children()]
    layers = [(path, part) for path, part in leaves if isinstance(part, Layer)]
    for path, layer in layers:
        _note_input(layer, seen, path)
    model(x)  # type: ignore[operator]
    for path, layer in layers:
        del layer.forward
        yield path, layer, seen[path]


def _note_input(layer: Layer, seen: dict[str, Array], path: str) -> None:
    forward = layer.forward

    def noting(x: Array) -> Array:
        seen[path] = x
        return forward(x)

    layer.forward = noting  # type: ignore[method-assign]


def _time_layer(path: str, layer: Layer, x: Array, rounds: int, against_torch: bool) -> LayerTiming:
    dy = generator_for(x).standard_normal(layer(x).shape, dtype=x.dtype)
    passes = [Way(lambda: layer(x)), Way(lambda: layer.backward(dy))]
    if against_torch:
        passes += _torch_passes(layer, x, dy)
    return LayerTiming(path, layer.label, x.shape, *map(median, in_turn(passes, rounds)))


def _torch_passes(layer: Layer, x: Array, dy: Array) -> list[Way]:
    import torch

    from tinyae.bench.torch_port import port

    twin = port(layer)
    inputs = torch.from_numpy(to_numpy(x)).requires_grad_()
    upstream = torch.from_numpy(to_numpy(dy))
    y = twin(inputs)
    wanted = [inputs, *twin.parameters()]
    return [
        Way(lambda: twin(inputs)),
        Way(lambda: torch.autograd.grad(y, wanted, upstream, retain_graph=True)),
    ]
