"""Dropout: one mask for both passes, none in evaluation, and the mean kept."""

import numpy as np
import pytest

import tinyae as ta


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_chance_and_the_mean(p):
    y = ta.Dropout(p)(np.ones((200, 500), "float32"))
    assert np.unique(y) == pytest.approx([0, 1 / (1 - p)])
    assert (y == 0).mean() == pytest.approx(p, abs=0.01)
    assert y.mean() == pytest.approx(1, abs=0.03)


def test_both_passes_use_the_same_mask():
    layer, x = ta.Dropout(0.4), np.random.default_rng(0).normal(1, 1, size=(30, 20))
    y, dy = layer(x), np.random.default_rng(1).normal(size=x.shape)
    np.testing.assert_allclose(layer.backward(dy), dy * (y / x))
    np.testing.assert_allclose(layer.backward(dy), dy * (y / x))


def test_every_forward_pass_draws_a_new_mask():
    layer, x = ta.Dropout(0.5), np.ones((10, 20))
    assert (layer(x) != layer(x)).any()


def test_the_seed_fixes_the_masks():
    layer, x = ta.Dropout(0.5), np.ones((10, 20))
    ta.seed(3)
    first = [layer(x), layer(x)]
    ta.seed(3)
    np.testing.assert_array_equal([layer(x), layer(x)], first)


def test_evaluation_passes_everything_through():
    layer, x = ta.Dropout(0.5).eval(), np.ones((10, 20))
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.backward(2 * x), 2 * x)


def test_backward_belongs_to_the_forward_pass_that_was_made():
    layer, x = ta.Dropout(0.5), np.ones((10, 20))
    y = layer(x)
    layer.eval()
    np.testing.assert_array_equal(layer.backward(x), y)


def test_nothing_is_dropped_with_chance_zero():
    x = np.random.default_rng(0).normal(size=(4, 5))
    np.testing.assert_array_equal(ta.Dropout(0.0)(x), x)


@pytest.mark.gpu
def test_cupy_draws_its_own_mask():
    """The shared fixture draws on the host; here CuPy's generator itself is asked."""
    try:
        layer = ta.Dropout(0.4).to("cupy")
        ta.use("cupy")
    except ta.TinyaeError as reason:
        pytest.skip(str(reason))
    import cupy

    y = layer(cupy.ones((200, 500), dtype="float32"))
    assert float((y == 0).mean()) == pytest.approx(0.4, abs=0.01)
    assert bool((layer.backward(cupy.ones_like(y)) == y).all())
