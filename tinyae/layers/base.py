"""What every layer is: a forward pass, a backward pass, and the checks around both."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from tinyae.backend import Array, all_finite, array_module, backend_name
from tinyae.errors import TinyaeError, refuse_size
from tinyae.layers.module import Module, Parameter

__all__ = ["Layer"]

_nesting = SimpleNamespace(depth=0)
"""How many layers' passes are under way, one inside the other."""


class Layer(Module):
    """y = f(x; θ), and the way back from ∂L/∂y to ∂L/∂x and ∂L/∂θ.

    A layer of one's own subclasses ``Layer``, calls ``super().__init__()``, assigns its
    ``Parameter`` objects to attributes, and writes two methods:

    ``forward(self, x)``
        computes y, and remembers on ``self`` what ``backward`` will need;
    ``backward(self, dy)``
        takes dy = ∂L/∂y, **adds** ∂L/∂θ to the ``grad`` of each parameter and returns ∂L/∂x.

    Neither changes its argument, neither updates a weight, and neither averages over the
    batch: the loss has decided that already.

    Both methods are wrapped where the class is defined, so that every call is checked first.

    Attributes
    ----------
    input_axes : list of tuples of int or str
        The shapes that ``forward`` accepts; a letter stands for any length:
        ``[("N", 784)]``, and a final ``"…"`` for any further axes. An empty list accepts
        every shape.

    Raises
    ------
    TinyaeError
        By ``forward``: for what is no array, not of a float type, empty, of another shape than
        expected, not finite (looked at where data enters the outermost layer), or on another
        backend than the weights. By ``backward``: before any ``forward``, or for a dy of
        another shape or on another backend than y.
    """

    input_axes: Sequence[tuple[int | str, ...]] = ()
    _output_shape: tuple[int, ...] | None = None
    _output_backend: str = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, check in CHECKS.items():
            if name in vars(cls):
                setattr(cls, name, _checked(vars(cls)[name], check))

    def __call__(self, x: Array) -> Array:
        """y = f(x), the same as ``forward``."""
        return self.forward(x)

    def forward(self, x: Array) -> Array:
        """Compute y from x."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(self, x)")

    def backward(self, dy: Array) -> Array:
        """Add ∂L/∂θ to the gradients of the parameters and return ∂L/∂x."""
        raise NotImplementedError(f"{type(self).__name__} has no backward(self, dy)")


def _checked(method: Callable, check: Callable[[Any, Array], None]) -> Callable:
    """``method``, with ``check`` run on its argument first."""

    @functools.wraps(method)
    def checked(self: Any, array: Array) -> Array:
        check(self, array)
        _nesting.depth += 1
        try:
            result = method(self, array)
        except (MemoryError, ValueError) as reason:
            refuse_size(self.label, reason)
            raise
        finally:
            _nesting.depth -= 1
        if check is _check_input:
            if not hasattr(result, "shape"):
                raise TinyaeError(
                    f"{self.label}.forward: expected it to return an array, got "
                    f"{type(result).__name__}"
                )
            self._output_shape, self._output_backend = result.shape, backend_name(result)
        return result

    return checked


def _check_input(layer: Layer, x: Array) -> None:
    _check_array(layer, x, "input")
    if layer.input_axes and not any(_fits(x.shape, axes) for axes in layer.input_axes):
        words = " or ".join(f"({', '.join(map(str, axes))})" for axes in layer.input_axes)
        raise TinyaeError(f"{layer.label}: expected input {words}, got {x.shape}")
    if x.size == 0:
        raise TinyaeError(f"{layer.label}: expected at least one sample, got shape {x.shape}")


def _check_upstream(layer: Layer, dy: Array) -> None:
    if layer._output_shape is None:
        raise TinyaeError(f"{layer.label}: backward called before forward")
    _check_array(layer, dy, "upstream gradient")
    if dy.shape != layer._output_shape:
        raise TinyaeError(
            f"{layer.label}: expected an upstream gradient of the output's shape "
            f"{layer._output_shape}, got {dy.shape}"
        )
    if backend_name(dy) != layer._output_backend:
        raise TinyaeError(
            f"{layer.label}: expected an upstream gradient on the output's backend "
            f"{layer._output_backend}, got one on {backend_name(dy)}"
        )


CHECKS = {"forward": _check_input, "backward": _check_upstream, "accumulate": _check_upstream}
"""What each method is wrapped with where a layer's class is defined."""


def _check_array(layer: Layer, array: Array, role: str) -> None:
    """A float array on the layer's backend, finite where it enters the outermost layer."""
    try:
        weight = getattr(layer, "weight", None)
        home = weight.value if isinstance(weight, Parameter) else array
        xp = array_module(array, home)
    except TinyaeError as reason:
        raise TinyaeError(f"{layer.label}: {role}: {reason}") from None
    if array.dtype.kind != "f":
        raise TinyaeError(
            f"{layer.label}: expected {role} of a float type, got {array.dtype}; "
            "convert it first, such as images.astype('float32') / 255"
        )
    if _nesting.depth == 0 and not all_finite(array):
        bad = int((~xp.isfinite(array)).sum())
        raise TinyaeError(
            f"{layer.label}: expected finite {role}, got {bad} NaN or infinite values "
            f"among {array.size}"
        )


def _fits(shape: tuple[int, ...], axes: tuple[int | str, ...]) -> bool:
    if axes[-1] == "…":
        axes = axes[:-1]
        shape = shape[: len(axes)]
    if len(shape) != len(axes):
        return False
    for axis, length in zip(axes, shape, strict=True):
        if axis != length and not isinstance(axis, str):
            return False
    return True
