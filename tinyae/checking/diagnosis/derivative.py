"""The layer's own derivative: left out, masked wrongly, or taken at the wrong place."""

from __future__ import annotations

import numpy as np

from tinyae.checking.diagnosis.evidence import Diagnosis, Evidence, equal
from tinyae.checking.probe import INPUT

__all__ = [
    "at_output",
    "factor_forgotten",
    "mask",
    "passes_through",
    "way_around_forgotten",
    "window_mask",
]


def mask(e: Evidence) -> Diagnosis | None:
    """dx should be dy times zeros and a constant, but other elements are zero, or none."""
    if not e.keeps_shape:
        return None
    right, taken = _mask(e.expected, e.dy), _mask(e.given, e.dy)
    if right is None or taken is None or not right[0].any() or right[0].all():
        return None
    kept, constant = right
    if (taken[0] == kept).all():
        return None
    dropped = kept.size - int(kept.sum())
    factor = "" if abs(constant - 1) < 1e-6 else f", divided by {1 / constant:.4g}"
    if taken[0].all():
        return "missing-mask", (
            f"backward lets {e.dy_name} through everywhere; forward set {dropped} of {kept.size} "
            "elements to zero, and their gradient is 0: keep the mask and multiply "
            f"{e.dy_name} by it{factor}"
        )
    if not (taken[0] & kept).any():
        return "missing-mask", (
            "backward keeps just those elements that forward dropped: the mask is inverted"
        )
    return "missing-mask", (
        f"backward multiplies {e.dy_name} by another mask than forward's: it keeps "
        f"{int(taken[0].sum())} of {kept.size} elements, forward {int(kept.sum())}; keep the mask "
        "that forward made"
    )


def _mask(gradient: np.ndarray, dy: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Where gradient / dy is not zero, and the one number that it is there."""
    ratio = gradient / np.where(dy == 0, np.nan, dy)
    kept = np.abs(ratio) > 1e-6
    if not kept.any():
        return None
    constant = float(np.median(ratio[kept]))
    return (kept, constant) if np.allclose(ratio[kept], constant, rtol=1e-5) else None


def window_mask(e: Evidence) -> Diagnosis | None:
    """Max pooling: every pixel of a window gets dy, not just the largest."""
    if not e.is_input or e.y.ndim < 3 or e.reach is None:
        return None
    outputs = e.dy.reshape(-1)
    reach = e.reach.reshape(outputs.size, -1)
    for divided in (1, reach.sum(axis=1, keepdims=True).max()):
        if e.matches(((reach / divided).T @ outputs).reshape(e.x.shape)):
            return "missing-mask", (
                "backward gives every pixel of a window its dy; only the one that was the "
                "maximum has any influence on y: multiply by the mask of the maxima"
            )
    return None


def factor_forgotten(e: Evidence) -> Diagnosis | None:
    """The gradient of a γ is the sum of dy, without what γ is multiplied by."""
    if e.is_input or e.tensor.ndim != 1 or e.dy.ndim < 2:
        return None
    if not e.matches(e.dy.sum(axis=tuple(axis for axis in range(e.dy.ndim) if axis != 1))):
        return None
    return "passes-upstream-through", (
        f"{e.what} is the plain sum of dy, as that of a bias in front of y is; dy must first be "
        f"multiplied by what {e.name} is multiplied by on its way to y"
    )


def way_around_forgotten(e: Evidence) -> Diagnosis | None:
    """y = x + …, and the plain x is forgotten on the way back."""
    if not e.keeps_shape or not equal(e.given + e.dy, e.expected):
        return None
    return "missing-branch", (
        f"backward leaves out the way straight through: as in y = x + …, {e.dy_name} itself must "
        "be added to the rest"
    )


def passes_through(e: Evidence) -> Diagnosis | None:
    """dx is dy."""
    if not e.is_input or e.dy.size != e.given.size or not e.matches(e.dy.reshape(e.given.shape)):
        return None
    return "passes-upstream-through", (
        f"backward hands {e.dy_name} on as it came; the chain rule wants it multiplied by the "
        f"layer's own derivative, ∂{e.y_name}/∂{e.x_name}"
    )


def at_output(e: Evidence) -> Diagnosis | None:
    """f′(y) in place of f′(x); or f′, written in terms of y, with x put in."""
    if not e.keeps_shape:
        return None
    x, y = e.x_name, e.y_name
    if e.matches(e.gradient_at(**{INPUT: e.y})):
        return "derivative-at-output", (
            f"backward takes the derivative at {y}, f′({y}) · {e.dy_name}; it is "
            f"f′({x}) · {e.dy_name}, at the input: keep {x}"
        )
    swapped = e.backward_at(**{INPUT: e.y})
    if swapped is not None and equal(swapped, e.expected):
        return "derivative-at-output", (
            f"backward's formula for the derivative is right for {y}, but {x} is put into it: "
            f"written in terms of the output, it needs {y}"
        )
    return None
