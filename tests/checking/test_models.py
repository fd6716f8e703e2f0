"""Models that end in their own loss."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import tinyae as ta
from tests.checking.faulty import with_wrong_element
from tinyae.checking import gradcheck


def vae(reconstruction: str = "bce", prior: str = "kl") -> ta.VAE:
    return ta.VAE(
        ta.Sequential(ta.Linear(6, 5), ta.ReLU()),
        ta.Linear(5, 2),
        ta.Linear(5, 2),
        ta.Sequential(ta.Linear(2, 6), ta.Sigmoid()),
        reconstruction=reconstruction,
        prior=prior,
        beta=2.0,
    )


X = np.random.default_rng(0).random((4, 6)).astype("float32")


@pytest.mark.parametrize("prior", ["kl", "em", "em-strict"])
@pytest.mark.parametrize("reconstruction", ["mse", "bce"])
def test_a_vae_passes_in_all_its_parameters(reconstruction, prior):
    model = vae(reconstruction, prior)
    report = gradcheck(model, X)
    assert report.passed, report
    assert [result.tensor for result in report.tensors] == list(model.named_parameters())


def test_a_vae_on_images_with_empty_corners():
    assert gradcheck(vae(), np.where(X < 0.5, 0, X)).passed
    assert gradcheck(vae(), np.zeros_like(X)).passed


def test_one_wrong_element_of_a_vae():
    (finding,) = gradcheck(with_wrong_element(vae(), "log_var.weight", (0, 1)), X).findings
    assert (finding.tensor, finding.location) == ("log_var.weight", (0, 1))


def test_a_vae_that_forgets_the_half_in_the_derivative_of_its_sample():
    model = vae()

    class Twice(type(model.sampler)):
        def backward(self, dz):
            d_mean, d_log_var = super().backward(dz)
            return d_mean, 2 * d_log_var

    model.sampler = Twice()
    tensors = {finding.tensor for finding in gradcheck(model, X).findings}
    assert {"log_var.weight", "log_var.bias"} <= tensors
    assert not tensors & {"mean.weight", "mean.bias", "decoder.0.weight", "decoder.0.bias"}


class Halves(ta.Module):
    """L = ½ Σ (w x)², as small as a model can be."""

    total = staticmethod(lambda number: number)

    def __init__(self):
        super().__init__()
        self.weight = ta.Parameter(np.array([0.5, 2.0]))

    def loss(self, x):
        self.x = x
        number = 0.5 * ((self.weight.value * x) ** 2).sum()
        return SimpleNamespace(total=self.total(number))

    def backward(self):
        self.weight.grad += (self.weight.value * self.x**2).sum(axis=0)


def test_a_model_of_ones_own():
    x = np.random.default_rng(0).normal(size=(3, 2))
    assert gradcheck(Halves(), x).passed
    assert [result.tensor for result in gradcheck(Halves(), x).tensors] == ["weight"]
    (finding,) = gradcheck(with_wrong_element(Halves(), "weight", (1,)), x).findings
    assert finding.location == (1,)


def test_a_total_may_be_a_plain_number_but_must_be_one_number():
    x = np.random.default_rng(0).normal(size=(3, 2))

    class Plain(Halves):
        total = staticmethod(float)

    class Many(Halves):
        total = staticmethod(lambda number: number * np.ones(3))

    class Nothing(Halves):
        def loss(self, x):
            super().loss(x)

    assert gradcheck(Plain(), x).passed
    with pytest.raises(ta.TinyaeError, match=r"Many\(\)\.loss: expected .* one number"):
        gradcheck(Many(), x)
    with pytest.raises(ta.TinyaeError, match="got NoneType"):
        gradcheck(Nothing(), x)
