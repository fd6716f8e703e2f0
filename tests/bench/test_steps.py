"""The steps that made training fast: both ways of each give the same numbers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tinyae import threads
from tinyae.bench import steps
from tinyae.bench.rounds import Way, in_turn
from tinyae.bench.settings import (
    as_in_training,
    one_thread,
    samples_apart,
    whole_batch,
)
from tinyae.bench.slow_ways import STEPS, Step
from tinyae.bench.steps import StepTiming, as_table, time_step
from tinyae.cli import main
from tinyae.errors import TinyaeError
from tinyae.layers import kernels


def samples(step):
    """Few, and yet enough for blocks and threads."""
    return min(step.samples, 8)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.name} {step.where}")
def test_both_ways_agree(step):
    timing = time_step(step, 1, samples(step))
    assert min(timing.without, timing.with_step) > 0
    assert (timing.step, "{" in timing.where) == (step.name, False)


def test_ways_that_disagree_are_refused():
    pair = Way(lambda: 1.0), Way(lambda: 1.0001)
    with pytest.raises(TinyaeError, match="bench: halving: expected both ways to give the same"):
        time_step(Step("halving", "", 1, lambda n: pair), 1, 1)


def test_nan_is_refused():
    pair = Way(lambda: 1.0), Way(lambda: float("nan"))
    with pytest.raises(TinyaeError, match="the same numbers"):
        time_step(Step("x", "", 1, lambda n: pair), 1, 1)


def test_settings_are_there_inside_and_gone_after(monkeypatch):
    monkeypatch.setattr(threads, "_chosen", 2)
    before = threads.BLOCK_BYTES, kernels.SHORT_ROW
    for setting, inside in (
        (as_in_training, (*before, 2)),
        (one_thread, (*before, 1)),
        (whole_batch, (2**60, before[1], 1)),
        (samples_apart, (before[0], 0, 2)),
    ):
        with setting():
            assert (threads.BLOCK_BYTES, kernels.SHORT_ROW, threads.num_threads()) == inside
        assert (threads.BLOCK_BYTES, kernels.SHORT_ROW, threads.num_threads()) == (*before, 2)


def test_settings_are_gone_after_an_error():
    before = threads.BLOCK_BYTES
    with pytest.raises(ZeroDivisionError), whole_batch():
        raise ZeroDivisionError
    assert before == threads.BLOCK_BYTES


def test_blas_has_one_thread():
    with as_in_training():
        assert {library["num_threads"] for library in threads._blas().info()} == {1}


def test_each_way_is_run_in_its_setting():
    seen = []
    ways = [Way(lambda: seen.append(threads.BLOCK_BYTES), whole_batch), Way(lambda: None)]
    first, second = in_turn(ways, 3)
    assert len(first) == len(second) == 3
    assert set(seen) == {2**60}


def test_the_command(capsys, monkeypatch):
    few = [replace(step, samples=samples(step)) for step in STEPS]
    monkeypatch.setattr(steps, "STEPS", few)
    assert main(["bench", "--steps", "--rounds", "1", "--json"]) == 0
    out = capsys.readouterr().out.splitlines()
    for step, line in zip(few, out[1:], strict=False):
        assert line.startswith(step.name)
        assert line.endswith("×")
    found = json.loads(out[-1])
    assert [timing["step"] for timing in found] == [step.name for step in STEPS]
    assert found[0]["gain"] == pytest.approx(found[0]["without"] / found[0]["with_step"])


def test_the_gain_is_old_time_by_new():
    assert StepTiming("a", "b", 3.0, 1.5).gain == 2
    assert as_table([StepTiming("a", "b", 3.0, 1.5)]).splitlines()[1].split() == [
        *["a", "b", "3.000", "1.500", "2.0×"]
    ]
