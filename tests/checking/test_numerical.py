"""The derivatives themselves, of functions whose derivatives are known."""

from __future__ import annotations

import numpy as np
import pytest

import tinyae as ta
from tinyae.checking.numerical import BASE_STEP, Line, derivative, step_for
from tinyae.checking.probe import Probe, strided_copy


class Function(ta.Layer):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def line_of(function, x: float) -> Line:
    """A line through x, with 1 for the upstream gradient."""
    probe = Probe(Function(function), np.array([x]), seed=0)
    probe.dy = np.ones(1)
    return Line(probe, "input", (0,))


def test_the_central_difference_is_of_second_order():
    line = line_of(np.exp, 0.3)
    errors = [abs(line.slope(step).value - np.exp(0.3)) for step in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)


def test_a_line_leaves_the_point_as_it_was():
    line = line_of(np.exp, 0.3)
    before = line.tensor.copy()
    line.slope(0.1)
    np.testing.assert_array_equal(line.tensor, before)


def test_the_bend_shrinks_for_a_smooth_function_and_stays_at_a_kink():
    smooth, kinked = line_of(np.exp, 0.3), line_of(np.abs, 0.0)
    assert smooth.slope(1e-2).bend / smooth.slope(1e-3).bend == pytest.approx(10, rel=0.01)
    assert kinked.slope(1e-2).bend == pytest.approx(2)
    assert kinked.slope(1e-6).bend == pytest.approx(2)


@pytest.mark.parametrize("x", [1e-3, 0.3, 5.0])
@pytest.mark.parametrize(
    ("function", "expected"),
    [(np.exp, np.exp), (np.sin, np.cos), (np.log, lambda x: 1 / x), (np.square, lambda x: 2 * x)],
)
def test_derivatives_of_smooth_functions(function, expected, x):
    found = derivative(line_of(function, x), step_for(np.array([x])))
    assert found.settled
    assert not found.kinked
    assert found.value == pytest.approx(expected(x), rel=1e-8)
    assert abs(found.value - expected(x)) <= found.uncertainty


def test_the_steps_are_fitted_to_a_function_that_varies_fast():
    found = derivative(line_of(lambda x: np.sin(3000 * x), 1.0), BASE_STEP)
    assert found.value == pytest.approx(3000 * np.cos(3000.0), rel=1e-6)


def test_a_kink_has_its_two_slopes():
    found = derivative(line_of(lambda x: np.where(x > 0, 3 * x, -x), 0.0), BASE_STEP)
    assert found.kinked
    assert (found.low, found.high) == pytest.approx((-1, 3))


def test_kinks_of_several_outputs_do_not_cancel():
    # relu(x) − relu(−x) is x, yet each of its two parts may be differentiated as it likes
    probe = Probe(Function(lambda x: np.maximum(np.concatenate([x, -x]), 0)), np.zeros(1), 0)
    probe.dy = np.array([1.0, -1.0])
    found = derivative(Line(probe, "input", (0,)), BASE_STEP)
    assert (found.low, found.high) == pytest.approx((0, 2))


def test_noise_does_not_settle():
    found = derivative(line_of(lambda x: np.exp(x.astype("float32")), 0.3), BASE_STEP)
    assert not found.settled
    found = derivative(line_of(lambda x: np.where(x > 0.3, x, np.nan), 0.3), BASE_STEP)
    assert not found.settled


def test_a_domain_that_ends_close_by_is_kept_clear_of():
    x = 1e-6
    found = derivative(line_of(np.sqrt, x), BASE_STEP)
    assert found.value == pytest.approx(0.5 / np.sqrt(x), rel=1e-3)


def test_the_step_follows_the_size_of_the_numbers():
    assert step_for(np.zeros(3)) == BASE_STEP
    assert step_for(np.full(3, 8.0)) == 8 * BASE_STEP
    assert step_for(np.array([1e-30])) == pytest.approx(BASE_STEP * 1e-3, rel=0.5)
    assert np.log2(step_for(np.array([0.3, -70.0]))) % 1 == 0


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)])
def test_a_strided_copy_is_equal_and_scattered(shape):
    array = np.random.default_rng(0).normal(size=shape)
    copy = strided_copy(array)
    np.testing.assert_array_equal(copy, array)
    assert not np.shares_memory(copy, array)
    assert copy.flags.c_contiguous == (shape == ())
