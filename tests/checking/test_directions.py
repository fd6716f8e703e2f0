"""Tensors too large to be checked element by element."""

from __future__ import annotations

import time

import numpy as np
import pytest

import tinyae as ta
from tests.checking.faulty import Scale, with_wrong_element
from tinyae.checking import comparison, gradcheck
from tinyae.checking.comparison import affordable
from tinyae.checking.probe import Probe


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


def conv_vae_encoder() -> ta.Sequential:
    """The encoder of the recipe ``conv-vae`` up to one head: 296,018 parameters."""
    return ta.Sequential(
        ta.Conv2d(1, 4, 3),
        ta.Conv2d(4, 8, 3),
        ta.ReLU(),
        ta.MaxPool2d(2),
        ta.Dropout(0.25),
        ta.Flatten(),
        ta.Linear(1152, 256),
        ta.ReLU(),
        ta.Dropout(0.25),
        ta.Linear(256, 2),
    )


def test_small_tensors_element_by_element_and_large_ones_along_directions():
    report = gradcheck(ta.Linear(784, 100), random(5, 784))
    assert report.passed, report
    directions = {result.tensor: result.directions for result in report.tensors}
    assert directions == {"input": 8, "weight": 8, "bias": 0}
    assert report.tensors[1].numerical is None
    assert "all 78,400, along 8 directions" in str(report)


def test_one_wrong_element_of_very_many_is_found_and_named():
    for tensor, location in (("input", (3, 500)), ("weight", (70, 123))):
        layer = with_wrong_element(ta.Linear(784, 100), tensor, location)
        (finding,) = gradcheck(layer, random(5, 784)).findings
        assert (finding.tensor, finding.location) == (tensor, location)
        assert finding.error == pytest.approx(1e-3, rel=0.01)
        assert "8 of 8 directions" in finding.message


def test_a_gradient_wrong_all_over_has_a_place_too():
    class MeanBias(ta.Linear):
        def backward(self, dy):
            dx = super().backward(dy)
            self.weight.grad -= 0.001 * dy.T @ self.x
            return dx

    (finding,) = gradcheck(MeanBias(784, 100), random(5, 784)).findings
    assert finding.tensor == "weight"
    assert finding.location is not None
    assert finding.analytic == pytest.approx(0.999 * finding.numerical, rel=1e-5)


@pytest.fixture
def only_directions(monkeypatch):
    monkeypatch.setattr(comparison, "WORK", 0)


@pytest.mark.usefixtures("only_directions")
def test_along_directions_kinks_are_left_aside():
    for layer in (ta.ReLU(), ta.MaxPool2d(3, stride=1)):
        x = np.zeros((2, 2, 6, 6))
        report = gradcheck(layer, x)
        assert report.passed, report
        assert report.kinks[0].location is None
        assert report.tensors[0].moved
        found = report.tensors[0].gradient
        location = tuple(map(int, np.unravel_index(np.abs(found).argmax(), found.shape)))
        (finding,) = gradcheck(with_wrong_element(layer, "input", location), x).findings
        assert finding.location == location


@pytest.mark.usefixtures("only_directions")
def test_a_vanishing_gradient_along_directions():
    model = ta.Sequential(ta.Linear(3, 4), ta.BatchNorm1d(4))  # the first bias has no effect
    report = gradcheck(model, random(6, 3))
    assert report.passed, report
    assert all(result.directions for result in report.tensors)


def test_the_same_work_for_the_same_layer():
    probes = [Probe(ta.Linear(784, 100), random(5, 784), seed) for seed in (0, 1)]
    assert affordable(probes[0]) == affordable(probes[1]) == {"bias"}


def test_a_slow_layer_is_checked_along_directions():
    probe = Probe(Scale(), random(100, 3), seed=0)
    assert affordable(probe) == {"input", "weight"}
    probe.seconds = lambda: 0.05
    assert affordable(probe) == {"weight"}


def test_the_encoder_of_conv_vae_in_seconds():
    start = time.perf_counter()
    report = gradcheck(conv_vae_encoder(), np.random.default_rng(0).random((4, 1, 28, 28)))
    assert time.perf_counter() - start < 8  # 2 s on a machine that does nothing else
    assert report.passed, report
    assert sum(result.gradient.size for result in report.tensors[1:]) == 296_018


def test_one_wrong_weight_of_the_encoder_of_conv_vae():
    model = with_wrong_element(conv_vae_encoder(), "6.weight", (77, 600), factor=1.01)
    (finding,) = gradcheck(model, np.random.default_rng(0).random((4, 1, 28, 28))).findings
    assert (finding.tensor, finding.location) == ("6.weight", (77, 600))
