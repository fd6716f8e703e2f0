"""The short cut of training: gradients of the parameters without that of the data."""

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LAYERS, upstream


def gradients(module):
    return {name: p.grad.copy() for name, p in module.named_parameters().items()}


@pytest.mark.parametrize("case", LAYERS, ids=str)
def test_it_adds_what_backward_adds(case):
    layer, x = case.layer("float64"), case.input("float64")
    dy = upstream(layer(x).shape, "float64")
    layer.zero_grad()
    layer.backward(dy)
    expected = gradients(layer)
    assert layer.accumulate(dy) is None
    for name, gradient in gradients(layer).items():
        np.testing.assert_array_equal(gradient, 2 * expected[name], err_msg=name)


def vae():
    heads = ta.Linear(3, 2), ta.Linear(3, 2)
    return ta.VAE(ta.Sequential(ta.Linear(4, 3), ta.Tanh()), *heads, ta.Linear(2, 4))


@pytest.mark.parametrize(
    "build",
    [
        vae,
        lambda: ta.Autoencoder(ta.Linear(4, 2), ta.Linear(2, 4)),
        lambda: ta.Sequential(ta.Linear(4, 3), ta.ReLU(), ta.Linear(3, 4)),
        lambda: ta.Sequential(ta.Tanh(), ta.Linear(4, 4)),
    ],
    ids=["VAE", "Autoencoder", "Sequential", "Sequential from an activation"],
)
def test_training_by_backward_ends_at_the_same_bits(build, monkeypatch):
    x = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")

    def trained():
        ta.seed(0)
        model = build()
        loss = None if isinstance(model, ta.VAE) else ta.MSELoss()
        ta.fit(model, [x[:6], x[6:]], 3, ta.Adam(model.parameters()), loss, progress=False)
        return model.state_dict()

    short = trained()
    for cls in (ta.Linear, ta.Sequential, ta.Autoencoder, ta.VAE):
        monkeypatch.setattr(cls, "accumulate", ta.Module.accumulate)
    for name, value in trained().items():
        np.testing.assert_array_equal(short[name], value, err_msg=name)


class Frozen(ta.Linear):
    def backward(self, dy):
        return dy @ self.weight.value


def test_a_backward_of_ones_own_is_the_one_that_trains():
    model, x = ta.Sequential(Frozen(3, 2), ta.Linear(2, 3)), np.ones((2, 3), "float32")
    before = model.state_dict()
    ta.fit(model, [x], 2, ta.SGD(model.parameters(), lr=0.1), ta.MSELoss(), progress=False)
    after = model.state_dict()
    assert (before["0.weight"] == after["0.weight"]).all()
    assert (before["1.weight"] != after["1.weight"]).all()


def test_it_refuses_what_backward_refuses():
    layer = ta.Linear(3, 2)
    with pytest.raises(ta.TinyaeError, match="backward called before forward"):
        layer.accumulate(np.ones((1, 2), "float32"))
    layer(np.ones((4, 3), "float32"))
    with pytest.raises(ta.TinyaeError, match=r"upstream gradient of the output's shape \(4, 2\)"):
        layer.accumulate(np.ones((1, 2), "float32"))
