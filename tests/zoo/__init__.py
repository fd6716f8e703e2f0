"""A zoo of mutants: planted bugs, each with the code that the checks must give it.

``python -m tests.zoo`` prints the table.
"""

from tests.zoo import (  # noqa: F401
    activations,
    convolution,
    linear,
    losses,
    networks,
    normalization,
    optimizers,
    pooling,
    vae,
)
from tests.zoo.mutant import ZOO, Mutant

__all__ = ["ZOO", "Mutant"]
