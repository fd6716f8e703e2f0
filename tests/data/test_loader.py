"""Batches: every sample once, in a new order, or drawn with replacement."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinyae as ta
from tinyae.data import DataLoader, RandomBatches
from tinyae.data.loader import NoisyBatches
from tinyae.errors import TinyaeError

X = np.arange(20).reshape(10, 2)
Y = np.arange(10) * 7


class Squares:
    """A data set of one's own, as lesson 9 writes one: indexing by an integer array only."""

    def __len__(self):
        return 10

    def __getitem__(self, indices):
        assert isinstance(indices, np.ndarray)
        assert indices.dtype.kind == "i"
        return indices**2


def generator():
    return np.random.default_rng(5)


@given(
    n=st.integers(1, 30), batch_size=st.integers(1, 35), shuffle=st.booleans(), drop=st.booleans()
)
@settings(max_examples=100, deadline=None)
def test_an_epoch_goes_once_through_the_data(n, batch_size, shuffle, drop):
    if drop and batch_size > n:
        return
    x, y = np.arange(n), np.arange(n) + 100
    loader = DataLoader(x, y, batch_size, shuffle, drop)
    batches = list(loader)
    assert len(batches) == len(loader)
    seen = np.concatenate([batch for batch, _ in batches])
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in batches]), seen + 100)
    assert {len(batch) for batch, _ in batches[:-1]} <= {batch_size}
    assert len(batches[-1][0]) == (batch_size if drop else (n - 1) % batch_size + 1)
    assert len(set(seen.tolist())) == len(seen) == (n - n % batch_size if drop else n)
    if not shuffle:
        np.testing.assert_array_equal(seen, x[: len(seen)])


def test_lengths_of_the_documents():
    assert len(DataLoader(np.empty(10_000), batch_size=256)) == 40
    assert len(DataLoader(np.empty(10_000), batch_size=256, drop_last=True)) == 39
    assert len(DataLoader(np.empty(60_000), batch_size=250, drop_last=True)) == 240


def test_batches_in_order_are_views_and_shuffled_ones_are_not():
    assert all(np.shares_memory(batch, X) for batch in DataLoader(X, batch_size=3))
    assert not any(np.shares_memory(batch, X) for batch in DataLoader(X, None, 3, shuffle=True))


