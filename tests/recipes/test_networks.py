"""The networks of the documents: their sizes, part by part, and the shapes inside them."""

import numpy as np
import pytest

import tinyae as ta
from tinyae.recipes import networks


def count(*parts):
    return sum(part.count_parameters() for part in parts)


@pytest.mark.parametrize(
    ("build", "parameters"),
    [
        (lambda: networks.dense_vae([15, 10, 5], latent_dim=2), 479),
        (lambda: networks.dense_vae([784, 100, 20], latent_dim=2), 161_948),
        (networks.conv_vae, 593_749),
        (networks.mlp_vae, 652_824),
        (networks.compression, 202_258),
        (networks.deep_conv_vae, 1_461_324),
        (lambda: networks.kmnist_vae(2), 829_812),
        (lambda: networks.kmnist_vae(128), 1_084_080),
    ],
)
def test_parameters(build, parameters):
    assert build().count_parameters() == parameters


def test_parameters_of_the_parts_of_document_000():
    dense = networks.dense_vae([784, 100, 20], latent_dim=2)
    assert [count(dense.trunk), count(dense.decoder)] == [80_520, 81_344]
    conv = networks.conv_vae()
    assert count(conv.trunk, conv.mean, conv.log_var) == 296_532
    assert count(conv.decoder) == 297_217
    assert [count(conv.mean), count(conv.log_var)] == [514, 514]
    assert [count(layer) for layer in conv.trunk if count(layer)] == [40, 296, 295_168]


def shapes(network, x):
    """The shape of one sample after each layer that changes it."""
    found = [x.shape[1:]]
    for layer in network:
        x = layer(x)
        if x.shape[1:] != found[-1]:
            found.append(x.shape[1:])
    return found


def test_shapes_through_the_convolutional_vae():
    vae = networks.conv_vae()
    image, code = np.ones((2, 1, 28, 28), "float32"), np.ones((2, 2), "float32")
    down = [(1, 28, 28), (4, 26, 26), (8, 24, 24), (8, 12, 12), (1152,), (256,)]
    up = [(2,), (256,), (1152,), (8, 12, 12), (4, 24, 24), (2, 26, 26), (1, 28, 28)]
    assert shapes(vae.trunk, image) == down
    assert shapes(vae.decoder, code) == up


@pytest.mark.parametrize(
    ("build", "shape", "sizes"),
    [
        (lambda: networks.dense_vae([15, 10, 5], 2), (15,), [15, 10, 5, 2]),
        (lambda: networks.dense_vae([784, 100, 20], 2), (784,), [784, 100, 20, 2]),
        (networks.mlp_vae, (784,), [784, 400, 20]),
    ],
)
def test_shapes_through_the_dense_vaes(build, shape, sizes):
    vae = build()
    code = np.ones((2, sizes[-1]), "float32")
    assert shapes(vae.trunk, np.ones((2, *shape), "float32")) == [(n,) for n in sizes[:-1]]
    assert shapes(vae.decoder, code) == [(n,) for n in reversed(sizes)]
    assert vae.latent_dim == sizes[-1]


def kinds(network):
    return [type(layer).__name__ for layer in network]


def test_what_stands_between_the_linear_layers():
    dense, mlp = networks.dense_vae([15, 10, 5], 2), networks.mlp_vae()
    assert kinds(dense.trunk) == ["Linear", "ReLU"] * 2
    assert kinds(dense.decoder) == ["Linear", "ReLU"] * 2 + ["Linear"]
    assert kinds(mlp.trunk) == ["Linear", "ReLU"]
    assert kinds(mlp.decoder) == ["Linear", "ReLU", "Linear", "Sigmoid"]


def test_dropout_of_the_convolutional_vae():
    rates = [layer.p for layer in networks.conv_vae().trunk if isinstance(layer, ta.Dropout)]
    assert rates == [0.25, 0.25]
