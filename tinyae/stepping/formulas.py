"""What each kind of step computes: its formulas, and which index of which array is which."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from tinyae import layers, losses, optimizers
from tinyae.layers.normalization import BatchNorm
from tinyae.models import vae
from tinyae.stepping.notation import Formula

__all__ = ["Computation", "axes_of", "computation", "formulas_of", "window_of"]


@dataclass(frozen=True)
class Computation:
    """The mathematics of one class.

    Attributes
    ----------
    forward, backward : tuple of str
        Formulas in the notation of ``tinyae.stepping.notation``; ``backward`` is the update of
        an optimizer.
    axes : dict of str to str
        A letter for each index of each array: places whose letters agree take part in one
        another. ``"*"`` for arrays that are matched element by element.
    sums : dict of str to list of str
        Which arrays are multiplied, and summed over the letters that the result lacks.
    """

    forward: tuple[str, ...]
    backward: tuple[str, ...]
    axes: dict[str, str] = field(default_factory=dict)
    sums: dict[str, list[list[str]]] = field(default_factory=dict)


ELEMENTWISE = {"x": "*", "y": "*"}


def _elementwise(forward: str, *backward: str) -> Computation:
    return Computation((forward,), backward, ELEMENTWISE)


LINEAR = Computation(
    ("y = x W^⊤ + b", "y_{ni} = ∑_{j} x_{nj} W_{ij} + b_i"),
    (
        "\\d{x} = \\d{y} W",
        "\\d{W} = (\\d{y})^⊤ x",
        "\\d{b_i} = ∑_{n} \\d{y_{ni}}",
    ),
    {"x": "nj", "weight": "ij", "bias": "i", "y": "ni"},
    {
        "y": [["x", "weight"], ["bias"]],
        "dL/dx": [["dL/dy", "weight"]],
        "dL/dweight": [["dL/dy", "x"]],
        "dL/dbias": [["dL/dy"]],
    },
)
WINDOW = "h = s i + u − p,  w = s j + v − p"
"""With stride s and padding p: where pixel (u, v) of window (i, j) lies."""

CONV = Computation(
    ("y_{noij} = b_o + ∑_{cuv} W_{ocuv} · x_{nchw}", WINDOW),
    (
        "\\d{x_{nchw}} = ∑_{ouv} W_{ocuv} · \\d{y_{noij}}",
        "\\d{W_{ocuv}} = ∑_{nij} \\d{y_{noij}} · x_{nchw}",
        "\\d{b_o} = ∑_{nij} \\d{y_{noij}}",
        WINDOW,
    ),
    {"x": "nchw", "weight": "ocuv", "bias": "o", "y": "noij"},
)
CONV_TRANSPOSE = Computation(
    ("y_{nohw} = b_o + ∑_{cuv} W_{couv} · x_{ncij}", WINDOW),
    (
        "\\d{x_{ncij}} = ∑_{ouv} W_{couv} · \\d{y_{nohw}}",
        "\\d{W_{couv}} = ∑_{nij} x_{ncij} · \\d{y_{nohw}}",
        "\\d{b_o} = ∑_{nhw} \\d{y_{nohw}}",
        WINDOW,
    ),
    {"x": "ncij", "weight": "couv", "bias": "o", "y": "nohw"},
)
BATCH_NORM = Computation(
    ("\\hat{x} = \\frac{x − μ}{\\sqrt{σ^2 + ε}}", "y = γ \\hat{x} + β"),
    (
        "g = γ · \\d{y}",
        "\\d{x} = \\frac{g − \\bar{g} − \\hat{x} · \\bar{g \\hat{x}}}{\\sqrt{σ^2 + ε}}",
        "\\d{γ} = ∑ \\d{y} · \\hat{x}",
        "\\d{β} = ∑ \\d{y}",
    ),
    {"x": "nchw", "y": "nchw", "weight": "c", "bias": "c", "running_mean": "c", "running_var": "c"},
)
SAMPLER = Computation(
    ("z = μ + σ ε", "σ = exp(½ log σ^2)", "ε ∼ N(0, 1)"),
    ("\\d{μ} = \\d{z}", "\\d{(log σ^2)} = \\d{z} · ½ σ ε"),
    {"mean": "*", "log_var": "*", "z": "*", "deviation": "*"},
)
VAE_LOSS = Computation(
    ("L = R + β · K", "R = ∑ ℓ(ŷ, x)"),
    (),
)
SAME = {"prediction": "*", "target": "*"}
SGD_AXES = dict.fromkeys(("before", "gradient", "after", "velocity", "m", "v"), "*")

COMPUTATIONS: dict[type, Computation] = {
    layers.Linear: LINEAR,
    layers.Conv2d: CONV,
    layers.ConvTranspose2d: CONV_TRANSPOSE,
    BatchNorm: BATCH_NORM,
    layers.ReLU: _elementwise("y = max(x, 0)", "\\d{x} = \\d{y} where y > 0, else 0"),
    layers.LeakyReLU: _elementwise(
        "y = x where x > 0, else slope · x", "\\d{x} = \\d{y} where x > 0, else slope · \\d{y}"
    ),
    layers.Tanh: _elementwise("y = tanh(x)", "\\d{x} = \\d{y} · (1 − y^2)"),
    layers.Sigmoid: _elementwise("y = \\frac{1}{1 + e^{−x}}", "\\d{x} = \\d{y} · y (1 − y)"),
    layers.Softplus: _elementwise("y = log(1 + e^x)", "\\d{x} = \\d{y} · \\frac{1}{1 + e^{−x}}"),
    layers.Dropout: _elementwise(
        "y = \\frac{x · m}{1 − p}",
        "\\d{x} = \\frac{\\d{y} · m}{1 − p}",
        "m = 0 with chance p, else 1",
    ),
    layers.LogSoftmax: Computation(
        ("y_c = x_c − log ∑_{k} e^{x_k}",),
        ("\\d{x_k} = \\d{y_k} − e^{y_k} ∑_{c} \\d{y_c}",),
        {"x": "nchw", "y": "nkhw"},
    ),
    layers.MaxPool2d: Computation(
        ("y_{ncij} = max_{uv} x_{nchw}", WINDOW),
        ("\\d{x} = \\d{y} where x was the largest of its window, else 0",),
        {"x": "nchw", "y": "ncij"},
    ),
    layers.Flatten: Computation(("y_{nk} = x_{n…}",), ("\\d{x_{n…}} = \\d{y_{nk}}",), ELEMENTWISE),
    layers.Unflatten: Computation(
        ("y_{n…} = x_{nk}",), ("\\d{x_{nk}} = \\d{y_{n…}}",), ELEMENTWISE
    ),
    vae.GaussianSampler: SAMPLER,
    vae.VAE: VAE_LOSS,
    losses.MSELoss: Computation(("ℓ = (ŷ − t)^2",), ("\\d{ŷ} ∝ 2 (ŷ − t)",), SAME),
    losses.BCELoss: Computation(
        ("ℓ = −t log ŷ − (1 − t) log(1 − ŷ)",),
        ("\\d{ŷ} ∝ \\frac{ŷ − t}{ŷ (1 − ŷ)}",),
        SAME,
    ),
    losses.BCEWithLogitsLoss: Computation(
        ("ℓ = log(1 + e^x) − t x",), ("\\d{x} ∝ \\frac{1}{1 + e^{−x}} − t",), SAME
    ),
    losses.NLLLoss: Computation(("ℓ_n = −x_{n,t}",), ("\\d{x_{nc}} ∝ −[c = t_n]",), SAME),
    losses.CrossEntropyLoss: Computation(
        ("ℓ_n = log ∑_{k} e^{x_{nk}} − x_{n,t}",),
        ("\\d{x_{nc}} ∝ p_{nc} − [c = t_n]", "p = softmax(x)"),
        {"prediction": "nc", "target": "n"},
    ),
    optimizers.SGD: Computation((), ("v = momentum · v + \\d{θ}", "θ ← θ − lr · v"), SGD_AXES),
    optimizers.Adam: Computation(
        (),
        (
            "m = β_1 m + (1 − β_1) g,  g = \\d{θ}",
            "v = β_2 v + (1 − β_2) g^2",
            "\\hat{m} = \\frac{m}{1 − β_1^t},  \\hat{v} = \\frac{v}{1 − β_2^t}",
            "θ ← θ − lr · \\frac{\\hat{m}}{\\sqrt{\\hat{v}} + ε}",
        ),
        SGD_AXES,
    ),
}
PRIORS: dict[str, tuple[str, ...]] = {
    "kl": (
        "K = ½ ∑ (μ^2 + σ^2 − 1 − log σ^2)",
        "\\frac{∂K}{∂μ} = μ",
        "\\frac{∂K}{∂(log σ^2)} = ½ (σ^2 − 1)",
    ),
    "em": ("K = ½ ∑ μ^2", "\\frac{∂K}{∂μ} = μ", "\\frac{∂K}{∂(log σ^2)} = 0"),
    "em-strict": ("K = ½ ∑ (μ^2 + σ^2)", "\\frac{∂K}{∂μ} = μ", "\\frac{∂K}{∂(log σ^2)} = ½ σ^2"),
}
"""Of each ``prior`` of a VAE."""


def computation(owner: type, method: str) -> Computation | None:
    """What a method of a class computes, if it is the one of a class that is known here."""
    for parent in owner.__mro__:
        if method in vars(parent) or parent in COMPUTATIONS:
            return COMPUTATIONS.get(parent)
    return None


def formulas_of(owner: type, method: str, phase: str) -> tuple[Formula, ...]:
    """The formulas of a step; for a class of one's own, the first line of its docstring."""
    known = computation(owner, method)
    if known is None:
        words = inspect.cleandoc(owner.__doc__ or "").partition("\n")[0]
        return (Formula(words or f"{owner.__name__}.{method}", words=True),)
    notations = known.forward if phase in ("forward", "loss") else known.backward
    return tuple(Formula(notation) for notation in notations)


def axes_of(owner: type, method: str, name: str) -> str:
    """The letters of an array's indices; empty where nothing is known of them."""
    known = computation(owner, method)
    if known is None:
        return ""
    return known.axes.get(name.removeprefix("dL/d"), "")


def window_of(layer: Any) -> dict[str, list[int]]:
    """For layers with a window, h and w by i and j: [size, step, border] in each direction."""
    if not isinstance(layer, layers.Conv2d | layers.ConvTranspose2d | layers.MaxPool2d):
        return {}
    numbers = zip(layer.kernel_size, layer.stride, layer.padding, strict=True)
    return {letter: [*found] for letter, found in zip("hw", numbers, strict=True)}
