"""Layers one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

from tinyae.backend import Array
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer

__all__ = ["Sequential"]


class Sequential(Layer):
    """y = fₙ(… f₂(f₁(x))): each layer's output is the next one's input.

    Backward is the chain rule read from the right: ∂L/∂x = J₁ᵀ J₂ᵀ … Jₙᵀ ∂L/∂y, that is, the
    same layers in reverse order, each turning the gradient of its output into the gradient
    of its input.

    Parameters
    ----------
    *layers : Layer
        Named "0", "1", … in ``state_dict``. ``model[2]`` is a layer, ``model[:2]`` a
        ``Sequential`` that shares its layers with this one.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        for index, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TinyaeError(f"Sequential: expected a Layer at {index}, got {layer!r}")
            first = layers.index(layer)
            if first < index:
                raise TinyaeError(
                    f"Sequential: expected layers of their own, but layer {index}, {layer.label}, "
                    f"is also layer {first}, and remembers one forward pass only; to share "
                    "weights, give a second layer the same Parameter"
                )
            setattr(self, str(index), layer)

    @property
    def layers(self) -> list[Any]:
        """The layers in order."""
        return list(self.children().values())

    def forward(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: Array) -> Array:
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def accumulate(self, dy: Array) -> None:
        for layer in reversed(self.layers[1:]):
            dy = layer.backward(dy)
        for first in self.layers[:1]:
            first.accumulate(dy)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> Sequential: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Sequential(*self.layers[index])
        return self.layers[index]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)
