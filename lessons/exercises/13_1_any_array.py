"""13.1 A layer for arrays of any kind

`np.exp(x)` works on NumPy arrays; on a GPU's arrays it fails. `ta.array_module(x)` gives the module
that x belongs to: NumPy, or CuPy, or the pretend device of the lesson. Write the softplus,

    y = log(1 + e^x) = max(x, 0) + log(1 + e^−|x|),        dy/dx = σ(x) = 1 / (1 + e^−x),

so that it runs on arrays of any kind. Operators (+, *, **, @) and methods (`x.sum()`) are harmless.

Hint: `xp = ta.array_module(x)`, then `xp.exp`, `xp.log1p`, `xp.maximum`, `xp.abs`.

Hint: In `backward` the same: the module of `self.x`.
"""

import tinyae as ta


class MySoftplus(ta.Layer):
    def forward(self, x):
        # --- your code ---
        xp = ta.array_module(x)
        self.x = x
        return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))
        # --- end ---

    def backward(self, dy):
        # --- your code ---
        xp = ta.array_module(dy)
        return dy / (1 + xp.exp(-self.x))
        # --- end ---


# === check ===
import numpy as np

from tinyae.backend import get_module, register_backend
from tinyae.grading import expect, expect_true


class Far:
    """An array that NumPy's functions cannot reach."""

    __array_ufunc__ = None

    def __init__(self, locked):
        self.locked = locked

    def __array__(self, *_, **__):
        raise TypeError("no silent way back to NumPy")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(self.locked, name)
        return far(value) if callable(value) else lock(value)


class FarModule:
    ndarray = Far

    def asarray(self, value, dtype=None):
        return value if isinstance(value, Far) else Far(np.array(value, dtype))

    def __getattr__(self, name):
        value = getattr(np, name)
        return far(value) if callable(value) and not isinstance(value, type) else value


def far(function):
    def run(*arguments, **options):
        if any(isinstance(argument, np.ndarray) for argument in arguments):
            raise TypeError("a NumPy array among far ones")
        near = [a.locked if isinstance(a, Far) else a for a in arguments]
        result = function(*near, **options)
        return lock(result)

    return run


def lock(value):
    return Far(np.asarray(value)) if isinstance(value, np.ndarray | np.generic) else value


OPERATORS = (
    "add radd sub rsub mul rmul truediv rtruediv pow rpow matmul neg abs gt ge lt le getitem"
)
for operator in OPERATORS.split():
    setattr(Far, f"__{operator}__", far(getattr(np.ndarray, f"__{operator}__")))


def check(student):
    x, dy = np.random.default_rng(0).standard_normal((2, 6, 5))
    yield expect("y", student.MySoftplus()(x), np.logaddexp(0, x), "log(1 + e^x)")
    yield ta.gradcheck(student.MySoftplus(), x)
    register_backend("far", FarModule())
    asarray = get_module("far").asarray
    layer, reason = student.MySoftplus(), ""
    try:
        layer.backward(asarray(dy)) if layer(asarray(x)) is not None else None
    except TypeError as refusal:
        reason = str(refusal)
    message = f"on arrays of another kind it fails ({reason}): is there an `np.` left?"
    yield expect_true("forward or backward", not reason, "numpy-only", message)


WRONG = {
    "NumPy in forward": ("xp = ta.array_module(x)", "import numpy as xp"),
    "NumPy in backward": ("xp = ta.array_module(dy)", "import numpy as xp"),
    "another derivative": ("dy / (1 + xp.exp(-self.x))", "dy / (1 + xp.exp(self.x))"),
}
