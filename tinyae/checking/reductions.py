"""``ta.check_reduction``: are the parts of a loss summed alike, or averaged alike?"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

from tinyae.arguments import checked
from tinyae.backend import Array, array_module, fixed_seed
from tinyae.checking.report import Finding, Report
from tinyae.errors import TinyaeError

__all__ = ["check_reduction"]

COPIES = 16
"""Of every sample in the larger batch; many, so that what is drawn averages out."""


@checked
def check_reduction(model: Any, x: Array, seed: int = 0) -> Report:
    """Compare the parts of a model's loss for a batch and for several copies of it.

    A part that is summed over the samples grows with the batch, one that is averaged stays as
    it is. If one part of a loss is summed and the other averaged, their balance depends on the
    batch size: with a Kullback-Leibler term summed beside an averaged reconstruction, a VAE
    collapses. No gradient check can see that, as the gradient belongs to the loss as it is.

    Parameters
    ----------
    model : model with ``loss(x)``
        As ``VAE``: ``loss(x)`` gives a dataclass of numbers, its parts and their total.
    x : array
    seed : int
        Of what the model draws.

    Returns
    -------
    Report
        Code ``mixed-reduction``, for the part that is averaged where another is summed.
    """
    if not hasattr(model, "loss"):
        raise TinyaeError(
            f"check_reduction: expected a model with loss(x), got {type(model).__name__}"
        )
    if x.ndim == 0:
        raise TinyaeError("check_reduction: expected x to be an array (N, ...), got a number")
    report = Report(f"the loss of {type(model).__name__}", check="check_reduction")
    xp = array_module(x)
    growth = {}
    with fixed_seed(seed):
        one = _parts(model.loss(xp.concatenate([x, x])))
        many = _parts(model.loss(xp.concatenate([x] * COPIES)))
    for name, value in one.items():
        if value and many[name] / value > 0:
            growth[name] = math.log(many[name] / value) / math.log(COPIES / 2)
    summed = [name for name, power in growth.items() if power > 0.5]
    averaged = [name for name, power in growth.items() if power <= 0.5]
    for name in averaged if summed else []:
        report.findings.append(
            Finding(
                name,
                "mixed-reduction",
                f"{name} is averaged over the batch, but {summed[0]} is summed: in a batch twice "
                "as large they would weigh differently; sum both, or divide both by N",
            )
        )
    return report


def _parts(loss: Any) -> dict[str, float]:
    """The numbers of a loss by name, the total left out."""
    names = [f.name for f in fields(loss)] if is_dataclass(loss) else list(vars(loss))
    return {name: float(getattr(loss, name)) for name in names if name != "total"}
