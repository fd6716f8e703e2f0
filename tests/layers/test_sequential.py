"""A small Sequential is a list of layers, and the chain rule."""

import numpy as np
import pytest

import tinyae as ta


def network():
    return ta.Sequential(ta.Linear(5, 4), ta.Tanh(), ta.Linear(4, 3), ta.LogSoftmax())


def test_it_indexes_counts_and_iterates():
    model = network()
    assert len(model) == 4
    assert list(model) == model.layers == [model[0], model[1], model[2], model[3]]
    assert isinstance(model[1], ta.Tanh)
    assert model[-1] is model[3]
    with pytest.raises(IndexError):
        model[4]


def test_a_slice_is_a_sequential_that_shares_its_layers():
    model = network()
    tail = model[2:]
    assert isinstance(tail, ta.Sequential)
    assert list(tail) == [model[2], model[3]]
    assert list(tail.named_parameters()) == ["0.weight", "0.bias"]
    assert list(model[::2]) == [model[0], model[2]]
    assert tail[0].weight is model[2].weight


def test_forward_and_backward_are_the_layers_one_after_the_other():
    model, rng = network().astype("float64"), np.random.default_rng(0)
    x, dy = rng.normal(size=(6, 5)), rng.normal(size=(6, 3))
    y, dx = model(x), model.backward(dy)
    gradients = [p.grad.copy() for p in model.parameters()]
    model.zero_grad()
    for layer in model:
        x = layer(x)
    for layer in reversed(model.layers):
        dy = layer.backward(dy)
    np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(dy, dx)
    for before, parameter in zip(gradients, model.parameters(), strict=True):
        np.testing.assert_array_equal(parameter.grad, before)


def test_without_layers_it_is_the_identity():
    x = np.ones((2, 3))
    model = ta.Sequential()
    np.testing.assert_array_equal(model(x), x)
    np.testing.assert_array_equal(model.backward(2 * x), 2 * x)
    assert len(model) == 0


def test_no_layer_stands_in_it_twice():
    """Its second forward pass would overwrite what backward needs of the first."""
    relu = ta.ReLU()
    with pytest.raises(ta.TinyaeError, match=r"^Sequential: .* layer 2, ReLU\(\), .* also layer 0"):
        ta.Sequential(relu, ta.Linear(2, 2), relu)


def test_only_layers_are_layers():
    with pytest.raises(ta.TinyaeError, match=r"^Sequential: expected a Layer at 1, got <class"):
        ta.Sequential(ta.Linear(2, 2), ta.ReLU)
