"""Mistakes that are not about numbers, each planted and found under its code."""

from __future__ import annotations

import numpy as np
import pytest

import tinyae as ta
from tests.checking import faulty
from tinyae.checking import gradcheck
from tinyae.checking.probe import strided_copy

X = np.random.default_rng(0).normal(size=(4, 3))

MISTAKES = [
    (faulty.MutatesInputInForward, "input", "mutates-input", "forward changed x"),
    (faulty.MutatesInputInBackward, "input", "mutates-input", "backward changed x"),
    (faulty.MutatesUpstream, "upstream", "mutates-upstream", "backward changed dy"),
    (faulty.Overwrites, "weight", "overwritten", "+="),
    (faulty.OverwritesInPlace, "weight", "overwritten", "+="),
    (faulty.ClearsFirst, "weight", "overwritten", "zero_grad"),
    (faulty.ReturnsNothing, "input", "wrong-shape", "`return`"),
    (faulty.ReturnsSum, "input", "wrong-shape", "shape (3,), expected (4, 3)"),
    (faulty.ReturnsFloat32, "input", "wrong-shape", "float32, expected float64"),
    (faulty.ReturnsNumber, "input", "wrong-shape", "float instead of a numpy array"),
    (faulty.PutsGradientOfAnotherShape, "weight", "wrong-shape", "shape (4, 3), expected (3,)"),
    (faulty.ReturnsNaN, "input", "not-finite", "12 NaN or infinite values among 12"),
    (faulty.PutsNaN, "weight", "not-finite", "1 NaN or infinite values among 3"),
    (faulty.StepsInBackward, "weight", "updates-weights", "backward changed the value of weight"),
    (faulty.StepsByRebinding, "weight", "updates-weights", "optimizer's work"),
    (faulty.ClipsWeightInForward, "weight", "updates-weights", "forward changed"),
    (faulty.DrawsItsOwnMask, "output", "forward-inconsistent", "generator_for(x)"),
    (faulty.CountsCalls, "output", "forward-inconsistent", "another output when called again"),
    (faulty.KeepsItsGradient, "input", "depends-on-state", "gave input another gradient"),
    (faulty.ForgetsWhatItHeld, "weight", "depends-on-state", "gave weight another gradient"),
    (faulty.ReadsMemory, "output", "depends-on-layout", "not contiguous"),
    (faulty.NeedsContiguous, "input", "depends-on-layout", "flat.shape = (dy.size,)"),
    (faulty.NeedsContiguousInput, "input", "depends-on-layout", "flat.shape = (x.size,)"),
    (faulty.TransposesItsWeight, "weight", "updates-weights", "backward changed"),
    (faulty.GivesNaN, "output", "not-finite", "12 NaN or infinite values among 12"),
    (faulty.GivesFloat32, "output", "wrong-shape", "forward gave float32"),
    (faulty.RaisesInBackward, "input", "raises", "RaisesInBackward().backward raised ValueError"),
    (faulty.RaisesTheSecondTime, "input", "raises", "only once"),
]


