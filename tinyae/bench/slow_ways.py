"""What made training fast: each step, beside the way that was slower and gives the same numbers.

The faster way of a pair is the package's own code, called as a recipe calls it; the slower one
is the same code with a setting undone, or the obvious line that it took the place of. The sizes
are those of the recipes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tinyae import threads
from tinyae.backend import Array, all_finite, host_generator
from tinyae.bench.rounds import Way
from tinyae.bench.settings import (
    as_in_training,
    cut_by_rows,
    one_thread,
    products_as_written,
    samples_apart,
    whole_batch,
)
from tinyae.layers import Linear, kernels
from tinyae.layers.activations import positive_part, sigmoid
from tinyae.layers.module import Parameter
from tinyae.optimizers import Adam

__all__ = ["STEPS", "Pair", "Step"]

Pair = tuple[Way, Way]
"""The slower way and the faster one."""
Geometry = tuple[int, int, int, int, int]
"""Channels, height and width, channels out, stride, padding of a convolution."""

SECOND = (32, 26, 64, 1, 0)
"""The second convolution of ``deep-conv-vae``."""
STRIDED = (56, 7, 112, 2, 1)
"""The third convolution of ``kmnist-vae``."""


@dataclass(frozen=True)
class Step:
    """One thing that was done for speed.

    Attributes
    ----------
    name, where : str
        What it is, and what it is measured on; ``{n}`` stands for the number of samples.
    samples : int
        As in the recipe.
    build : callable
        From a number of samples to the two ways.
    """

    name: str
    where: str
    samples: int
    build: Callable[[int], Pair]


def _convolution(before: Any, after: Any, geometry: Geometry, direction: str, n: int) -> Pair:
    """y, dx or dw of a 3 × 3 convolution, under two settings."""
    channels, side, outputs, stride, padding = geometry
    weight, size = _normal(outputs, channels, 3, 3), (side, side)
    steps, border = (stride, stride), (padding, padding)
    images = _normal(n, channels, side, side)
    upstream = _normal(n, outputs, *kernels.output_size(size, (3, 3), steps, border))

    def run() -> Array:
        if direction == "y":
            return kernels.correlate(images, weight, steps, border)
        if direction == "dw":
            return kernels.correlate_weight_gradient(images, upstream, steps, border, (3, 3))
        return kernels.correlate_input_gradient(upstream, weight, steps, border, size)

    return Way(run, before), Way(run, after)


def _transposed_backward(n: int) -> Pair:
    """dw of the third transposed convolution of ``kmnist-vae``, with dx on the way."""
    (channels, side, outputs), steps, border = (28, 14, 56), (2, 2), (2, 2)
    upstream, weight = _normal(n, channels, side, side), _normal(outputs, channels, 4, 4)
    images = _normal(n, outputs, *kernels.output_size((side, side), (4, 4), steps, border))

    def apart() -> Array:
        kernels.correlate(upstream, weight, steps, border)
        return kernels.correlate_weight_gradient(upstream, images, steps, border, (4, 4))

    def together() -> Array:
        _, dw = kernels.correlate_and_weight_gradient(upstream, weight, images, steps, border)
        return dw

    return _plain(apart, together)


def _wide_product(n: int) -> Pair:
    x, weight = _normal(n, 784), _normal(400, 784)

    def run() -> Array:
        return threads.matmul(x, weight.T)

    return Way(run, cut_by_rows), Way(run, as_in_training)


def _outer_product(n: int) -> Pair:
    dy, x = _normal(n, 196), _normal(n, 784)
    return _plain(lambda: dy.T @ x, lambda: threads.matmul(dy.T, x))


def _positive_part(n: int) -> Pair:
    x = _normal(n, 784)
    return _plain(lambda: np.maximum(x, 0), lambda: positive_part(x))


def _sigmoid(n: int) -> Pair:
    x = _normal(n, 784)
    return _plain(
        lambda: np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))),  # overflows nowhere
        lambda: sigmoid(x),
    )


class _AdamAsWritten(Adam):
    """Adam with m̂ and v̂ in full, as in its paper, a new array for each operation."""

    def update(self, parameter: Parameter, group: dict[str, Any], state: dict[str, Any]) -> None:
        g, (beta1, beta2) = parameter.grad, group["betas"]
        state["t"] = t = state.get("t", 0) + 1
        state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
        m_hat, v_hat = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
        parameter.value -= group["lr"] * m_hat / (np.sqrt(v_hat) + group["eps"])


def _adam(n: int) -> Pair:
    value, gradient = _normal(n, 784), _normal(n, 784)

    def step_of(rule: type[Adam]) -> Callable[[], Array]:
        parameter = Parameter(value.copy())
        parameter.grad = gradient
        optimizer = rule([parameter])

        def step() -> Array:
            optimizer.step()
            return parameter.value

        return step

    return _plain(step_of(_AdamAsWritten), step_of(Adam))


def _first_layer(n: int) -> Pair:
    x, dy = _normal(n, 784), _normal(n, 400)

    def gradient_by(method: str) -> Callable[[], Array]:
        layer = Linear(784, 400)
        layer(x)

        def go_back() -> Array:
            getattr(layer, method)(dy)
            return layer.weight.grad

        return go_back

    return _plain(gradient_by("backward"), gradient_by("accumulate"))


def _finite(n: int) -> Pair:
    x = _normal(n, 784)
    return _plain(lambda: np.isfinite(x).all(), lambda: all_finite(x))


def _plain(without: Callable[[], Any], with_step: Callable[[], Any]) -> Pair:
    return Way(without, as_in_training), Way(with_step, as_in_training)


def _normal(*shape: int) -> Array:
    return host_generator().standard_normal(shape, dtype="float32")


def _both_ways(name: str, geometry: Geometry, n: int, before: Any, after: Any) -> list[Step]:
    """One step, on both directions of a convolution."""
    channels, side, outputs, stride, _ = geometry
    where = f"{{n}}×{channels}×{side}×{side} → {outputs}" + ", stride 2" * (stride == 2)
    build = partial(_convolution, before, after, geometry)
    return [Step(name, f"Conv2d {what}, {where}", n, partial(build, what)) for what in ("y", "dx")]


STEPS = (
    *_both_ways("columns by blocks, not all at once", SECOND, 250, whole_batch, one_thread),
    *_both_ways("blocks on all threads, not on one", SECOND, 250, one_thread, as_in_training),
    *_both_ways("short rows: samples side by side", STRIDED, 128, samples_apart, as_in_training),
    Step(
        "sums of products: more rows first",
        "Conv2d dw, {n}×32×26×26 → 64",
        250,
        partial(_convolution, products_as_written, as_in_training, SECOND, "dw"),
    ),
    Step(
        "transposed: dx and dw by the same columns",
        "ConvTranspose2d, {n}×56×8×8 → 28, stride 2",
        128,
        _transposed_backward,
    ),
    Step("few rows: columns for the threads", "{n}×784 · 784×400", 128, _wide_product),
    Step("one sample: a.dot(b), not a @ b", "196×{n} · {n}×784", 1, _outer_product),
    Step("clip(0, ∞), not maximum(x, 0)", "{n}×784", 128, _positive_part),
    Step("1/(1 + e⁻ˣ), not e^min(x, 0)/(1 + e^−|x|)", "{n}×784", 128, _sigmoid),
    Step("Adam in place, corrected by one number", "weight {n}×784", 400, _adam),
    Step("first layer: no gradient of the data", "Linear(784, 400), {n}×784", 128, _first_layer),
    Step("NaN: a sum of squares, not each number", "{n}×784", 128, _finite),
)
"""In the order of a pass."""
