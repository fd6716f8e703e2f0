"""What ``gradcheck`` accepts, and the function that it makes of it."""

from __future__ import annotations

from typing import Any

from tinyae.backend import Array, array_module
from tinyae.checking.intermediates import WatchedProbe
from tinyae.checking.loss_layer import LossLayer
from tinyae.checking.probe import ModelProbe, Probe
from tinyae.errors import TinyaeError
from tinyae.layers.base import Layer
from tinyae.layers.module import Module
from tinyae.losses import Loss

__all__ = ["check_arguments", "probe_of"]


def check_arguments(
    layer: Any, x: Any, seed: Any, dy: Any, target: Any, intermediates: bool
) -> str:
    """Refuse what cannot be checked; gives the layer's name on one line."""
    is_model = callable(getattr(layer, "loss", None)) and callable(getattr(layer, "backward", None))
    is_loss = callable(layer) and callable(getattr(layer, "backward", None))
    if target is not None:
        if isinstance(layer, (Module, type)) or not is_loss:
            got = layer.label if isinstance(layer, Module) else type(layer).__name__
            raise TinyaeError(f"gradcheck: a target belongs to a loss, got {got} as layer")
    elif not isinstance(layer, Module) or not (isinstance(layer, Layer) or is_model):
        hint = f"; make one first: {layer.__name__}(...)" if isinstance(layer, type) else ""
        hint = hint or "; a loss is checked with a target=..." * isinstance(layer, Loss)
        raise TinyaeError(
            "gradcheck: expected a Layer, or a model with loss(x) and backward(), "
            f"got {layer!r}{hint}"
        )
    elif not isinstance(layer, Layer) and (dy is not None or intermediates):
        raise TinyaeError(
            "gradcheck: dy and intermediates are for layers; a model ends in its own loss"
        )
    try:
        xp = array_module(x)
    except TinyaeError as reason:
        raise TinyaeError(f"gradcheck: x: {reason}") from None
    if x.dtype.kind != "f":
        raise TinyaeError(f"gradcheck: expected x of a float type, got {x.dtype}")
    if not x.size or not xp.isfinite(x).all():
        what = "NaN or infinite values" if x.size else f"shape {x.shape}"
        raise TinyaeError(f"gradcheck: expected x with finite values, got {what}")
    if not isinstance(seed, int) or seed < 0:
        raise TinyaeError(f"gradcheck: expected a seed that is an integer ≥ 0, got {seed!r}")
    return layer.label if target is None else ""


def probe_of(
    layer: Any, x: Array, seed: int, dy: Array | None, target: Array | None, intermediates: bool
) -> Probe:
    """The function to be checked, at its point."""
    if target is not None:
        return Probe(LossLayer(layer, target), x, seed, dy)
    if not isinstance(layer, Layer):
        return ModelProbe(layer, x, seed)
    return WatchedProbe(layer, x, seed, dy) if intermediates else Probe(layer, x, seed, dy)
