"""Class filter and scaling."""

import numpy as np
import pytest

from tinyae.data import scale, select_classes
from tinyae.errors import TinyaeError

LABELS = np.array([9, 0, 5, 9, 0, 1])
IMAGES = np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2)


def test_select_keeps_the_order_of_the_data_and_numbers_by_the_order_of_the_classes():
    images, labels = select_classes(IMAGES, LABELS, (9, 0))
    np.testing.assert_array_equal(images, IMAGES[[0, 1, 3, 4]])
    np.testing.assert_array_equal(labels, [0, 1, 0, 1])
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64


def test_select_works_where_a_new_label_equals_an_old_one():
    _, labels = select_classes(IMAGES, LABELS.astype(np.uint8), [1, 0])
    np.testing.assert_array_equal(labels, [1, 1, 0])


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        (LABELS, (0, 7), "occur among the labels, got 7"),
        (LABELS, (), r"different classes, got \(\)"),
        (LABELS, (0, 0), r"different classes, got \(0, 0\)"),
        (LABELS[:5], (0,), r"got \(6, 2, 2\) and \(5,\)"),
        (LABELS[:, None], (0,), r"got \(6, 2, 2\) and \(6, 1\)"),
    ],
)
def test_select_refuses(labels, classes, message):
    with pytest.raises(TinyaeError, match=message):
        select_classes(IMAGES, labels, classes)


def test_scale_of_bytes():
    images = np.array([0, 64, 128, 255], np.uint8)
    scaled = scale(images)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, images.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(scale(images, 128, -1), [-1, -0.5, 0, 127 / 128])
    np.testing.assert_array_equal(scale(images, 256), images / 256)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scale_leaves_its_input_alone(dtype):
    images = np.full(3, 2.0, dtype)
    scaled = scale(images, 2, 1)
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(images, [2, 2, 2])
    np.testing.assert_array_equal(scaled, [2, 2, 2])


@pytest.mark.parametrize(("divisor", "offset"), [(0, 0), (np.inf, 0), (np.nan, 0), (1, np.nan)])
def test_scale_refuses(divisor, offset):
    with pytest.raises(TinyaeError, match="scale: expected a finite divisor"):
        scale(IMAGES, divisor, offset)
