"""A short form of ``python -m tests.soak``."""

import sys

import pytest

from tests.soak.__main__ import main
from tests.soak.running import growth, shared

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which needs Linux")


def test_memory_stays_where_it_is():
    grown, memory = growth(24)
    assert len(memory) == 25
    assert grown < 0.05  # a model of the four is about 1% of all memory


def test_processes_that_train_from_one_cache():
    results = shared(3)
    assert len(results) == 3
    assert len(set(results)) == 1
    assert len(results[0]) == 64


@pytest.mark.slow
def test_the_whole_soak():
    assert main() == 0
