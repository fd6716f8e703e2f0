"""A decoder as data: what ``assets/decoder.js`` needs to compute it, layer by layer.

Arrays are flat in the page, in the order in which NumPy keeps them, so that layers that only
rearrange, and dropout, which does nothing in evaluation, are not there at all. Batch norm in
evaluation is a scale and a shift for each channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinyae.backend import Array, array_module, to_numpy
from tinyae.errors import TinyaeError
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
    ReLU,
    Sequential,
    Sigmoid,
    Softplus,
    Tanh,
    Unflatten,
)
from tinyae.models import StackedAutoencoder

__all__ = ["Program", "decoder_program"]

Shape = tuple[int, ...]
Description = dict[str, Any]

SILENT = (Dropout, Flatten, Unflatten)
"""They change no number and no order of numbers."""


class Program:
    """Descriptions of layers, and the float32 weights they point into.

    Attributes
    ----------
    layers : list of dict
        Each with its ``kind`` and sizes; ``weight`` and ``bias`` are positions in ``weights``.
    outputs : int
        Numbers that come out for one code.
    """

    def __init__(self) -> None:
        self.layers: list[Description] = []
        self.outputs = 0
        self._arrays: list[np.ndarray] = []
        self._length = 0

    def keep(self, array: Array | None) -> int | None:
        """Add an array to the weights; returns its position."""
        if array is None:
            return None
        position, flat = self._length, to_numpy(array).astype(np.float32).ravel()
        self._arrays.append(flat)
        self._length += flat.size
        return position

    @property
    def weights(self) -> np.ndarray:
        """All weights one after the other."""
        return np.concatenate(self._arrays or [np.zeros(0, np.float32)])


def decoder_program(model: Any, code: Array) -> Program:
    """Describe the decoder of a model that is in evaluation mode.

    Parameters
    ----------
    model : Autoencoder, VAE, StackedAutoencoder or other
        With ``decode`` and a ``decoder`` made of layers that the page knows.
    code : array (1, D)
        To see the shapes inside the decoder, and that its layers are all that ``decode`` does.

    Raises
    ------
    TinyaeError
        When there is no decoder, it has a layer that the page does not know, it gives numbers
        that are not finite, or ``decode`` does more than run it.
    """
    program, y = Program(), code
    for layer in _leaves(_decoder(model)):
        if type(layer) not in (*DESCRIBED, *SILENT):
            known = ", ".join(kind.__name__ for kind in (*DESCRIBED, *SILENT))
            raise TinyaeError(
                f"explore: expected a decoder made of {known}, got {layer.label}, which the page "
                "does not know"
            )
        x, y = y, layer(y)
        if type(layer) in DESCRIBED:
            details = DESCRIBED[type(layer)](layer, x.shape[1:], y.shape[1:], program)
            program.layers.append({"kind": type(layer).__name__, **details})
    if not array_module(y).isfinite(y).all():
        raise TinyaeError("explore: expected finite decoded numbers, got NaN or infinite values")
    program.outputs = math.prod(y.shape[1:])
    _check_same(model, code, y)
    return program


def _decoder(model: Any) -> list[Layer]:
    if isinstance(model, StackedAutoencoder):
        return list(reversed(model.decoders.layers))
    decoder = getattr(model, "decoder", None)
    if not isinstance(decoder, Layer):
        raise TinyaeError(
            f"explore: expected a model with a decoder made of layers, got {type(model).__name__} "
            f"with {type(decoder).__name__}"
        )
    return [decoder]


def _leaves(layers: list[Layer]) -> Iterator[Layer]:
    for layer in layers:
        if type(layer) is Sequential:
            yield from _leaves(layer.layers)
        else:
            yield layer


def _check_same(model: Any, code: Array, y: Array) -> None:
    """Refuse a ``decode`` that is not the decoder's layers one after the other."""
    decoded = model.decode(code)
    xp = array_module(decoded, y)
    if decoded.size != y.size or not xp.allclose(decoded.ravel(), y.ravel(), atol=1e-5):
        raise TinyaeError(
            f"explore: expected {type(model).__name__}.decode to run the layers of its decoder "
            "and nothing else, got other numbers"
        )


def _linear(layer: Any, inputs: Shape, outputs: Shape, program: Program) -> Description:
    return {
        "inputs": inputs[0],
        "outputs": outputs[0],
        "weight": program.keep(layer.weight.value),
        "bias": program.keep(layer.bias.value if layer.bias else None),
    }


def _elementwise(layer: Any, inputs: Shape, outputs: Shape, program: Program) -> Description:
    slope = {"slope": layer.negative_slope} if isinstance(layer, LeakyReLU) else {}
    return {"size": math.prod(inputs), **slope}


def _batch_norm(layer: Any, inputs: Shape, outputs: Shape, program: Program) -> Description:
    """γ (x − μ) / √(σ² + ε) + β = scale · x + shift."""
    scale = layer.weight.value / (layer.running_var + layer.eps) ** 0.5
    return {
        "channels": inputs[0],
        "area": math.prod(inputs[1:]),
        "weight": program.keep(scale),
        "bias": program.keep(layer.bias.value - scale * layer.running_mean),
    }


def _convolution(layer: Any, inputs: Shape, outputs: Shape, program: Program) -> Description:
    return {
        "inputs": inputs,
        "outputs": outputs,
        "kernel": layer.kernel_size,
        "stride": layer.stride,
        "padding": layer.padding,
        "weight": program.keep(layer.weight.value),
        "bias": program.keep(layer.bias.value if layer.bias else None),
    }


DESCRIBED: dict[type, Callable[[Any, Shape, Shape, Program], Description]] = {
    Linear: _linear,
    **dict.fromkeys((ReLU, LeakyReLU, Tanh, Sigmoid, Softplus), _elementwise),
    **dict.fromkeys((BatchNorm1d, BatchNorm2d), _batch_norm),
    **dict.fromkeys((Conv2d, ConvTranspose2d), _convolution),
}
"""From the kind of a layer to what describes it."""
