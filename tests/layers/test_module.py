"""Parameters and the tree that holds them: names, copies, types, state dicts."""

import numpy as np
import pytest

import tinyae as ta


class Head(ta.Layer):
    """A layer with a sub-layer and a parameter of its own."""

    def __init__(self, size=3):
        super().__init__()
        self.body = ta.Sequential(ta.Linear(size, 2), ta.BatchNorm1d(2))
        self.scale = ta.Parameter(np.ones(2))

    def forward(self, x):
        self.hidden = self.body(x)
        return self.scale.value * self.hidden

    def backward(self, dy):
        self.scale.grad += (dy * self.hidden).sum(axis=0)
        return self.body.backward(self.scale.value * dy)


def test_a_parameter_has_a_value_a_gradient_and_a_shape():
    parameter = ta.Parameter(np.arange(6.0).reshape(2, 3))
    assert parameter.value.dtype == parameter.grad.dtype == "float32"
    assert (parameter.shape, parameter.size) == ((2, 3), 6)
    assert not parameter.grad.any()
    assert repr(parameter) == "Parameter(unnamed, shape=(2, 3), dtype=float32)"


def test_a_parameter_is_a_copy():
    given = np.ones(3, "float32")
    parameter = ta.Parameter(given)
    parameter.value += 1
    np.testing.assert_array_equal(given, 1)


def test_parameters_are_named_by_their_path():
    model = ta.Sequential(ta.ReLU(), Head())
    paths = ["1.scale", "1.body.0.weight", "1.body.0.bias", "1.body.1.weight", "1.body.1.bias"]
    assert list(model.named_parameters()) == paths
    assert [p.name for p in model.parameters()] == paths
    assert model[1].scale.name == "1.scale"
    assert repr(model[1].scale) == "Parameter(1.scale, shape=(2,), dtype=float32)"
    assert model.count_parameters() == 2 + (6 + 2) + (2 + 2)


def test_the_state_dict_has_the_buffers_too():
    assert list(Head().state_dict()) == [
        "scale",
        "body.0.weight",
        "body.0.bias",
        "body.1.weight",
        "body.1.bias",
        "body.1.running_mean",
        "body.1.running_var",
        "body.1.num_batches_tracked",
    ]


def test_a_shared_parameter_is_learnt_once_and_saved_under_both_names():
    one, other = ta.Linear(3, 3), ta.Linear(3, 3, bias=False)
    other.weight = one.weight
    model = ta.Sequential(one, other)
    assert [p.name for p in model.parameters()] == ["0.weight", "0.bias"]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight"]
    assert model.count_parameters() == 12
    model.astype("float64")
    assert other.weight is one.weight
    assert one.weight.value.dtype == "float64"


def test_an_absent_bias_is_no_parameter():
    layer = ta.Linear(3, 2, bias=False)
    assert layer.bias is None
    assert list(layer.named_parameters()) == list(layer.state_dict()) == ["weight"]


def test_zero_grad_keeps_the_array():
    layer = ta.Linear(3, 2)
    gradient = layer.weight.grad
    gradient += 1
    layer.zero_grad()
    assert layer.weight.grad is gradient
    assert not gradient.any()


def test_astype_converts_floats_and_leaves_counts():
    layer = ta.BatchNorm1d(2)
    assert layer.astype("float64") is layer
    types = {path: value.dtype for path, value in layer.state_dict().items()}
    assert types.pop("num_batches_tracked") == "int64"
    assert set(types.values()) == {np.dtype("float64")}
    assert layer.weight.grad.dtype == "float64"


STATES = {
    "missing": (lambda s: s.pop("1.bias"), r"missing \['1.bias'\], unknown nothing"),
    "unknown": (lambda s: s.update(extra=s["0.bias"]), r"missing nothing, unknown \['extra'\]"),
    "misnamed": (
        lambda s: s.update(bias=s.pop("0.bias")),
        r"missing \['0.bias'\], unknown \['bias'\]",
    ),
    "transposed": (
        lambda s: s.update({"1.weight": s["1.weight"].T}),
        r"expected 1.weight of shape \(2, 4\), got \(4, 2\)",
    ),
    "of one number": (
        lambda s: s.update({"1.bias": np.float32(3)}),
        r"expected 1.bias of shape \(2,\), got \(\)",
    ),
    "no numbers": (
        lambda s: s.update({"1.bias": np.array(["a", "b"])}),
        r"expected 1.bias of numbers, got <U1",
    ),
}


@pytest.mark.parametrize("change", STATES)
def test_load_state_dict_takes_all_or_nothing(change):
    spoil, message = STATES[change]
    model = ta.Sequential(ta.Linear(3, 4), ta.Linear(4, 2))
    before = model.state_dict()
    state = {path: value + 1 for path, value in before.items()}
    spoil(state)
    with pytest.raises(ta.TinyaeError, match=f"^Sequential: load_state_dict: {message}"):
        model.load_state_dict(state)
    for path, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[path])


def test_load_state_dict_keeps_type_and_array():
    layer = ta.Linear(3, 2)
    value = layer.weight.value
    layer.load_state_dict({"weight": np.ones((2, 3)), "bias": np.zeros(2, "int64")})
    assert layer.weight.value is value
    assert value.dtype == layer.bias.value.dtype == "float32"
    np.testing.assert_array_equal(value, 1)


def test_to_the_same_backend_changes_nothing():
    layer = ta.Linear(3, 2)
    value = layer.weight.value
    assert layer.to("numpy") is layer
    assert layer.weight.value is value


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (lambda: ta.Conv2d(1, 4, 3, stride=2), "Conv2d(1, 4, 3, stride=2)"),
        (lambda: ta.Linear(784, 10, bias=False), "Linear(784, 10, bias=False)"),
        (lambda: ta.ReLU(), "ReLU()"),
        (
            lambda: ta.Sequential(ta.Flatten(), ta.Sequential(ta.Tanh())),
            "Sequential(\n  (0): Flatten()\n  (1): Sequential(\n    (0): Tanh()\n  )\n)",
        ),
    ],
)
def test_repr(layer, text):
    assert repr(layer()) == text


def test_the_repr_of_a_layer_made_with_an_array_names_its_shape():
    class Shift(ta.Layer):
        def __init__(self, by):
            super().__init__()
            self.by = ta.Parameter(by)

    assert repr(Shift(np.zeros((2, 3)))) == "Shift(array(2, 3))"
