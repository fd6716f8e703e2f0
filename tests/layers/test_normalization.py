"""Batch norm: what it normalizes with, and what it remembers."""

import numpy as np
import pytest

import tinyae as ta


@pytest.mark.parametrize("shape", [(8, 3), (8, 3, 5), (4, 3, 5, 6)])
def test_in_training_each_feature_gets_mean_beta_and_deviation_gamma(shape):
    layer = (ta.BatchNorm2d if len(shape) == 4 else ta.BatchNorm1d)(3, eps=0).astype("float64")
    layer.weight.value[:] = [1, 2, 3]
    layer.bias.value[:] = [-1, 0, 5]
    y = layer(np.random.default_rng(0).normal(3, 7, size=shape))
    others = (0, *range(2, len(shape)))
    np.testing.assert_allclose(y.mean(axis=others), [-1, 0, 5], atol=1e-12)
    np.testing.assert_allclose(y.std(axis=others), [1, 2, 3], atol=1e-12)


def test_the_running_statistics_are_moving_averages():
    layer = ta.BatchNorm1d(1, momentum=0.25).astype("float64")
    layer(np.array([[1.0], [3.0]]))  # mean 2, variance with n − 1 in its denominator 2
    assert layer.running_mean == pytest.approx(0.25 * 2)
    assert layer.running_var == pytest.approx(0.75 * 1 + 0.25 * 2)
    layer(np.array([[0.0], [4.0]]))  # mean 2, variance 8
    assert layer.running_mean == pytest.approx(0.75 * 0.5 + 0.25 * 2)
    assert layer.running_var == pytest.approx(0.75 * 1.25 + 0.25 * 8)
    assert int(layer.num_batches_tracked) == 2


def test_evaluation_uses_the_running_statistics():
    layer = ta.BatchNorm1d(1, eps=0).astype("float64").eval()
    layer.running_mean[:], layer.running_var[:] = 10, 4
    np.testing.assert_allclose(layer(np.array([[10.0], [14.0]])), [[0], [2]])
    np.testing.assert_allclose(layer.backward(np.array([[1.0], [3.0]])), [[0.5], [1.5]])


def test_backward_belongs_to_the_forward_pass_that_was_made():
    """A switch between the two passes must not change the gradient."""
    x, dy = np.random.default_rng(0).normal(size=(2, 6, 3))
    layer = ta.BatchNorm1d(3).astype("float64")
    layer(x)
    expected = layer.backward(dy)
    layer(x)
    layer.eval()
    np.testing.assert_array_equal(layer.backward(dy), expected)


def test_the_gradient_in_training_is_free_of_shift_and_scale():
    """y does not change when x is shifted or scaled, so neither direction has a gradient."""
    x, dy = np.random.default_rng(0).normal(size=(2, 6, 3))
    layer = ta.BatchNorm1d(3, eps=0).astype("float64")
    layer.weight.value[:] = [0.5, 2, 3]
    layer(x)
    dx = layer.backward(dy)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose((dx * (x - x.mean(axis=0))).sum(axis=0), 0, atol=1e-13)
