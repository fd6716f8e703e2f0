"""``intermediates=True``: the first wrong line of a hand-written backward."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinyae as ta

X = np.random.default_rng(0).normal(size=(5, 3))


class TwoLayers(ta.Layer):
    """y = tanh(x W₁ + b) W₂, as a student writes it."""

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(1)
        self.w1 = ta.Parameter(rng.normal(size=(3, 4)))
        self.b = ta.Parameter(rng.normal(size=4))
        self.w2 = ta.Parameter(rng.normal(size=(4, 2)))

    def forward(self, x):
        self.x = x
        z = x @ self.w1.value
        z += self.b.value
        hidden = np.tanh(z)
        self.z, self.hidden = z, hidden
        return hidden @ self.w2.value

    def backward(self, dy):
        self.w2.grad += self.hidden.T @ dy
        d_hidden = dy @ self.w2.value.T
        dz = d_hidden * (1 - self.hidden**2)
        self.w1.grad += self.x.T @ dz
        self.b.grad += dz.sum(axis=0)
        return dz @ self.w1.value.T


class DerivativeOfZ(TwoLayers):
    def backward(self, dy):
        self.w2.grad += self.hidden.T @ dy
        d_hidden = dy @ self.w2.value.T
        dz = d_hidden * (1 - self.z**2)  # the line
        self.w1.grad += self.x.T @ dz
        self.b.grad += dz.sum(axis=0)
        return dz @ self.w1.value.T


class AveragesHidden(TwoLayers):
    def backward(self, dy):
        self.w2.grad += self.hidden.T @ dy
        grad_hidden = dy @ self.w2.value.T / len(dy)  # the line
        d_z = grad_hidden * (1 - self.hidden**2)
        self.w1.grad += self.x.T @ d_z
        self.b.grad += d_z.sum(axis=0)
        return d_z @ self.w1.value.T


class NoDerivative(TwoLayers):
    def backward(self, dy):
        self.w2.grad += self.hidden.T @ dy
        dhidden = dy @ self.w2.value.T
        dz = dhidden  # the line
        self.w1.grad += self.x.T @ dz
        self.b.grad += dz.sum(axis=0)
        return dz @ self.w1.value.T


class OneNameForAll(TwoLayers):
    def forward(self, x):
        self.x = x
        h = x @ self.w1.value + self.b.value
        h = np.maximum(h, 0)
        self.h = h
        return h @ self.w2.value

    def backward(self, dy):
        self.w2.grad += self.h.T @ dy
        dh = dy @ self.w2.value.T
        dh = dh * (self.h >= 0)  # the line
        self.w1.grad += self.x.T @ dh
        self.b.grad += dh.sum(axis=0)
        return dh @ self.w1.value.T


CASES = [
    (DerivativeOfZ, "dz", "derivative-at-output"),
    (AveragesHidden, "grad_hidden", "scaled"),
    (NoDerivative, "dz", "passes-upstream-through"),
    (OneNameForAll, "dh (line {})", "missing-mask"),
]


def line_of(layer: type) -> int:
    lines, first = inspect.getsourcelines(layer)
    return first + next(i for i, line in enumerate(lines) if "# the line" in line)


def test_right_steps_are_listed_and_pass():
    report = ta.gradcheck(TwoLayers(), X, intermediates=True)
    assert report.passed, report
    assert report.warnings == []
    tensors = [result.tensor for result in report.tensors]
    assert tensors == ["d_hidden", "dz", "input", "w1", "b", "w2"]


@pytest.mark.parametrize(("layer", "name", "mistake"), CASES)
def test_the_first_wrong_line_is_named(layer, name, mistake):
    line = line_of(layer)
    report = ta.gradcheck(layer(), X, intermediates=True)
    first = report.findings[0]
    assert (first.tensor, first.mistake) == (name.format(line), mistake)
    assert f"{name.format(line)}: " in str(report)
    assert f"test_steps_of_backward.py, line {line}: " in first.message
    assert [finding.tensor for finding in report.findings[1:]] == ["input", "w1", "b"]
    assert {finding.message for finding in report.findings[1:]} == {
        f"the same mistake as in {first.tensor}"
    }


@pytest.mark.parametrize(("layer", "name", "mistake"), CASES)
def test_the_steps_explain_also_where_they_are_not_asked_for(layer, name, mistake):
    report = ta.gradcheck(layer(), X)
    assert [f.tensor for f in report.findings] == ["input", "w1", "b"]
    assert {f.mistake for f in report.findings} == {mistake}
    assert f"line {line_of(layer)}: " in report.findings[0].message


def test_only_what_the_step_explains_is_put_down_to_it():
    class Both(DerivativeOfZ):
        def backward(self, dy):
            self.w2.grad += 2 * self.hidden.T @ dy
            d_hidden = dy @ self.w2.value.T
            dz = d_hidden * (1 - self.z**2)
            self.w1.grad += self.x.T @ dz
            self.b.grad += dz.sum(axis=0)
            return dz @ self.w1.value.T

    codes = {f.tensor: f.mistake for f in ta.gradcheck(Both(), X, intermediates=True).findings}
    assert codes.pop("w2") == "scaled"
    assert set(codes.values()) == {"derivative-at-output"}


def test_without_names_that_fit_there_is_a_warning():
    report = ta.gradcheck(ta.Linear(3, 2), X, intermediates=True)
    assert report.passed
    assert [w for w in report.warnings if "no step of backward was checked" in w]


def test_the_layer_itself_is_not_changed():
    layer = TwoLayers()
    ta.gradcheck(layer, X, intermediates=True)
    assert type(layer) is TwoLayers
    assert not hasattr(layer, "hidden")


def test_whatever_else_has_a_name_is_left_alone():
    class NamesEverything(TwoLayers):
        def backward(self, dy):
            weight, samples, zeros = self.w2, len(dy), [0] * 3
            copy_of_weight = self.w2
            weight.grad += self.hidden.T @ dy
            d_hidden = dy @ copy_of_weight.value.T + samples * zeros[0]
            d_z, _unused = d_hidden * (1 - self.hidden**2), None
            for parameter, gradient in ((self.w1, self.x.T @ d_z), (self.b, d_z.sum(axis=0))):
                parameter.grad += gradient
            return d_z @ self.w1.value.T

    report = ta.gradcheck(NamesEverything(), X, intermediates=True)
    assert report.passed, report
    assert report.tensors[0].tensor == "d_hidden"


def test_super_and_variables_from_outside_still_work():
    factor = 3.0

    class Scaled(TwoLayers):
        def forward(self, x):
            out = super().forward(x)
            scaled = factor * out
            return scaled + 1

        def backward(self, dy):
            d_out = factor * dy
            return super().backward(d_out)

    report = ta.gradcheck(Scaled(), X, intermediates=True)
    assert report.passed, report
    assert report.tensors[0].tensor == "d_out"
