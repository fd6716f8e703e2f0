"""The sentence that a student reads, with its place; who is to blame in a network."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tinyae as ta
from tinyae.checking.steps import check_step

X = np.random.default_rng(0).normal(size=(8, 3))


class Dense(ta.Layer):
    """A student's own layer, in a layout of their own: y = x W + b."""

    def __init__(self, inputs: int = 3, outputs: int = 2) -> None:
        super().__init__()
        rng = np.random.default_rng(1)
        self.W = ta.Parameter(rng.normal(size=(inputs, outputs)))
        self.b = ta.Parameter(rng.normal(size=outputs))

    def forward(self, x):
        self.x = x
        return x @ self.W.value + self.b.value

    def backward(self, dy):
        self.W.grad += self.x.T @ dy
        self.b.grad += dy.sum(axis=0)
        return dy @ self.W.value.T


class MeanBias(Dense):
    def backward(self, dy):
        self.W.grad += self.x.T @ dy
        self.b.grad += dy.mean(axis=0)
        return dy @ self.W.value.T


class MinusInput(Dense):
    def backward(self, dy):
        return -super().backward(dy)


def test_a_bias_averaged_instead_of_summed_is_told_in_one_sentence():
    (finding,) = ta.gradcheck(MeanBias(), X).findings
    assert (finding.tensor, finding.mistake) == ("b", "missing-batch-sum")
    assert "averaged over the batch of N = 8 instead of summed (0.125 = 1/8" in finding.message
    assert "test_diagnosis.py, line " in finding.message
    assert "self.b.grad += dy.mean(axis=0)" in finding.message
    assert ". " not in finding.message


def test_a_parameter_of_a_layer_in_a_network_has_its_path():
    network = ta.Sequential(ta.Tanh(), MeanBias(), ta.Tanh())
    (finding,) = ta.gradcheck(network, X).findings
    assert (finding.tensor, finding.mistake) == ("1.b", "missing-batch-sum")
    assert "dy.mean(axis=0)" in finding.message


def test_the_layer_to_blame_is_named_once_for_all_that_it_spoils():
    network = ta.Sequential(ta.Linear(3, 4), ta.Sequential(MinusInput(4, 2)), ta.Linear(2, 2))
    findings = ta.gradcheck(network, X).findings
    assert [finding.tensor for finding in findings] == ["input", "0.weight", "0.bias"]
    assert {finding.mistake for finding in findings} == {"scaled"}
    assert "layer 1, Sequential, hands a wrong gradient on" in findings[0].message
    assert "layer 0, MinusInput(4, 2), hands" in findings[0].message
    assert findings[1].message == "the same mistake as in input"


class Block(ta.Layer):
    """y = outer(tanh(inner(x)))."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer = ta.Linear(3, 3), ta.Linear(3, 3)

    def forward(self, x):
        return self.outer(ta.array_module(x).tanh(self.inner(x)))

    def backward(self, dy):
        return self.inner.backward(self.outer.backward(dy))


def test_right_layers_put_together_wrongly():
    findings = ta.gradcheck(Block(), X).findings
    assert {finding.mistake for finding in findings} == {"passes-upstream-through"}
    assert "the backward of Block hands a wrong gradient to inner" in findings[0].message
    assert "return self.inner.backward(self.outer.backward(dy))" in findings[0].message


def test_large_tensors_are_diagnosed_along_directions():
    class Halves(ta.Linear):
        def backward(self, dy):
            dx = super().backward(dy)
            self.weight.grad /= 2
            return dx

    report = ta.gradcheck(Halves(784, 100), np.random.default_rng(0).normal(size=(5, 784)))
    assert ("weight", "scaled") in [(f.tensor, f.mistake) for f in report.findings]

    class Passes(ta.Tanh):
        def backward(self, dy):
            return dy

    report = ta.gradcheck(Passes(), np.random.default_rng(0).normal(size=(400, 1000)))
    assert [f.mistake for f in report.findings] == ["passes-upstream-through"]


def test_a_gradient_of_another_shape_is_told_with_what_would_be_right():
    class NotSummed(Dense):
        def backward(self, dy):
            self.W.grad += dy.T @ self.x
            self.b.grad += dy
            return dy @ self.W.value.T

    findings = {f.tensor: f for f in ta.gradcheck(NotSummed(), X).findings}
    assert findings["W"].mistake == "transposed"
    assert "came as (2, 3), and W is (3, 2)" in findings["W"].message
    assert findings["b"].mistake == "wrong-shape"
    assert "is .sum(axis=0) missing?" in findings["b"].message


WRONG = [
    (MeanBias(), X, "missing-batch-sum"),
    (MinusInput(), X, "scaled"),
    (type("NoMask", (ta.ReLU,), {"backward": lambda self, dy: dy})(), X, "missing-mask"),
    (ta.Sequential(MinusInput(), ta.Tanh()), X, "scaled"),
    (Block(), X, "passes-upstream-through"),
]


@pytest.mark.parametrize(("layer", "x", "mistake"), WRONG, ids=lambda case: type(case).__name__)
def test_mistakes_have_their_names_on_every_backend(layer, x, mistake, backend):
    xp = ta.backend.get_module(backend)
    report = ta.gradcheck(copy.deepcopy(layer).to(backend), xp.asarray(x))
    assert {finding.mistake for finding in report.findings} == {mistake}


def test_a_target_belongs_to_a_loss():
    with pytest.raises(ta.TinyaeError, match="a target belongs to a loss"):
        ta.gradcheck(ta.Tanh(), X, target=X)
    with pytest.raises(ta.TinyaeError, match=r"a loss is checked with a target="):
        ta.gradcheck(ta.MSELoss(), X)
    report = ta.gradcheck(ta.MSELoss(), X, target=X + 1)
    assert report.passed
    assert "MSELoss(reduction='mean')" in str(report)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_right_steps_of_an_optimizer_pass(momentum, decay):
    def plain(parameters):
        return PlainSGD(parameters, 0.1, momentum, decay)

    report = check_step(lambda p: ta.SGD(p, 0.1, momentum, decay), plain)
    assert report.passed, report


class PlainSGD:
    """The formula as it stands in the books."""

    def __init__(self, parameters, lr, momentum, decay):
        self.parameters, self.lr, self.momentum, self.decay = parameters, lr, momentum, decay
        self.velocity = [0.0] * len(parameters)

    def step(self):
        for number, parameter in enumerate(self.parameters):
            g = parameter.grad + self.decay * parameter.value
            self.velocity[number] = self.momentum * self.velocity[number] + g
            parameter.value -= self.lr * self.velocity[number]
