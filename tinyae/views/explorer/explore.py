"""``ta.explore``: a model, its data and labels become a page."""

from __future__ import annotations

import math
import os
from html import escape
from importlib import resources
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.backend import Array, array_module, to_numpy
from tinyae.errors import TinyaeError
from tinyae.layers.module import Module
from tinyae.pages import Page, as_base64, as_json, fill, policy, write_page
from tinyae.training import evaluation_mode
from tinyae.views.explorer.decoder import decoder_program
from tinyae.views.pca import principal_components
from tinyae.views.plots import arguments
from tinyae.views.plots.style import PALETTE

__all__ = ["explore"]

BATCH = 500
"""Samples encoded at a time."""
SMALLEST_IMAGE = 8
"""Pixels along the edge of what is shown as an image when it comes as a row."""

DARK_PALETTE = (
    "#0ba0ff",
    "#ffcb18",
    "#028060",
    "#ec7aa9",
    "#b33bb7",
    "#12efac",
    "#d82a07",
    "#f7fffe",
    "#95ac00",
    "#b9c2fc",
)
"""``PALETTE`` for a dark page, found by the same search: Oklab distances of 0.18 and more for the
usual eye, 0.12 for the others, contrast of 3.5 to the page."""

SCRIPTS = ("decoder.js", "picture.js", "map.js", "walk.js", "explorer.js")
"""In the order in which they build on one another."""


@checked
def explore(model: Any, x: Any, labels: Any, path: str | os.PathLike[str]) -> Page:
    """Write a page in which the codes of ``x`` are a map, decoded live at the pointer.

    The page is one file of HTML that needs no network. The decoder runs in it, in float32, in
    evaluation mode; its weights and the codes are kept as float32, the originals as bytes. What
    comes as a square image of 8 × 8 pixels or more is shown as an image, else as bars. With
    more than two dimensions the map is the principal plane of the codes, or two of the
    dimensions. In a notebook the result shows itself (the page is then kept in the notebook).

    Parameters
    ----------
    model : Autoencoder, VAE, StackedAutoencoder or other
        With ``encode(x)``, which gives codes (N, D), or (μ, log σ²) of which μ is the code,
        ``decode(code)``, and a ``decoder`` made of the layers that decoders use.
    x : float array (N, …)
        As the model takes it. The page grows with it: two thousand digits are 2 MB.
    labels : array (N,)
        Numbers or names, up to ten different ones.
    path : path
        The file; it appears whole or not at all, missing folders are made.

    Returns
    -------
    Page
        ``.path`` is the file.

    Raises
    ------
    TinyaeError
        For a model without ``encode`` or decoder, a decoder with a layer that the page does not
        know, data that is empty, not finite or of another size than the model, labels of
        another number, and a place that cannot be written to.
    """
    _check_model(model)
    values = arguments.finite("explore", "x", x)
    if values.ndim < 2 or values.size == 0:
        raise TinyaeError(f"explore: expected x (N, …) of at least one sample, got {values.shape}")
    names, position = arguments.classes("explore", "labels", labels, len(PALETTE))
    arguments.same_length("explore", x=values, labels=position)
    with evaluation_mode(model):
        points = _encode(model, x)
        program = decoder_program(model, array_module(x).asarray(points[:1]))
    if program.outputs != values[0].size:
        raise TinyaeError(
            f"explore: expected a decoder that gives back the {values[0].size} numbers of a "
            f"sample, got {program.outputs}"
        )
    contents = {
        "model": type(model).__name__,
        "classes": [str(name) for name in names],
        "palette": {"light": PALETTE, "dark": DARK_PALETTE},
        "classOf": as_base64(position, "u1"),
        **_codes(points),
        **_originals(values),
        "layers": program.layers,
        "weights": as_base64(program.weights, "<f4"),
    }
    return write_page("explore", path, _page(_title(model, points), contents))


def _check_model(model: Any) -> None:
    missing = [name for name in ("encode", "decode") if not callable(getattr(model, name, None))]
    if missing or not isinstance(model, Module):
        raise TinyaeError(
            "explore: expected a model with encode and decode, such as Autoencoder or VAE, got "
            f"{type(model).__name__}"
        )


def _encode(model: Any, x: Array) -> np.ndarray:
    """The codes (N, D); of a VAE the means."""
    batches = []
    for start in range(0, len(x), BATCH):
        code = model.encode(x[start : start + BATCH])
        batches.append(code[0] if isinstance(code, tuple) else code)
    codes = np.concatenate([to_numpy(batch) for batch in batches])
    if codes.ndim != 2:
        raise TinyaeError(f"explore: expected codes (N, D), got {codes.shape}")
    if not np.isfinite(codes).all():
        raise TinyaeError("explore: expected finite codes, got NaN or infinite values")
    return codes


def _codes(points: np.ndarray) -> dict[str, Any]:
    """The codes and, where there are more than two dimensions, their principal plane."""
    contents: dict[str, Any] = {
        "dimensions": points.shape[1],
        "codes": as_base64(points, "<f4"),
        "principal": None,
    }
    if points.shape[1] > 2:
        pca = principal_components(points, 2)
        contents["principal"] = {
            "mean": pca.mean.tolist(),
            "directions": pca.components.tolist(),
            "shares": pca.shares.tolist(),
        }
    return contents


def _originals(values: np.ndarray) -> dict[str, Any]:
    """The samples as bytes between the ends of their range."""
    low, high = _range(values)
    grey = np.rint((values.reshape(len(values), -1) - low) / (high - low) * 255)
    return {
        "size": _image_size(values),
        "low": low,
        "high": high,
        "originals": as_base64(grey, "u1"),
    }


def _range(values: np.ndarray) -> tuple[float, float]:
    """[0, 1] or [−1, 1] where that holds all values, else from the least to the largest."""
    low, high = float(values.min()), float(values.max())
    if low >= -1 and high <= 1:
        return (0.0 if low >= 0 else -1.0), 1.0
    return (low, high) if low < high else (low - 1, high + 1)


def _image_size(values: np.ndarray) -> tuple[int, int] | None:
    """(height, width), or nothing for what is not an image of one channel."""
    shape, pixels = values.shape[1:], values[0].size
    if len(shape) >= 2 and math.prod(shape[-2:]) == pixels:
        return shape[-2], shape[-1]
    side = math.isqrt(pixels)
    return (side, side) if len(shape) == 1 and side**2 == pixels >= SMALLEST_IMAGE**2 else None


def _title(model: Any, points: np.ndarray) -> str:
    count, dimensions = points.shape
    return (
        f"The coded space of {type(model).__name__}: {count:,} samples, "
        f"{dimensions} dimension{'s' if dimensions > 1 else ''}"
    )


def _page(title: str, contents: dict[str, Any]) -> str:
    script = "\n".join(_asset(name) for name in SCRIPTS)
    style = _asset("explorer.css")
    slots = {
        "policy": policy(script, style),
        "title": escape(title),
        "style": style,
        "data": as_json(contents),
        "script": script,
    }
    return fill(_asset("explorer.html"), slots)


def _asset(name: str) -> str:
    folder = resources.files("tinyae.views.explorer") / "assets"
    return (folder / name).read_text(encoding="utf-8")