@pytest.mark.parametrize(
    ("layer", "tensor", "mistake", "words"), MISTAKES, ids=[case[0].__name__ for case in MISTAKES]
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_mistake_is_named_and_nothing_else_is(layer, tensor, mistake, words):
    report = gradcheck(layer(), X)
    assert not report.passed
    assert [(f.tensor, f.mistake) for f in report.findings] == [(tensor, mistake)], report
    assert words in report.findings[0].message


@pytest.mark.parametrize("layer", [faulty.MutatesUpstream, faulty.Overwrites, faulty.ReturnsSum])
def test_gradients_that_can_be_judged_are_judged_all_the_same(layer):
    report = gradcheck(layer(), X)
    assert "weight" in [result.tensor for result in report.tensors]
    assert not any(result.wrong for result in report.tensors)


def test_a_child_that_overwrites_is_named_by_its_path():
    report = gradcheck(ta.Sequential(ta.Tanh(), faulty.Overwrites()), X)
    assert [(f.tensor, f.mistake) for f in report.findings] == [("1.weight", "overwritten")]


def test_several_mistakes_stand_together():
    class Both(faulty.MutatesUpstream):
        def backward(self, dy):
            self.weight.grad = 2 * (dy * self.x).sum(axis=0)
            dy *= self.weight.value
            return dy

    codes = {(f.tensor, f.mistake) for f in gradcheck(Both(), X).findings}
    assert codes == {
        ("upstream", "mutates-upstream"),
        ("weight", "overwritten"),
        ("weight", "scaled"),
    }


def test_a_mask_drawn_again_in_backward_is_wrong():
    report = gradcheck(faulty.RedrawsMask(), X)
    assert [(f.tensor, f.mistake) for f in report.findings] == [("input", "missing-mask")]
    assert report.tensors[0].wrong > 1


def test_numbers_computed_in_float32_are_not_called_right():
    (first, *_) = gradcheck(faulty.ComputesInFloat32(), X).findings
    assert first.mistake == "unknown"
    assert "less than float64" in first.message


def test_a_derivative_that_cannot_be_had_is_not_called_right():
    findings = gradcheck(faulty.Rough(), X).findings
    assert findings
    assert all("does not settle" in finding.message for finding in findings)
    (finding,) = gradcheck(faulty.HasAnEdge(1), np.array([[0.5], [1.0]])).findings
    assert (finding.tensor, finding.location, finding.error) == ("input", (1, 0), np.inf)
    assert "does not settle" in finding.message


def test_nothing_is_compared_if_forward_is_another_function_each_time():
    assert gradcheck(faulty.ClipsWeightInForward(), X).tensors == []
    assert gradcheck(faulty.CountsCalls(), X).tensors == []


def test_a_tie_that_rounding_decides_is_not_a_matter_of_layout():
    class PositiveSums(ta.Layer):
        def forward(self, x):
            self.x, self.positive = x, x.sum(axis=1, keepdims=True) > 0
            return self.positive * x.sum(axis=1, keepdims=True)

        def backward(self, dy):
            return np.broadcast_to(dy * self.positive, self.x.shape).copy()

    def rounds_otherwise(x):
        return ((x.sum(axis=1) > 0) != (strided_copy(x).sum(axis=1) > 0)).any()

    batches = np.random.default_rng(0).normal(size=(100, 4, 16))
    batches[..., -1] -= batches.sum(axis=2)
    x = next(filter(rounds_otherwise, batches))
    report = gradcheck(PositiveSums(), x)
    assert report.passed, report
    assert report.kinks


def test_an_output_of_another_shape_each_time():
    findings = gradcheck(faulty.GivesLessEachTime(), X).findings
    assert ("output", "forward-inconsistent") in [(f.tensor, f.mistake) for f in findings]


def test_an_output_that_is_no_array():
    with pytest.raises(ta.TinyaeError, match=r"GivesNothing\(\).*None"):
        gradcheck(faulty.GivesNothing(), X)


def test_an_exception_in_forward_is_told_with_its_line_and_its_cause():
    with pytest.raises(ta.TinyaeError) as caught:
        gradcheck(faulty.RaisesInForward(), X)
    message = str(caught.value)
    assert message.startswith("gradcheck: RaisesInForward().forward raised ValueError: operands")
    assert "faulty.py, line" in message
    assert "super().forward(x) + np.zeros((7, 7))" in message
    assert isinstance(caught.value.__cause__, ValueError)


def test_what_the_layer_itself_refuses_is_passed_on():
    with pytest.raises(ta.TinyaeError, match=r"^Linear\(3, 2\): expected input \(N, 3\), got"):
        gradcheck(ta.Linear(3, 2), np.ones((4, 5)))
    with pytest.raises(ta.TinyaeError, match="more than one value a feature"):
        gradcheck(ta.BatchNorm1d(3), np.ones((1, 3)))


@pytest.mark.parametrize(
    ("layer", "x", "words"),
    [
        (ta.Linear, X, r"got <class .*>; make one first: Linear\(\.\.\.\)"),
        (np.tanh, X, "expected a Layer, or a model with loss"),
        (ta.StackedAutoencoder([3, 2]), X, "expected a Layer, or a model with loss"),
        (ta.Tanh(), X.tolist(), "expected x to be an array, got list"),
        (ta.Tanh(), np.arange(6), "x of a float type, got int64"),
        (ta.Tanh(), np.array([1.0, np.nan]), "finite values, got NaN or infinite"),
        (ta.Tanh(), np.array([1.0, np.inf]), "finite values, got NaN or infinite"),
        (ta.Tanh(), np.ones((0, 3)), r"got shape \(0, 3\)"),
    ],
)
def test_what_cannot_be_checked_is_refused(layer, x, words):
    with pytest.raises(ta.TinyaeError, match=words):
        gradcheck(layer, x)


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_a_seed_is_a_number_from_0(seed):
    with pytest.raises(ta.TinyaeError, match="gradcheck: expected seed to be an integer"):
        gradcheck(ta.Tanh(), X, seed)
