"""The plain autoencoder is the two networks one after the other, and nothing more."""

import numpy as np
import pytest

import tinyae as ta
from tests.models.vae_cases import central_differences


@pytest.fixture
def parts():
    encoder = ta.Sequential(ta.Linear(6, 4), ta.Tanh(), ta.Linear(4, 2))
    decoder = ta.Sequential(ta.Linear(2, 4), ta.Tanh(), ta.Linear(4, 6), ta.Sigmoid())
    return encoder.astype("float64"), decoder.astype("float64")


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(5, 6))


def test_it_computes_what_one_sequential_of_the_same_layers_computes(parts, x):
    encoder, decoder = parts
    autoencoder, chain = ta.Autoencoder(*parts), ta.Sequential(*encoder, *decoder)
    dy = np.random.default_rng(1).normal(size=(5, 6))
    results = []
    for model in (autoencoder, chain):
        model.zero_grad()
        y = model(x)
        dx = model.backward(dy)
        results.append([y, dx, *(parameter.grad.copy() for parameter in model.parameters())])
    assert len(results[0]) == 2 + 8
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_gradient_of_its_squared_error(parts, x):
    model, loss = ta.Autoencoder(*parts), ta.MSELoss(reduction="sum")
    loss(model(x), x)
    model.backward(loss.backward())
    for name, parameter in model.named_parameters().items():
        numerical = central_differences(lambda: loss(model(x), x), parameter.value)
        np.testing.assert_allclose(parameter.grad, numerical, rtol=1e-6, atol=1e-7, err_msg=name)


def test_encode_and_decode_are_the_two_halves(parts, x):
    model = ta.Autoencoder(*parts)
    code = model.encode(x)
    assert code.shape == (5, 2)
    np.testing.assert_array_equal(code, parts[0](x))
    np.testing.assert_array_equal(model.decode(code), model(x))


def test_state_dict_is_keyed_by_encoder_and_decoder(parts):
    places = [f"encoder.{i}" for i in (0, 2)] + [f"decoder.{i}" for i in (0, 2)]
    keys = [f"{place}.{name}" for place in places for name in ("weight", "bias")]
    assert list(ta.Autoencoder(*parts).state_dict()) == keys


def test_it_learns_to_copy_data_that_lies_in_a_plane():
    plane = np.random.default_rng(2).normal(size=(2, 6)).astype("float32")
    x = np.random.default_rng(3).normal(size=(100, 2)).astype("float32") @ plane
    model = ta.Autoencoder(ta.Linear(6, 2), ta.Linear(2, 6))
    optimizer = ta.Adam(model.parameters(), lr=0.02)
    history = ta.fit(model, [x], 300, optimizer, ta.MSELoss(), progress=False)
    assert history["loss"][0] > 0.5 * x.var()
    assert history["loss"][-1] < 0.001 * x.var()
