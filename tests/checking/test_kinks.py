"""Where a function has no derivative nobody is wrong, as long as a slope is a possible one."""

from __future__ import annotations

import numpy as np
import pytest

import tinyae as ta
from tests.checking.faulty import with_wrong_element
from tinyae.checking import gradcheck
from tinyae.checking.probe import Probe


class SlopeAtZero(ta.Layer):
    """ReLU with any number taken for the slope at 0."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dy):
        return dy * np.where(self.x == 0, self.slope, self.x > 0)


@pytest.mark.parametrize(
    "layer", [ta.ReLU(), ta.LeakyReLU(0.2), SlopeAtZero(0.5), SlopeAtZero(1)], ids=repr
)
def test_zeros_are_kinks_and_no_mistake(layer):
    x = np.array([[0.0, 1.0], [-2.0, 0.0]])
    report = gradcheck(layer, x)
    assert report.passed, report
    assert [(kink.tensor, kink.mistake) for kink in report.kinks] == [("input", "kink")] * 2
    assert [kink.location for kink in report.kinks] == [(0, 0), (1, 1)]
    assert report.tensors[0].compared == 2


@pytest.mark.parametrize("slope", [-0.01, 1.01, 5])
def test_at_a_kink_the_gradient_must_lie_between_the_slopes(slope):
    (finding,) = gradcheck(SlopeAtZero(slope), np.array([[0.0, 1.0]])).findings
    assert (finding.tensor, finding.mistake, finding.location) == ("input", "unknown", (0, 0))
    assert "kink" in finding.message


def test_a_kink_is_found_where_the_mean_slope_is_the_gradient():
    class Abs(ta.Layer):
        def forward(self, x):
            self.sign = np.sign(x)
            return np.abs(x)

        def backward(self, dy):
            return dy * self.sign

    report = gradcheck(Abs(), np.array([0.0, 1.0]))
    assert report.passed
    assert [kink.location for kink in report.kinks] == [(0,)]


@pytest.mark.parametrize("distance", [1e-4, 1e-6, 1e-7, 3e-8])
def test_a_kink_close_by_does_not_hide_the_gradient(distance):
    x = np.array([[1.0, distance], [-distance, -1.0]])
    report = gradcheck(ta.ReLU(), x)
    assert report.passed
    assert not report.kinks
    report = gradcheck(with_wrong_element(ta.ReLU(), "input", (0, 1)), x)
    assert [finding.location for finding in report.findings] == [(0, 1)]


def test_a_strong_curvature_is_no_kink():
    class Cubes(ta.Layer):
        def forward(self, x):
            self.x = x
            return (100 * x) ** 2 + (100 * x) ** 3

        def backward(self, dy):
            return dy * (2e4 * self.x + 3e6 * self.x**2)

    report = gradcheck(Cubes(), np.array([0.0, 0.01, -1.0]))
    assert report.passed, report
    assert not report.kinks


POOLS = [ta.MaxPool2d(2), ta.MaxPool2d(3, stride=1), ta.MaxPool2d(3, stride=2, padding=1)]


@pytest.mark.parametrize("pool", POOLS, ids=repr)
def test_ties_in_max_pooling_pass(pool):
    rng = np.random.default_rng(0)
    for x in (np.zeros((2, 2, 6, 6)), rng.integers(0, 3, (2, 2, 6, 6)).astype("float64")):
        report = gradcheck(pool, x)
        assert report.passed, report
        assert report.kinks


def test_between_ties_a_wrong_element_is_still_found():
    x = np.random.default_rng(0).integers(0, 9, (2, 2, 6, 6)).astype("float64")
    result = gradcheck(POOLS[1], x).tensors[0]
    kinks = {kink.location for kink in result.kinks}
    assert kinks
    places = zip(*map(np.ndarray.tolist, np.nonzero(result.gradient)), strict=True)
    location = next(place for place in places if place not in kinks)
    wrong = with_wrong_element(ta.MaxPool2d(3, stride=1), "input", location)
    assert [finding.location for finding in gradcheck(wrong, x).findings] == [location]


def network(bias: bool = False) -> ta.Sequential:
    return ta.Sequential(ta.Linear(3, 6, bias=bias), ta.ReLU(), ta.Linear(6, 4), ta.LeakyReLU(0.1))


def test_kinks_of_several_layers_mix_and_the_check_moves_away():
    x = np.zeros((2, 3))
    report = gradcheck(network(), x)
    assert report.passed, report
    assert report.kinks
    assert report.tensors[0].moved
    assert "(moved)" in str(report)


@pytest.mark.parametrize("x", [np.zeros((2, 1, 6, 6)), np.ones((2, 1, 6, 6))], ids=["0", "1"])
def test_a_convolutional_network_on_an_empty_image(x):
    model = ta.Sequential(
        ta.Conv2d(1, 3, 3, padding=1), ta.ReLU(), ta.MaxPool2d(2), ta.Conv2d(3, 2, 2), ta.ReLU()
    )
    assert gradcheck(model, x).passed


def test_moved_away_from_kinks_a_wrong_network_is_still_wrong():
    model = network()
    found = gradcheck(model, np.zeros((2, 3))).tensors[0].gradient
    location = tuple(map(int, np.unravel_index(np.abs(found).argmax(), found.shape)))
    report = gradcheck(with_wrong_element(model, "input", location), np.zeros((2, 3)))
    assert [(f.tensor, f.location) for f in report.findings] == [("input", location)]


def test_moving_breaks_ties_and_keeps_signs():
    x = np.array([[0.0, 0.0, 2.0], [2.0, -2.0, -1e-9]])
    moved = Probe(ta.Tanh(), x, seed=0).nearby()
    assert moved is not None
    there = moved[0].tensors["input"]
    assert len(np.unique(there)) == 6
    np.testing.assert_array_equal(np.sign(there)[x != 0], np.sign(x)[x != 0])
    assert np.abs(there - x).max() <= 0.02
    np.testing.assert_array_equal(moved[1].y, np.tanh(there))
    small = Probe(ta.Tanh(), 1e-6 * x, seed=0).nearby()
    np.testing.assert_allclose(small[0].tensors["input"], 1e-6 * there, rtol=1e-12)
    zeros = Probe(ta.Tanh(), np.zeros(3), seed=0).nearby()
    assert 1e-5 < np.abs(zeros[0].tensors["input"]).max() <= 0.01


def test_a_layer_that_cannot_be_run_elsewhere_is_judged_where_it_can():
    class OnlyIntegers(ta.Layer):
        def __init__(self):
            super().__init__()
            self.inner = ta.ReLU()

        def forward(self, x):
            if np.abs(x - np.round(x)).max() > 1e-3:
                raise ta.TinyaeError("integers only")
            return self.inner(x)

        def backward(self, dy):
            return -self.inner.backward(dy)

    report = gradcheck(OnlyIntegers(), np.array([0.0, 1.0]))
    assert [finding.location for finding in report.findings] == [(1,)]
