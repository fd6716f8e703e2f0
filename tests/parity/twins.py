"""What the comparisons with PyTorch share."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="the comparison needs PyTorch: pip install 'tinyae[parity]'"
)
torch.set_num_threads(1)

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
"""Of the magnitude of each array, as the layers' and the losses' accuracy is promised."""

nn = SimpleNamespace(
    **vars(torch.nn)
    | {
        "LogSoftmax": partial(torch.nn.LogSoftmax, dim=1),
        "Unflatten": partial(torch.nn.Unflatten, 1),
    }
)
"""PyTorch's layers by name, with the axes said that tinyae fixes."""


def assert_close(ours, theirs, dtype, name="", scale=None):
    """Equal shape and type, and values within the tolerance of the largest.

    With ``scale=1``, each value is instead within the tolerance of itself, or of 1.
    """
    ours, theirs = np.asarray(ours), theirs.detach().numpy()
    assert ours.shape == theirs.shape, name
    assert ours.dtype == theirs.dtype, name
    assert np.isfinite(ours).all(), name
    relative, absolute = (0, np.abs(theirs).max()) if scale is None else (1, scale)
    np.testing.assert_allclose(
        ours,
        theirs,
        rtol=TOLERANCE[dtype] * relative,
        atol=TOLERANCE[dtype] * absolute,
        err_msg=name,
    )
