"""Max pooling by numbers that can be followed with a finger."""

import numpy as np

import tinyae as ta


def test_the_gradient_goes_to_the_place_of_the_maximum():
    x = np.array([[[[1.0, 5, 2, 0], [3, 4, 8, 7]]]])
    layer = ta.MaxPool2d(2)
    np.testing.assert_array_equal(layer(x), [[[[5, 8]]]])
    dx = layer.backward(np.array([[[[10.0, 20]]]]))
    np.testing.assert_array_equal(dx, [[[[0, 10, 0, 0], [0, 0, 20, 0]]]])


def test_of_equal_numbers_the_first_is_the_maximum():
    layer = ta.MaxPool2d(2)
    layer(np.zeros((1, 1, 2, 2)))
    dx = layer.backward(np.full((1, 1, 1, 1), 3.0))
    np.testing.assert_array_equal(dx, [[[[3, 0], [0, 0]]]])


def test_where_windows_overlap_a_maximum_collects_from_all_it_wins():
    layer = ta.MaxPool2d(2, stride=1)
    np.testing.assert_array_equal(layer(np.array([[[[0.0, 9, 1], [2, 3, 4]]]])), [[[[9, 9]]]])
    dx = layer.backward(np.array([[[[1.0, 10]]]]))
    np.testing.assert_array_equal(dx, [[[[0, 11, 0], [0, 0, 0]]]])


def test_padding_never_wins():
    layer = ta.MaxPool2d(2, stride=2, padding=1)
    np.testing.assert_array_equal(layer(np.full((1, 1, 2, 2), -7.0)), np.full((1, 1, 2, 2), -7.0))
    np.testing.assert_array_equal(layer.backward(np.ones((1, 1, 2, 2))), np.ones((1, 1, 2, 2)))


def test_more_places_than_a_byte_can_count():
    x = np.zeros((1, 1, 20, 20))
    x[0, 0, 19, 18] = 1
    layer = ta.MaxPool2d(20)
    assert layer(x) == 1
    np.testing.assert_array_equal(layer.backward(np.ones((1, 1, 1, 1))), x)
