"""A check that proves little says so, and what to do instead; it does not fail for that."""

from __future__ import annotations

import numpy as np
import pytest

import tinyae as ta
from tests.zoo.mutant import nowhere_special


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


def ones_like_output(layer: ta.Layer, x: np.ndarray) -> np.ndarray:
    return np.ones_like(layer(x))


ACTIVATION, DENSE = ta.Tanh(), ta.Linear(3, 2)
CASES = [
    (DENSE, normal(4, 3), np.ones((4, 2)), "1 everywhere", "leave dy out"),
    (DENSE, normal(4, 3), np.zeros((4, 2)), "gradient is zero", "leave dy out"),
    (
        nowhere_special(ta.BatchNorm1d(3)),
        normal(5, 3),
        np.ones((5, 3)),
        "normalized",
        "use a random dy",
    ),
    (ta.BatchNorm1d(4), normal(6, 4), None, "elements of weight are 1", "np.linspace"),
    (ta.MaxPool2d(2), normal(2, 1, 4, 4), None, "do not overlap", "smaller than the window"),
    (ta.Conv2d(1, 2, 2, stride=2), normal(2, 1, 4, 4), None, "do not overlap", "smaller than"),
    (ACTIVATION, 30 + normal(4, 3), None, "saturated or dead", "between −2 and 2"),
    (ta.ReLU(), -1 - normal(4, 3) ** 2, None, "saturated or dead", "of both signs"),
    (ta.ReLU(), 1 + normal(4, 3) ** 2, None, "hands x on unchanged", "both signs"),
    (ta.Dropout(0.5).eval(), normal(4, 3), None, "hands x on unchanged", "training mode"),
    (DENSE, normal(1, 3), None, "one sample only", "use several samples"),
    (
        ta.Sequential(ta.Linear(3, 4), ta.ReLU(), ta.Linear(4, 2)),
        np.zeros((4, 3)),
        None,
        "gradient of 0.weight is 0 everywhere",
        "choose another x",
    ),
]


@pytest.mark.parametrize(("layer", "x", "dy", "what", "instead"), CASES)
def test_a_check_that_proves_little(layer, x, dy, what, instead):
    report = ta.gradcheck(layer, x, dy=dy)
    assert report.passed, report
    (warning,) = [warning for warning in report.warnings if what in warning]
    assert instead in warning
    assert f"warning: {warning[:20]}" in str(report)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (DENSE, normal(4, 3)),
        (ta.Tanh(), normal(4, 3)),
        (ta.ReLU(), normal(4, 3)),
        (ta.Dropout(0.5), normal(4, 3)),
        (nowhere_special(ta.BatchNorm1d(3)), normal(4, 3)),
        (ta.MaxPool2d(3, stride=1), normal(2, 1, 5, 5)),
        (ta.Conv2d(2, 3, 3), normal(2, 2, 5, 5)),
        (ta.Sequential(ta.Linear(3, 4), ta.Tanh(), ta.Linear(4, 2)), normal(4, 3)),
    ],
    ids=repr,
)
def test_a_good_check_has_no_warning(layer, x):
    assert ta.gradcheck(layer, x).warnings == []


def test_under_a_dy_of_ones_a_wrong_batch_norm_passes_and_the_warning_tells():
    class ForgetsTheVariance(ta.BatchNorm1d):
        def backward(self, dy):
            super().backward(dy)
            g = self.weight.value * dy
            return (g - g.mean(axis=0)) * self.inverse_std

    layer, x = nowhere_special(ForgetsTheVariance(3)), normal(5, 3)
    blind = ta.gradcheck(layer, x, dy=np.ones((5, 3)))
    assert blind.passed
    assert len(blind.warnings) == 2
    assert not ta.gradcheck(layer, x).passed


def test_a_dy_of_another_shape_is_refused():
    with pytest.raises(ta.TinyaeError, match=r"dy of the output's shape \(4, 2\), got \(4, 3\)"):
        ta.gradcheck(DENSE, normal(4, 3), dy=np.ones((4, 3)))
    with pytest.raises(ta.TinyaeError, match="dy and intermediates are for layers"):
        ta.gradcheck(ta.VAE(DENSE, DENSE, DENSE, DENSE), normal(4, 3), dy=np.ones(1))