def test_every_epoch_has_a_new_order_and_the_seed_repeats_them():
    loader = DataLoader(Y, batch_size=10, shuffle=True)
    ta.seed(1)
    epochs = [next(iter(loader)).tolist() for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert epochs[0] != Y.tolist()
    ta.seed(1)
    assert [next(iter(loader)).tolist() for _ in range(3)] == epochs
    own = DataLoader(Y, batch_size=10, shuffle=True, generator=generator())
    ta.seed(1)
    first = next(iter(own)).tolist()
    assert next(iter(loader)).tolist() == epochs[0]  # nothing drawn from the package's generator
    np.testing.assert_array_equal(first, Y[generator().permutation(10)])


def test_without_shuffle_nothing_is_drawn():
    before = repr(ta.backend.host_generator().bit_generator.state)
    list(DataLoader(X, batch_size=3))
    assert repr(ta.backend.host_generator().bit_generator.state) == before


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_data_set_of_ones_own(shuffle):
    batches = list(DataLoader(Squares(), Squares(), batch_size=4, shuffle=shuffle))
    assert sorted(np.concatenate([x for x, _ in batches])) == [i**2 for i in range(10)]
    assert [len(x) for x, _ in batches] == [4, 4, 2]
    for batch in (1, 3):
        assert next(iter(RandomBatches(Squares(), batch_size=batch))).shape == (batch,)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_random_batches_keep_pairs_together(batch_size):
    batches = list(RandomBatches(X, Y, batch_size, steps=50))
    assert len(batches) == 50
    for x, y in batches:
        assert x.shape == (batch_size, 2)
        np.testing.assert_array_equal(x[:, 0] * 7, y * 2)
        assert np.shares_memory(x, X) == (batch_size == 1)


def test_random_batches_are_uniform_and_with_replacement():
    drawn = np.concatenate(list(RandomBatches(np.arange(10), steps=10_000, generator=generator())))
    counts = np.bincount(drawn, minlength=10)
    assert counts.min() > 900  # expected 1,000 ± 30
    assert counts.max() < 1100
    assert len(np.unique(drawn[:10])) < 10  # without replacement they would all differ
    within = np.array(list(RandomBatches(np.arange(10), batch_size=10, generator=generator())))
    assert len(np.unique(within)) < 10


def test_random_batches_follow_the_seed_and_go_on_in_the_next_loop():
    batches = RandomBatches(np.arange(1000), steps=5)
    ta.seed(2)
    first, second = np.concatenate(list(batches)), np.concatenate(list(batches))
    assert first.tolist() != second.tolist()
    ta.seed(2)
    np.testing.assert_array_equal(np.concatenate(list(batches)), first)


def test_random_batches_last_an_epoch_by_default():
    assert len(RandomBatches(X)) == 10
    assert len(list(RandomBatches(X, batch_size=4))) == len(DataLoader(X, batch_size=4)) == 3


def test_noise_leaves_the_target_clean_and_has_its_deviation():
    x = np.ones((50, 400), np.float32)
    noisy, clean = next(iter(NoisyBatches(DataLoader(x, batch_size=50), 0.5)))
    assert noisy.dtype == np.float32
    np.testing.assert_array_equal(clean, x)
    assert abs((noisy - x).mean()) < 0.02
    assert abs((noisy - x).std() - 0.5) < 0.02
    pairs = NoisyBatches(DataLoader(x, np.arange(50), batch_size=20), 0.5)
    assert len(pairs) == 3
    np.testing.assert_array_equal(np.concatenate([y for _, y in pairs]), np.arange(50))
    with pytest.raises(TinyaeError, match="NoisyBatches: expected a finite noise"):
        NoisyBatches(pairs, -1)


def test_batches_stay_on_the_backend_of_the_data(backend):
    xp = ta.backend.get_module(backend)
    x, y = xp.asarray(X), xp.asarray(Y)
    loaders = [
        DataLoader(x, y, 4),
        DataLoader(x, y, 4, shuffle=True),
        RandomBatches(x, y, 1),
        RandomBatches(x, y, 4),
    ]
    for loader in loaders:
        for x_batch, y_batch in loader:
            assert ta.array_module(x_batch, y_batch) is xp
            x_host, y_host = ta.to_numpy(x_batch), ta.to_numpy(y_batch)
            np.testing.assert_array_equal(x_host[:, 0] * 7, y_host * 2)
    with pytest.raises(TinyaeError, match="two backends mixed"):
        DataLoader(x, Y)


@pytest.mark.parametrize("batches", [DataLoader, RandomBatches])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X[:0]}, "expected at least one sample, got none"),
        ({"x": X, "y": Y[:9]}, "x and y of equal length, got 10 and 9"),
        ({"x": [1, 2]}, "integer array, got list"),
        ({"x": None}, "integer array, got NoneType"),
        ({"x": np.array(1)}, "got a single number"),
        ({"x": X, "y": [0] * 10}, "integer array, got list"),
        ({"x": X, "batch_size": 0}, "batch_size to be an integer of at least 1, got 0"),
        ({"x": X, "batch_size": 2.5}, "batch_size to be an integer, got 2.5"),
        ({"x": X, "generator": 3}, "expected a numpy.random.Generator, got int"),
    ],
)
def test_refusals(batches, arguments, message):
    with pytest.raises(TinyaeError, match=f"^{batches.__name__}: .*{message}"):
        batches(**arguments)


def test_refusals_of_one_kind_only():
    with pytest.raises(TinyaeError, match=r"batch_size of at most 10, .* got 11"):
        DataLoader(X, batch_size=11, drop_last=True)
    assert len(DataLoader(X, batch_size=10, drop_last=True)) == 1
    with pytest.raises(TinyaeError, match=r"RandomBatches: expected steps to be .*, got 0"):
        RandomBatches(X, steps=0)
