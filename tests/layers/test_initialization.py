"""The first weights: uniform within ±1/√fan_in."""

import numpy as np
import pytest

import tinyae as ta
from tinyae.backend import fixed_seed

LAYERS = [
    (lambda: ta.Linear(400, 300), 400),
    (lambda: ta.Conv2d(6, 300, (3, 5)), 6 * 3 * 5),
    # PyTorch counts the second axis of the weight, here the outputs
    (lambda: ta.ConvTranspose2d(300, 6, (3, 5)), 6 * 3 * 5),
]


@pytest.mark.parametrize(("build", "fan_in"), LAYERS)
def test_uniform_up_to_the_bound(build, fan_in):
    layer, bound = build(), fan_in**-0.5
    for values in (layer.weight.value, layer.bias.value):
        assert np.abs(values).max() <= bound * (1 + 1e-6)
    values = np.sort(layer.weight.value.ravel()) / bound
    assert values[0] < -0.999
    assert values[-1] > 0.999
    # Kolmogorov's distance to the uniform distribution, 1.95/√n for a chance of 1 in 1,000
    share = (np.arange(values.size) + 0.5) / values.size
    assert np.abs((values + 1) / 2 - share).max() < 1.95 / values.size**0.5


@pytest.mark.parametrize(("build", "fan_in"), LAYERS)
def test_the_bias_has_the_bound_of_the_weight(build, fan_in):
    drawn = np.concatenate([build().bias.value for _ in range(100)]) * fan_in**0.5
    assert 0.98 < np.abs(drawn).max() <= 1 + 1e-6
    assert drawn.std() == pytest.approx(3**-0.5, rel=0.1)


@pytest.mark.parametrize(("build", "fan_in"), LAYERS)
def test_the_seed_fixes_the_weights(build, fan_in):
    with fixed_seed(5):
        first, second = build(), build()
    with fixed_seed(5):
        again = build()
    np.testing.assert_array_equal(first.weight.value, again.weight.value)
    np.testing.assert_array_equal(first.bias.value, again.bias.value)
    assert (first.weight.value != second.weight.value).any()


def test_batch_norm_starts_as_plain_normalization():
    layer = ta.BatchNorm2d(3)
    expected = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}
    state = layer.state_dict()
    assert int(state.pop("num_batches_tracked")) == 0
    assert list(state) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(state[name], np.full(3, value))
        assert state[name].dtype == "float32"
