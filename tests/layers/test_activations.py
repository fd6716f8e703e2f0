"""Activations by values known by hand."""

import math

import numpy as np
import pytest

import tinyae as ta

E2 = math.exp(2)
X = np.array([[-2.0, 0.0, 2.0]])
DY = np.array([[3.0, 5.0, 7.0]])


@pytest.mark.parametrize(
    ("layer", "y", "slopes"),
    [
        (ta.ReLU(), [0, 0, 2], [0, 0, 1]),
        (ta.LeakyReLU(), [-0.02, 0, 2], [0.01, 0.01, 1]),
        (ta.LeakyReLU(0.3), [-0.6, 0, 2], [0.3, 0.3, 1]),
        (ta.LeakyReLU(-1.5), [3, 0, 2], [-1.5, -1.5, 1]),
        (ta.Tanh(), [-(1 - 1 / E2**2) / (1 + 1 / E2**2), 0, (E2**2 - 1) / (E2**2 + 1)], None),
        (ta.Sigmoid(), [1 / (1 + E2), 0.5, E2 / (1 + E2)], None),
        (ta.Softplus(), [math.log(1 + 1 / E2), math.log(2), math.log(1 + E2)], None),
    ],
    ids=repr,
)
def test_by_hand(layer, y, slopes):
    np.testing.assert_allclose(layer(X), [y], rtol=1e-14)
    if slopes:
        np.testing.assert_allclose(layer.backward(DY), DY * [slopes], rtol=1e-14)


def test_what_a_leaky_relu_lets_through_is_not_changed_by_a_bit():
    x = np.random.default_rng(0).random(1000, dtype="float32").reshape(10, 100) + 1e-6
    for slope in (0.01, 0.1, 0.2, 0.3, 0.7):
        layer = ta.LeakyReLU(slope)
        np.testing.assert_array_equal(layer(x), x)
        np.testing.assert_array_equal(layer.backward(x), x)


def test_log_softmax_by_hand():
    y = ta.LogSoftmax()(np.array([[0.0, math.log(3)], [1000.0, 1000.0]]))
    np.testing.assert_allclose(np.exp(y), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-14)
