"""The fast kernels against their naive twins, and against each other as adjoints."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinyae as ta
from tinyae import threads
from tinyae.layers import kernels, naive

quick = settings(max_examples=60, deadline=None, derandomize=True)


def pairs(smallest, largest):
    number = st.integers(smallest, largest)
    return st.tuples(number, number)


@st.composite
def geometries(draw, most_padding=2):
    """(size, kernel, stride, padding), with at least one window."""
    kernel, stride = draw(pairs(1, 3)), draw(pairs(1, 3))
    padding = draw(pairs(0, most_padding))
    size = tuple(
        draw(st.integers(max(1, k - 2 * p), 7)) for k, p in zip(kernel, padding, strict=True)
    )
    return size, kernel, stride, padding


batches = st.integers(1, 5)
channels = st.integers(1, 3)
block_bytes = st.sampled_from([1, 500, 2000, 2**21])


def arrays(geometry, samples, inputs, outputs):
    """Random x, w and dy that fit."""
    size, kernel, stride, padding = geometry
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, inputs, *size))
    weight = rng.normal(size=(outputs, inputs, *kernel))
    height, width = kernels.output_size(size, kernel, stride, padding)
    return x, weight, rng.normal(size=(samples, outputs, height, width))


@given(geometries(), batches, channels, channels, block_bytes, st.integers(1, 3))
@quick
def test_fast_is_naive(geometry, samples, inputs, outputs, memory, n_threads):
    size, kernel, stride, padding = geometry
    x, weight, dy = arrays(geometry, samples, inputs, outputs)
    calls = {
        "correlate": (x, weight, stride, padding),
        "correlate_input_gradient": (dy, weight, stride, padding, size),
        "correlate_weight_gradient": (x, dy, stride, padding, kernel),
    }
    with mock.patch.multiple(threads, BLOCK_BYTES=memory, SMALL=1, _chosen=n_threads):
        for name, arguments in calls.items():
            fast = getattr(kernels, name)(*arguments)
            slow = getattr(naive, name)(*arguments)
            np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-12, err_msg=name)
            assert fast.shape == slow.shape
        both = kernels.correlate_and_weight_gradient(x, weight, dy, stride, padding)
        names = "correlate", "correlate_weight_gradient"
        for fast, name in zip(both, names, strict=True):
            slow = getattr(naive, name)(*calls[name])
            np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-12, err_msg=name)


@given(geometries(), batches, channels, channels)
@quick
def test_the_three_kernels_are_adjoint(geometry, samples, inputs, outputs):
    """⟨w ⋆ x, dy⟩ = ⟨x, the input gradient of dy⟩ = ⟨w, the weight gradient of dy⟩."""
    size, kernel, stride, padding = geometry
    x, weight, dy = arrays(geometry, samples, inputs, outputs)
    inner = (kernels.correlate(x, weight, stride, padding) * dy).sum()
    dx = kernels.correlate_input_gradient(dy, weight, stride, padding, size)
    dw = kernels.correlate_weight_gradient(x, dy, stride, padding, kernel)
    np.testing.assert_allclose([(x * dx).sum(), (weight * dw).sum()], inner, atol=1e-10)


@given(geometries(most_padding=1), batches, channels)
@quick
def test_max_pooling_with_ties_is_naive(geometry, samples, inputs):
    size, kernel, stride, padding = geometry
    padding = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
    size = tuple(max(s, k) for s, k in zip(size, kernel, strict=True))
    rng = np.random.default_rng(0)
    x = rng.integers(-1, 2, size=(samples, inputs, *size)).astype(float)  # full of ties
    layer = ta.MaxPool2d(kernel, stride, padding)
    y = layer(x)
    np.testing.assert_array_equal(y, naive.max_pool(x, kernel, stride, padding))
    dy = rng.normal(size=y.shape)
    expected = naive.max_pool_gradient(x, dy, kernel, stride, padding)
    np.testing.assert_allclose(layer.backward(dy), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "expected"),
    [
        ((28, 28), (3, 3), (1, 1), (0, 0), (26, 26)),
        ((28, 28), (3, 3), (2, 2), (1, 1), (14, 14)),
        ((7, 5), (2, 3), (2, 1), (0, 1), (3, 5)),
    ],
)
def test_output_size(size, kernel, stride, padding, expected):
    assert kernels.output_size(size, kernel, stride, padding) == expected


def test_windows_are_a_view():
    x = np.arange(30.0).reshape(1, 1, 5, 6)
    view = kernels.windows(x, (2, 3), (2, 1))
    assert view.shape == (1, 1, 2, 4, 2, 3)
    np.testing.assert_array_equal(view[0, 0, 1, 2], x[0, 0, 2:4, 2:5])
    assert np.shares_memory(view, x)
