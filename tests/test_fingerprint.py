"""A few numbers that tell one array from another, and not one processor from another."""

import json
import time

import numpy as np
import pytest

import tinyae as ta
from tests.training_cases import labels, points
from tinyae.fingerprint import alike, fingerprint


def loader(x, y=None):
    return ta.data.DataLoader(x, y, batch_size=4)


@pytest.mark.parametrize(
    "wrapped",
    [
        loader,
        lambda x: ta.data.RandomBatches(x, batch_size=2),
        lambda x: ta.data.NoisyBatches(ta.data.NoisyBatches(loader(x), 0.1), 0.1),
        lambda x: [x[:4], x[4:]],
        lambda x: [(x[:4], labels(4)), (x[4:], labels(6))],
        lambda x: loader(points(), x),
    ],
)
@pytest.mark.parametrize("row", [0, 9])
def test_other_numbers_of_the_same_shape_are_noticed(wrapped, row):
    x = points()
    known = fingerprint(wrapped(x))
    assert alike(known, fingerprint(wrapped(x.copy())))
    x[row, 1] += 0.01
    assert not alike(known, fingerprint(wrapped(x)))


def test_labels_and_an_order_are_noticed():
    y = np.arange(10)
    known = fingerprint(loader(points(), y))
    assert not alike(known, fingerprint(loader(points(), y[::-1])))
    assert not alike(known, fingerprint(loader(points()[:, ::-1], y)))
    assert not alike(known, fingerprint(loader(points())))
    assert not alike(known, fingerprint(loader(points(12), np.arange(12))))


def test_rounding_is_no_difference():
    x = points(1000)
    nearly = x * np.float32(1 + 1e-6)
    assert (nearly != x).any()
    assert alike(fingerprint(loader(x)), fingerprint(loader(nearly)))


def test_it_is_small_and_soon_made_whatever_the_data():
    x = np.random.default_rng(0).random((60_000, 784), "float32")
    start = time.perf_counter()
    found = fingerprint(loader(x))
    assert time.perf_counter() - start < 0.1
    assert len(json.dumps(found)) < 5000
    assert alike(json.loads(json.dumps(found)), found)
    assert not alike(found, fingerprint(loader(x[::-1])))


def test_data_of_another_kind_have_none():
    class Own:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return points()[index]

    assert fingerprint(loader(Own())) == []
    assert fingerprint(loader(np.array([b"a", b"b"]))) == []
    assert fingerprint([]) == []


@pytest.mark.parametrize(
    "nonsense",
    [None, 3, "ab", {"a": 1}, [None], [["a"] * 10], [[10**400] * 10], [[{}] * 10], [{}], [[[1]]]],
)
def test_nonsense_from_a_file_is_like_nothing(nonsense):
    assert not alike(fingerprint(loader(points())), nonsense)
