"""``ta.check_taylor``: order 2 for right gradients, 1 for wrong ones, and its plot."""

import numpy as np
import pytest

import tinyae as ta

X = np.random.default_rng(0).standard_normal((5, 4))


class OffBy(ta.Tanh):
    def __init__(self, part):
        super().__init__()
        self.part = part

    def backward(self, dy):
        return (1 + self.part) * super().backward(dy)


RIGHT = {
    "linear": lambda: ta.Linear(4, 3),
    "tanh": lambda: ta.Tanh(),
    "relu": lambda: ta.ReLU(),
    "leaky": lambda: ta.LeakyReLU(0.1),
    "softplus": lambda: ta.Softplus(),
    "log softmax": lambda: ta.LogSoftmax(),
    "batch norm": lambda: ta.BatchNorm1d(4),
    "dropout": lambda: ta.Dropout(0.3),
    "network": lambda: ta.Sequential(ta.Linear(4, 6), ta.ReLU(), ta.Linear(6, 2), ta.Sigmoid()),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", RIGHT)
def test_right_layers_pass(name, seed):
    report = ta.check_taylor(RIGHT[name](), X, seed)
    assert report.passed, str(report)


@pytest.mark.parametrize("part", [-2.0, -1.0, -0.5, 0.1, 1.0, 0.001, 1e-4])
def test_a_wrong_gradient_has_a_remainder_of_first_order(part):
    report = ta.check_taylor(OffBy(part), X)
    (finding,) = report.findings
    assert (finding.tensor, finding.mistake) == ("input", "wrong-order")
    if abs(part) >= 0.1:
        assert report.remainders["input"].order == pytest.approx(1, abs=0.05)


def test_the_order_of_a_right_gradient_is_two():
    assert ta.check_taylor(ta.Tanh(), X).remainders["input"].order == pytest.approx(2, abs=0.02)


def test_a_straight_function_leaves_rounding_alone():
    report = ta.check_taylor(ta.Linear(4, 3), X)
    assert all(np.isinf(remainder.order) for remainder in report.remainders.values())
    assert "weight: no remainder but rounding" in str(report)


def test_only_the_wrong_tensor_is_named():
    class HalfBias(ta.Linear):
        def backward(self, dy):
            dx = super().backward(dy)
            self.bias.grad *= 0.5
            return dx

    network = ta.Sequential(HalfBias(4, 3), ta.Tanh())
    (finding,) = ta.check_taylor(network, X).findings
    assert finding.tensor == "0.bias"
    (finding,) = ta.check_taylor(HalfBias(4, 3), X).findings
    assert finding.tensor == "bias"


def test_models_are_checked_in_their_parameters():
    ta.seed(0)
    vae = ta.VAE(
        ta.Sequential(ta.Linear(4, 3), ta.Tanh()), ta.Linear(3, 2), ta.Linear(3, 2), ta.Linear(2, 4)
    )
    report = ta.check_taylor(vae, X)
    assert report.passed
    assert "mean.weight" in report.remainders


def test_a_gradient_of_another_shape_is_a_finding():
    class Transposed(ta.Linear):
        def backward(self, dy):
            dx = super().backward(dy)
            self.weight.grad = self.weight.grad.T
            return dx

    (finding,) = ta.check_taylor(Transposed(4, 3), X).findings
    assert (finding.tensor, finding.mistake) == ("weight", "wrong-shape")


def test_a_backward_that_breaks_off_is_a_finding():
    class Broken(ta.Tanh):
        def backward(self, dy):
            raise RuntimeError("no")

    (finding,) = ta.check_taylor(Broken(), X).findings
    assert finding.mistake == "raises"


def test_what_is_no_layer_is_refused():
    with pytest.raises(ta.TinyaeError, match="check_taylor: expected layer to be a Module"):
        ta.check_taylor(3, X)


# the plot


def test_the_plot_shows_every_tensor_and_both_slopes():
    report = ta.check_taylor(ta.Sequential(ta.Linear(4, 3), ta.Tanh()), X)
    (axes,) = ta.plots.taylor(report, title="T").axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    drawn = {line.get_label().partition(":")[0]: line for line in axes.lines}
    for name, remainder in report.remainders.items():
        np.testing.assert_array_equal(drawn[name].get_xdata(), remainder.steps)
        np.testing.assert_array_equal(drawn[name].get_ydata(), remainder.values)
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    for line, slope in zip(dashed, (2, 1), strict=True):
        x, y = np.log(line.get_xdata()), np.log(line.get_ydata())
        assert np.polyfit(x, y, 1)[0] == pytest.approx(slope)
    words = {text.get_text() for text in axes.texts}
    assert words == {"slope 2: right", "slope 1: wrong", "rounding"}


def test_the_plot_refuses_another_report():
    with pytest.raises(ta.TinyaeError, match=r"expected report to be a TaylorReport"):
        ta.plots.taylor(ta.gradcheck(ta.Tanh(), X))
