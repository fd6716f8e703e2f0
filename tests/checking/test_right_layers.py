"""No finding on anything that is right: random settings of every layer, network, loss."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinyae as ta
from tests.zoo.mutant import nowhere_special

EXAMPLES = 1000

LOSSES = [ta.MSELoss, ta.BCELoss, ta.BCEWithLogitsLoss, ta.NLLLoss, ta.CrossEntropyLoss]

sizes = st.integers(1, 4)
activation = st.sampled_from([ta.ReLU, ta.LeakyReLU, ta.Tanh, ta.Sigmoid, ta.Softplus])


@st.composite
def dense(draw):
    inputs, outputs = draw(sizes), draw(sizes)
    return ta.Linear(inputs, outputs, bias=draw(st.booleans())), (draw(sizes), inputs)


@st.composite
def convolution(draw):
    inputs, outputs, kernel = draw(sizes), draw(sizes), (draw(sizes), draw(sizes))
    stride, padding = (draw(st.integers(1, 3)), draw(st.integers(1, 3))), draw(st.integers(0, 2))
    size = [max(1, k - 2 * padding) + draw(st.integers(0, 4)) for k in kernel]
    layer = ta.Conv2d(inputs, outputs, kernel, stride, padding, bias=draw(st.booleans()))
    return layer, (draw(st.integers(1, 3)), inputs, *size)


@st.composite
def transposed_convolution(draw):
    inputs, outputs, stride = draw(sizes), draw(sizes), draw(st.integers(1, 3))
    kernel, extra = draw(sizes), draw(st.integers(0, stride - 1))
    padding = draw(st.integers(0, (kernel - 1) // 2))
    layer = ta.ConvTranspose2d(inputs, outputs, kernel, stride, padding, extra)
    return layer, (draw(st.integers(1, 3)), inputs, draw(sizes), draw(sizes))


@st.composite
def pooling(draw):
    kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    padding = draw(st.integers(0, min(kernel) // 2))
    layer = ta.MaxPool2d(kernel, draw(st.sampled_from([None, 1, 2, (1, 3)])), padding)
    return layer, (draw(sizes), draw(sizes), *(k + draw(st.integers(0, 3)) for k in kernel))


@st.composite
def normalization(draw):
    features = draw(sizes)
    kind, rest = draw(st.sampled_from([(ta.BatchNorm1d, ()), (ta.BatchNorm2d, (2, 3))]))
    layer = kind(features, eps=draw(st.sampled_from([1e-5, 0.1])))
    return layer.train(draw(st.booleans())), (draw(st.integers(3, 7)), features, *rest)


@st.composite
def elementwise(draw):
    shape = tuple(draw(st.lists(sizes, min_size=2, max_size=4)))
    kinds = [ta.LogSoftmax, ta.Flatten, lambda: ta.LeakyReLU(0.3), lambda: ta.Dropout(0.4)]
    layer = draw(st.one_of(activation, st.sampled_from(kinds)))()
    return layer.train(draw(st.booleans())), shape


@st.composite
def network(draw):
    widths = draw(st.lists(sizes, min_size=2, max_size=4))
    layers = []
    for inputs, outputs in itertools.pairwise(widths):
        layers += [ta.Linear(inputs, outputs), draw(activation)()]
    layers.insert(draw(st.integers(0, len(layers))), ta.Dropout(draw(st.sampled_from([0.0, 0.5]))))
    return ta.Sequential(*layers), (draw(sizes), widths[0])


EVERYTHING = st.one_of(
    dense(),
    convolution(),
    transposed_convolution(),
    pooling(),
    normalization(),
    elementwise(),
    network(),
)
RELAXED = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "derandomize": True,
    "database": None,
}


def check(case, seed: int, rounded: bool, special: bool) -> None:
    layer, shape = case
    x = np.random.default_rng(seed).normal(size=shape) + 0.2
    x = np.round(x) if rounded else x  # zeros and ties, where functions have kinks
    layer = layer if special else nowhere_special(layer)
    report = ta.gradcheck(layer, x, seed=seed)
    assert report.findings == [], report


@settings(max_examples=EXAMPLES, **RELAXED)
@given(EVERYTHING, st.integers(0, 10**6), st.booleans(), st.booleans(), st.booleans())
def test_no_finding_on_a_right_layer_in_a_thousand_settings(case, seed, rounded, special, steps):
    layer, shape = case
    x = np.random.default_rng(seed).normal(size=shape) + 0.2
    x = np.round(x) if rounded else x  # zeros and ties, where functions have kinks
    layer = layer if special else nowhere_special(layer)
    report = ta.gradcheck(layer, x, seed=seed, intermediates=steps)
    assert report.findings == [], report


@settings(max_examples=100, **RELAXED)
@given(st.sampled_from(LOSSES), st.sampled_from(["mean", "sum"]), sizes, sizes, st.integers(0, 999))
def test_no_finding_on_a_right_loss(loss, reduction, samples, classes, seed):
    rng = np.random.default_rng(seed)
    x, target = rng.uniform(0.05, 0.95, (2, samples, classes))
    if issubclass(loss, ta.NLLLoss):
        target = rng.integers(classes, size=samples)
    report = ta.gradcheck(loss(reduction), x, seed, target=target)
    assert report.findings == [], report


@settings(max_examples=60, **RELAXED)
@given(
    sizes, sizes, st.sampled_from(["mse", "bce"]), st.sampled_from(["kl", "em-strict"]), activation
)
def test_no_finding_on_a_right_vae(samples, latent, reconstruction, prior, between):
    vae = ta.VAE(
        ta.Sequential(ta.Linear(5, 3), between()),
        ta.Linear(3, latent),
        ta.Linear(3, latent),
        ta.Sequential(ta.Linear(latent, 5), ta.Sigmoid()),
        reconstruction=reconstruction,
        prior=prior,
    )
    x = np.random.default_rng(samples).random((samples, 5))
    report = ta.gradcheck(nowhere_special(vae), x)
    assert report.findings == [], report
