"""The numbers that a layer starts from."""

from __future__ import annotations

from tinyae.backend import host_generator
from tinyae.layers.module import Parameter

__all__ = ["kaiming_uniform"]


def kaiming_uniform(shape: tuple[int, ...], fan_in: int) -> Parameter:
    """Uniform in ±1/√fan_in, which is what PyTorch gives weights and biases.

    Kaiming's bound for a leaky ReLU of slope a is √(6 / ((1 + a²)·fan_in)); PyTorch takes
    a = √5, hence √(6 / (6·fan_in)). Drawn on the host, so that a seed gives the same
    weights on every backend.

    Parameters
    ----------
    shape : tuple of int
    fan_in : int
        How many inputs one output is a sum over.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
    """
    bound = fan_in**-0.5
    return Parameter(host_generator().uniform(-bound, bound, shape))
