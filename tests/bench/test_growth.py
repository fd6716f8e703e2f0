"""How Conv2d grows: lines of tiny sizes, and scratch memory that no batch makes larger."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tinyae import threads
from tinyae.bench import growth
from tinyae.bench.growth import Case, as_table, measure_growth
from tinyae.cli import main

BATCHES = {"batch size": [Case((n, 32, 26, 26), 16, 0) for n in (8, 64)]}


@pytest.fixture
def alone(monkeypatch):
    """One thread: how far several are at the same moment is a matter of luck."""
    monkeypatch.setattr(threads, "_chosen", 1)


def test_scratch_stays_while_the_batch_grows_eightfold(alone):
    small, large = measure_growth(1, BATCHES)
    assert large.arrays == pytest.approx(8 * small.arrays)
    assert large.bound == small.bound
    for name in ("forward_scratch", "backward_scratch"):
        assert 1 < getattr(large, name) <= large.bound
        assert getattr(large, name) < 1.5 * getattr(small, name)


def test_columns_of_the_whole_batch_would_be_noticed(alone, monkeypatch):
    _, large = measure_growth(1, BATCHES)
    monkeypatch.setattr(threads, "BLOCK_BYTES", 2**40)
    _, whole = measure_growth(1, BATCHES)
    assert min(whole.forward_scratch, whole.backward_scratch) > 2 * large.bound


def test_what_a_layer_keeps_counts_as_scratch(monkeypatch):
    forward = growth.Conv2d.forward

    def hoarding(self, x):
        self.kept = np.zeros(2**23, "uint8")
        return forward(self, x)

    monkeypatch.setattr(growth.Conv2d, "forward", hoarding)
    (line,) = measure_growth(1, {"batch size": [Case((2, 1, 8, 8), 3, 0)]})
    assert 8 < line.forward_scratch < 8.1
    assert line.backward_scratch < 0.1


@pytest.mark.parametrize("many", [1, 3])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("side", [8, 40, 90])
def test_the_bound_holds(side, padding, many, monkeypatch):
    """For few pixels and for many: a block of one sample, and blocks of rows that are short."""
    monkeypatch.setattr(threads, "_chosen", many)
    monkeypatch.setattr(threads, "SMALL", 0)
    monkeypatch.setattr(threads, "BLOCK_BYTES", 2**18)
    (line,) = measure_growth(1, {"image size": [Case((24, 4, side, side), 5, padding)]})
    assert 0 < max(line.forward_scratch, line.backward_scratch) <= line.bound + 0.05


def test_a_line_counts_operations_and_arrays():
    (line,) = measure_growth(1, {"channels": [Case((2, 3, 5, 6), 4, 1)]})
    assert line.operations == pytest.approx(6 * (3 * 9) * (2 * 4 * 5 * 6) / 1e6)
    assert line.arrays == pytest.approx(4 * (2 * 3 * 30 + 2 * 4 * 30) / 2**20)
    assert line.rate == pytest.approx(1000 * (line.forward + line.backward) / line.operations)
    assert min(line.forward, line.backward) > 0


def test_the_command(capsys, monkeypatch):
    cases = {"batch size": [Case((2, 1, 8, 8), 3, 0)], "channels": [Case((2, 2, 8, 8), 3, 1)]}
    monkeypatch.setattr("tinyae.bench.growth.measure_growth", lambda n: measure_growth(n, cases))
    assert main(["bench", "--growth", "--rounds", "1", "--json"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert (out[1], out[3]) == ("batch size grows", "channels grows")
    assert "2×1×8×8" in out[2]
    assert f"{threads.num_threads()} threads hold" in " ".join(out)
    first, second = json.loads(out[-1])
    assert (first["input_shape"], second["grows"]) == ([2, 1, 8, 8], "channels")
    assert first["rate"] > 0


def test_the_sizes_that_are_asked_for():
    shapes = [case.shape for group in growth.CASES.values() for case in group]
    assert {(1024, 1, 28, 28), (32, 64, 64, 64)} <= set(shapes)
    assert all(case.layer().kernel_size == (3, 3) for g in growth.CASES.values() for case in g)


def test_the_table_says_how_much_the_block_is(monkeypatch):
    lines = measure_growth(1, {"channels": [Case((2, 2, 8, 8), 3, 1)]})
    monkeypatch.setattr(threads, "BLOCK_BYTES", 3 * 2**20)
    assert "columns of two blocks,\n3 MiB each" in as_table(lines)


@pytest.mark.parametrize("words", [["conv-vae"], ["--against", "torch"], ["--backend", "cupy"]])
def test_options_without_use_are_refused(words, capsys):
    for table in ("--growth", "--steps"):
        assert main(["bench", table, *words]) != 0
        assert f"bench {table}: expected no" in capsys.readouterr().err


def test_bad_rounds_are_refused(capsys):
    assert main(["bench", "--growth", "--rounds", "0"]) != 0
    assert "--rounds of at least 1, got 0" in capsys.readouterr().err
