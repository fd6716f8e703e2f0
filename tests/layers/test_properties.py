"""What holds for every layer of the table."""

import copy

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LAYERS, run, upstream

DTYPES = ["float32", "float64"]
PER_SAMPLE = [case for case in LAYERS if not (case.mixes_samples and case.training)]

every_layer = pytest.mark.parametrize("case", LAYERS, ids=str)


def assert_same(ours, expected, tolerance=0.0):
    assert ours.keys() == expected.keys()
    for name, value in expected.items():
        atol = tolerance * np.abs(value).max()
        np.testing.assert_allclose(ours[name], value, rtol=0, atol=atol, err_msg=name)


def strided(a):
    """The numbers of ``a``, every second one of a larger array, backwards along axis 0."""
    larger = np.full((*a.shape[:-1], 2 * a.shape[-1]), np.nan, a.dtype)
    larger[::-1, ..., ::2] = a
    return larger[::-1, ..., ::2]


def transposed(a):
    """The numbers of ``a``, with the axes laid out in memory the other way round."""
    return np.asfortranarray(a)


@pytest.mark.parametrize("dtype", DTYPES)
@every_layer
def test_the_type_of_the_input_is_the_type_of_everything(case, dtype):
    layer = case.layer(dtype)
    for name, value in run(layer, case.input(dtype)).items():
        assert value.dtype == ("int64" if name.endswith("num_batches_tracked") else dtype), name


@every_layer
def test_no_argument_and_no_output_is_changed(case):
    layer, x = case.layer(), case.input()
    x_before = x.copy()
    x.flags.writeable = False
    y = layer(x)
    y_before, dy = y.copy(), upstream(y.shape)
    dy_before = dy.copy()
    dy.flags.writeable = False
    dx = layer.backward(dy)
    dx_before = dx.copy()
    layer.backward(dy)
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(dy, dy_before)
    np.testing.assert_array_equal(y, y_before)
    np.testing.assert_array_equal(dx, dx_before)


@pytest.mark.parametrize("layout", [strided, transposed])
@every_layer
def test_the_layout_in_memory_does_not_matter(case, layout):
    x = case.input("float64")
    expected = run(case.layer("float64"), x)
    assert_same(run(case.layer("float64"), layout(x)), expected, 1e-13)

    layer, dy = case.layer("float64"), layout(upstream(expected["y"].shape, "float64"))
    ta.seed(7)
    layer(x)
    assert_same({"dx": layer.backward(dy)}, {"dx": expected["dx"]}, 1e-13)


@every_layer
def test_a_second_backward_pass_adds_the_same_again(case):
    layer, x = case.layer(), case.input()
    once = run(layer, x)
    dx = layer.backward(upstream(once["y"].shape))
    np.testing.assert_array_equal(dx, once["dx"])
    for path, parameter in layer.named_parameters().items():
        np.testing.assert_array_equal(parameter.grad, 2 * once[f"{path}.grad"])
    layer.zero_grad()
    for parameter in layer.parameters():
        assert not parameter.grad.any()


@pytest.mark.parametrize("case", [c for c in PER_SAMPLE if not c.random], ids=str)
def test_samples_do_not_know_of_each_other(case):
    layer, x = case.layer("float64"), case.input("float64")
    together = run(layer, x)
    dy = upstream(together["y"].shape, "float64")
    layer.zero_grad()
    for n in range(len(x)):
        np.testing.assert_allclose(layer(x[n : n + 1])[0], together["y"][n], rtol=0, atol=1e-12)
        dx = layer.backward(dy[n : n + 1])
        np.testing.assert_allclose(dx[0], together["dx"][n], rtol=0, atol=1e-12)
    for path, parameter in layer.named_parameters().items():
        expected = together[f"{path}.grad"]  # the sum over the batch, not its mean
        np.testing.assert_allclose(parameter.grad, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", [c for c in LAYERS if c not in PER_SAMPLE], ids=str)
def test_in_batch_norm_the_samples_do_know_of_each_other(case):
    layer, x = case.layer("float64"), case.input("float64")
    before = layer(x)
    x.reshape(-1)[0] += 1
    if len(x) > 1:
        assert np.abs(layer(x)[-1] - before[-1]).max() > 1e-3
    assert (layer(x) != before).sum() > 1


@every_layer
def test_a_copy_is_whole_and_on_its_own(case):
    layer, x = case.layer(), case.input()
    expected = run(layer, x)
    twin = copy.deepcopy(layer)
    assert repr(twin) == repr(layer)
    assert_same(run(twin, x), run(copy.deepcopy(layer), x))

    before = layer.state_dict()
    for parameter in twin.parameters():
        parameter.value += 1
        parameter.grad += 1
    run(twin, case.input(batch=1))
    assert_same(layer.state_dict(), before)
    for path, parameter in layer.named_parameters().items():
        np.testing.assert_array_equal(parameter.grad, expected[f"{path}.grad"])


@every_layer
def test_a_state_dict_is_all_there_is_to_know(case):
    layer, x = case.layer(), case.input()
    state = layer.state_dict()
    fresh = case.build(ta).train(case.training)
    fresh.load_state_dict(state)
    assert_same(run(fresh, x), run(layer, x))
    for path, value in layer.state_dict().items():
        expected = value.copy()
        value += 1
        np.testing.assert_array_equal(layer.state_dict()[path], expected)


@every_layer
def test_a_layer_prints_as_it_is_built(case):
    layer = case.build(ta)
    if not layer.children():
        assert repr(eval(repr(layer), vars(ta))) == repr(layer)
        assert layer.label == repr(layer)


@every_layer
def test_training_and_evaluation_reach_every_layer_below(case):
    layer = case.build(ta)
    assert all(module.training for _, module in layer.modules())
    assert layer.eval() is layer
    assert not any(module.training for _, module in layer.modules())
    assert layer.train() is layer
    assert all(module.training for _, module in layer.modules())


@pytest.mark.parametrize("case", [c for c in LAYERS if not c.training], ids=str)
def test_evaluation_leaves_no_trace_and_draws_nothing(case):
    layer, x = case.layer(), case.input()
    state = layer.state_dict()
    first, second = run(layer, x), run(layer, x)
    assert_same(first, second)
    assert_same(layer.state_dict(), state)
