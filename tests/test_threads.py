"""Sharing a batch between threads: nothing left out, the same every time, refusals."""

from __future__ import annotations

import os
import signal
import threading
import time
from unittest import mock

import numpy as np
import pytest

import tinyae as ta
from tinyae import threads

SEVEN = np.empty(7)


@pytest.fixture
def two_threads(monkeypatch):
    monkeypatch.setattr(threads, "_chosen", 2)
    monkeypatch.setattr(threads, "SMALL", 1)
    monkeypatch.setattr(threads, "BLOCK_BYTES", 25)


def collect(samples):
    def work(blocks):
        return [list(range(samples)[block]) for block in blocks]

    return threads.share(work, np.empty(samples), scratch=10 * samples)


def test_every_sample_once_in_order_in_blocks_that_fit(two_threads):
    parts = collect(7)
    assert len(parts) == 2
    blocks = [block for part in parts for block in part]
    assert [sample for block in blocks for sample in block] == list(range(7))
    assert max(map(len, blocks)) == 2


def test_a_sample_larger_than_a_block_is_a_block(two_threads):
    with mock.patch.object(threads, "BLOCK_BYTES", 1):
        assert collect(3) == [[[0]], [[1], [2]]]


def test_small_work_stays_in_the_calling_thread(two_threads):
    with mock.patch.object(threads, "SMALL", 10**6):
        (name,) = threads.share(lambda blocks: threading.current_thread(), SEVEN, 70)
    assert name is threading.current_thread()


def test_both_parts_run_in_threads_of_their_own(two_threads):
    barrier = threading.Barrier(2, timeout=20)
    assert sorted(threads.share(lambda blocks: barrier.wait(), SEVEN, 70)) == [0, 1]


def test_a_batch_on_a_device_stays_whole(two_threads, strict):
    (blocks,) = threads.share(list, strict.zeros((7, 2)), 70)
    assert blocks == [...]


def test_a_helper_that_shares_does_its_parts_itself(two_threads):
    """It must not wait for the next helper, which could be itself."""

    def work(blocks):
        return threads.share(lambda inner: len(list(inner)), SEVEN, 70)

    assert threads.share(work, SEVEN, 70) == [[2, 2], [2, 2]]


def test_an_error_in_a_thread_comes_out(two_threads):
    def work(blocks):
        raise KeyError("planted")

    with pytest.raises(KeyError, match="planted"):
        threads.share(work, SEVEN, 70)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_has_helpers_of_its_own(two_threads):
    """Those of its parent are not there, and nobody would answer."""
    threads.share(list, SEVEN, 70)
    child = os.fork()
    if not child:
        threads.share(list, SEVEN, 70)
        os._exit(7)
    for _ in range(200):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert done
    assert os.waitstatus_to_exitcode(status) == 7


def test_the_same_bits_each_time_and_nearly_the_same_with_one_thread(monkeypatch):
    rng = np.random.default_rng(0)
    layer = ta.Conv2d(3, 8, 3)
    x = rng.standard_normal((64, 3, 20, 20), dtype="float32")

    def weight_gradient(n):
        monkeypatch.setattr(threads, "_chosen", n)
        layer.zero_grad()
        layer.backward(np.ones_like(layer(x)))
        return layer.weight.grad.copy()

    first, second, alone = weight_gradient(2), weight_gradient(2), weight_gradient(1)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, alone, rtol=1e-4, atol=1e-3)


def test_setting_the_number(monkeypatch):
    monkeypatch.setattr(threads, "_chosen", None)
    before = threads.num_threads()
    try:
        ta.set_num_threads(1)
        assert ta.num_threads() == 1
    finally:
        ta.set_num_threads(before)
    with pytest.raises(ta.TinyaeError, match="at least 1 thread, got 0"):
        ta.set_num_threads(0)


def test_the_environment_sets_it(monkeypatch):
    monkeypatch.setattr(threads, "_chosen", None)
    monkeypatch.setenv("TINYAE_NUM_THREADS", "3")
    threads._from_environment.cache_clear()
    assert ta.num_threads() == 3
    monkeypatch.setenv("TINYAE_NUM_THREADS", "many")
    threads._from_environment.cache_clear()
    with pytest.raises(ta.TinyaeError, match=r"TINYAE_NUM_THREADS: .* got 'many'"):
        ta.num_threads()
    monkeypatch.delenv("TINYAE_NUM_THREADS")
    threads._from_environment.cache_clear()


@pytest.mark.parametrize("shapes", [((300, 200), (200, 400)), ((1, 5), (5, 3)), ((4, 1), (1, 3))])
def test_a_product_in_parts_is_the_product(monkeypatch, shapes):
    monkeypatch.setattr(threads, "_chosen", 3)
    monkeypatch.setattr(threads, "SMALL_PRODUCT", 1)
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape) for shape in shapes)
    for left in (a, np.asfortranarray(a)):
        np.testing.assert_allclose(threads.matmul(left, b), a @ b, rtol=1e-12, atol=1e-12)
    assert threads.matmul(a.astype("float32"), b.astype("float32")).dtype == np.float32


def test_blas_is_held_to_one_thread_by_whoever_is_inside_last():
    def blas_threads():
        return [library["num_threads"] for library in threads._blas().info()]

    before = blas_threads()
    with threads.one_blas_thread():
        with threads.one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert blas_threads() == before
