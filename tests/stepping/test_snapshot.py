"""Arrays as a tape keeps them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyae.stepping.snapshot import MOST, take


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), max_size=4))
def test_the_numbers_kept_are_numbers_of_the_array(shape):
    whole = np.arange(math.prod(shape), dtype="float64").reshape(shape)
    kept = take(whole, "")
    assert kept.values.size <= MOST
    assert kept.complete == (whole.size <= MOST)
    np.testing.assert_array_equal(kept.values, whole[np.ix_(*kept.kept)] if shape else whole)


def test_images_stay_whole():
    assert take(np.zeros((256, 8, 24, 24)), "").values.shape == (1, 8, 24, 24)
    assert take(np.zeros((256, 1, 28, 28)), "").values.shape == (10, 1, 28, 28)


def test_a_large_matrix_is_thinned_out_to_its_end():
    rows, columns = take(np.zeros((784, 400)), "").kept
    assert rows[0] == columns[0] == 0
    assert rows[-1] > 770
    assert columns[-1] > 390


def test_statistics_are_of_the_whole_array():
    whole = np.zeros((1000, 1000), dtype="float32")
    whole[1, 1], whole[-1, -1] = 8, -2
    found = take(whole, "").statistics
    assert (found.min, found.max, found.zeros) == (-2, 8, 999_998)
    assert found.mean == pytest.approx(6e-6)
    assert found.std == pytest.approx(math.sqrt(68e-6), rel=1e-4)


def test_numbers_that_are_none():
    found = take(np.array([1.0, np.nan, np.inf, 3.0]), "").statistics
    assert (found.min, found.max, found.mean, found.not_finite) == (1, 3, 2, 2)
    assert take(np.array([np.nan]), "").statistics.mean is None


def test_equal_pictures_are_kept_once():
    pool = {}
    one, two = take(np.ones(5), "", pool), take(np.ones(5), "", pool)
    assert one.values is two.values


def test_it_is_a_copy():
    whole = np.ones(5)
    kept = take(whole, "")
    whole[0] = 2
    assert kept.values[0] == 1
