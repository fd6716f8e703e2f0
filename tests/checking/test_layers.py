"""Every layer passes; with one element of one gradient wrong by 0.1% it does not."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LAYERS, LayerCase
from tests.checking.faulty import Scale, with_wrong_element
from tinyae.checking import gradcheck
from tinyae.checking.probe import Probe


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_a_right_layer_passes_with_every_element_compared(case: LayerCase):
    layer, x = case.layer(), case.input()
    report = gradcheck(layer, x)
    assert report.passed, report
    assert [result.tensor for result in report.tensors] == ["input", *layer.named_parameters()]
    for result in report.tensors:
        assert result.compared == result.gradient.size
        assert result.error < 1e-6
        # (a bias in front of batch norm has no effect: what is compared there is rounding)
        np.testing.assert_allclose(result.gradient, result.numerical, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_one_element_wrong_by_a_thousandth_is_found_and_named(case: LayerCase):
    right = gradcheck(case.layer(), case.input())
    layer, planted = case.layer(), {}
    for result in right.tensors:
        largest = np.unravel_index(np.abs(result.gradient).argmax(), result.gradient.shape)
        planted[result.tensor] = tuple(map(int, largest))
        with_wrong_element(layer, result.tensor, planted[result.tensor])
    report = gradcheck(layer, case.input())
    assert not report.passed
    assert {finding.tensor: finding.location for finding in report.findings} == planted
    for result, finding in zip(right.tensors, report.findings, strict=True):
        gradient = result.gradient[finding.location]
        assert finding.mistake == "unknown"
        assert finding.error == pytest.approx(1e-3, rel=0.01)
        assert finding.numerical == pytest.approx(gradient, rel=1e-6)
        assert finding.analytic == pytest.approx(1.001 * gradient, rel=1e-9)


def test_the_given_layer_is_never_run_nor_changed():
    layer = ta.Sequential(ta.Linear(3, 4), ta.BatchNorm1d(4), ta.Dropout(0.5), ta.Linear(4, 2))
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    layer.backward(layer(x))
    layer[0].weight.grad[0, 0] = 7
    before, given, name = copy.deepcopy(layer), x.copy(), layer[0].weight.name
    gradcheck(layer, x)
    for path, parameter in layer.named_parameters().items():
        expected = before.named_parameters()[path]
        np.testing.assert_array_equal(parameter.value, expected.value)
        np.testing.assert_array_equal(parameter.grad, expected.grad)
        assert parameter.value.dtype == "float32"
    for path, value in before.state_dict().items():
        np.testing.assert_array_equal(layer.state_dict()[path], value)
    np.testing.assert_array_equal(layer[2].mask, before[2].mask)
    np.testing.assert_array_equal(layer[3].x, before[3].x)
    np.testing.assert_array_equal(x, given)
    assert layer.training
    assert layer[0].weight.name == name


def test_an_input_that_must_not_be_written_to():
    x = np.random.default_rng(0).normal(size=(4, 3))
    x.flags.writeable = False
    assert gradcheck(ta.Linear(3, 2), x).passed


def test_the_random_numbers_go_on_as_if_nothing_had_happened():
    ta.seed(5)
    expected = [ta.backend.host_generator().random() for _ in range(4)]
    ta.seed(5)
    drawn = [ta.backend.host_generator().random() for _ in range(2)]
    gradcheck(ta.Dropout(0.5), np.ones((3, 4)))
    drawn += [ta.backend.host_generator().random() for _ in range(2)]
    assert drawn == expected


def test_the_mode_is_the_layers_own():
    x = np.random.default_rng(0).normal(size=(5, 3))
    training = gradcheck(ta.BatchNorm1d(3), x).tensors[0].gradient
    evaluation = gradcheck(ta.BatchNorm1d(3).eval(), x).tensors[0].gradient
    np.testing.assert_allclose(training.sum(axis=0), 0, atol=1e-12)
    assert np.abs(evaluation.sum(axis=0)).min() > 1e-3


def test_running_statistics_stand_still_while_the_layer_is_probed():
    layer = ta.BatchNorm1d(3)
    probe = Probe(layer, np.random.default_rng(0).normal(size=(5, 3)), seed=0)
    first = probe.output()
    once = probe.layer.state_dict()
    for _ in range(3):
        np.testing.assert_array_equal(probe.output(), first)
    np.testing.assert_array_equal(probe.layer.running_mean, once["running_mean"])
    assert probe.layer.num_batches_tracked == 1


def test_the_upstream_gradient_is_random_and_the_seeds():
    x = np.zeros((40, 3))
    dys = [Probe(Scale(), x, seed).dy for seed in (0, 0, 1)]
    np.testing.assert_array_equal(dys[0], dys[1])
    assert not np.array_equal(dys[0], dys[2])
    assert 0.8 < dys[0].std() < 1.2


def test_the_same_seed_gives_the_same_report():
    def reports(seed):
        x = np.random.default_rng(3).normal(size=(4, 3))
        return str(gradcheck(ta.Sequential(ta.Linear(3, 2), ta.Dropout(0.3)), x, seed=seed))

    ta.seed(1)
    first = reports(0)
    ta.seed(1)
    assert reports(0) == first
    ta.seed(1)
    assert reports(2) != first


def test_a_layer_of_ones_own():
    x = np.random.default_rng(0).normal(size=(4, 3))
    report = gradcheck(Scale(), x)
    assert report.passed
    assert [result.tensor for result in report.tensors] == ["input", "weight"]
    assert gradcheck(ta.Sequential(ta.Linear(3, 3), Scale(), ta.Tanh()), x).passed


def test_a_layer_that_uses_its_weight_twice():
    class Twice(ta.Layer):
        def __init__(self):
            super().__init__()
            self.one = ta.Linear(3, 3)
            self.two = ta.Linear(3, 3)
            self.two.weight = self.one.weight

        def forward(self, x):
            return self.two(self.one(x))

        def backward(self, dy):
            return self.one.backward(self.two.backward(dy))

    report = gradcheck(Twice(), np.random.default_rng(0).normal(size=(4, 3)))
    assert report.passed, report
    assert [r.tensor for r in report.tensors] == ["input", "one.weight", "one.bias", "two.bias"]


def test_an_autoencoder():
    model = ta.Autoencoder(
        ta.Sequential(ta.Linear(6, 2), ta.Tanh()), ta.Sequential(ta.Linear(2, 6), ta.Sigmoid())
    )
    x = np.random.default_rng(0).random((4, 6))
    assert gradcheck(model, x).passed
    (finding,) = gradcheck(with_wrong_element(model, "decoder.0.weight", (3, 1)), x).findings
    assert (finding.tensor, finding.location) == ("decoder.0.weight", (3, 1))


def test_a_layer_without_parameters_on_numbers_without_axes():
    report = gradcheck(ta.Tanh(), np.array(0.3))
    assert report.passed
    assert report.tensors[0].location == ()


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_numbers_of_any_size_pass(scale):
    x = scale * np.random.default_rng(0).normal(size=(5, 3))
    assert gradcheck(ta.BatchNorm1d(3), x).passed
    assert gradcheck(ta.Linear(3, 2), x).passed
    x = np.abs(x) + 100 * scale
    assert gradcheck(ta.BatchNorm1d(3), x).passed


@pytest.mark.parametrize("case", [LAYERS[0], LAYERS[4], LAYERS[-2]], ids=str)
def test_arrays_stay_on_their_backend(case: LayerCase, backend: str):
    xp = ta.backend.get_module(backend)
    report = gradcheck(case.layer(backend=backend), xp.asarray(case.input()))
    assert report.passed, report
    assert isinstance(report.tensors[0].gradient, np.ndarray)
