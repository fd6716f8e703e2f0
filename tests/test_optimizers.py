"""Optimizers by hand-checked steps, groups, and their refusals."""

import numpy as np
import pytest

import tinyae as ta
from tests.cases import OPTIMIZERS, optimize


def parameter(value, gradient):
    made = ta.Parameter(np.array([value]))
    made.value, made.grad = made.value.astype("float64"), np.array([gradient])
    return made


def steps(optimizer, theta, count):
    """The value after each step under an unchanging gradient."""
    values = []
    for _ in range(count):
        optimizer.step()
        values.append(theta.value.item())
    return values


def test_sgd_by_hand():
    theta = parameter(1.0, 2.0)
    assert steps(ta.SGD([theta], lr=0.1), theta, 2) == pytest.approx([0.8, 0.6])


def test_momentum_by_hand():
    """v = 2, 3, 3.5, …: the first step is the gradient itself."""
    theta = parameter(1.0, 2.0)
    values = steps(ta.SGD([theta], lr=0.1, momentum=0.5), theta, 3)
    assert values == pytest.approx([0.8, 0.5, 0.15])


def test_weight_decay_by_hand():
    theta = parameter(1.0, 0.0)
    values = steps(ta.SGD([theta], lr=0.1, weight_decay=0.5), theta, 2)
    assert values == pytest.approx([0.95, 0.95**2])


@pytest.mark.parametrize("gradient", [1e-3, 2.0, -500.0])
def test_adam_takes_steps_of_lr_whatever_the_size_of_the_gradient(gradient):
    """Under an unchanging gradient m̂ = g and v̂ = g² at every step: the bias is corrected."""
    theta = parameter(1.0, gradient)
    values = steps(ta.Adam([theta], lr=0.1, eps=0.0), theta, 5)
    expected = 1 - np.sign(gradient) * 0.1 * np.arange(1, 6)
    assert values == pytest.approx(expected, rel=1e-12)


def test_adam_by_hand():
    """Gradients 1 and 3 with β₁ = 0.5, β₂ = 0.75: m̂ = 7/3, v̂ = 39/7."""
    theta = parameter(0.0, 1.0)
    optimizer = ta.Adam([theta], lr=1.0, betas=(0.5, 0.75), eps=0.5)
    first = steps(optimizer, theta, 1)[0]
    assert first == pytest.approx(-1 / 1.5)
    theta.grad[:] = 3
    assert steps(optimizer, theta, 1)[0] - first == pytest.approx(
        -(7 / 3) / ((39 / 7) ** 0.5 + 0.5)
    )


@pytest.mark.parametrize("case", OPTIMIZERS, ids=str)
def test_parameters_change_in_place_and_keep_their_type(case):
    layer = ta.Linear(3, 2)
    parameters = layer.parameters()
    arrays = [p.value for p in parameters]
    before = [p.value.copy() for p in parameters]
    path = optimize(case.build(ta, parameters), parameters)
    for p, array, start in zip(parameters, arrays, before, strict=True):
        assert p.value is array
        assert array.dtype == "float32"
        assert (array != start).all()
    assert len(path) >= 20


@pytest.mark.parametrize("case", OPTIMIZERS, ids=str)
def test_a_step_leaves_the_gradients_alone(case):
    parameters = ta.Linear(3, 2).parameters()
    optimizer = case.build(ta, parameters)
    for p in parameters:
        p.grad[...] = 2
    for _ in range(3):
        optimizer.step()
    for p in parameters:
        np.testing.assert_array_equal(p.grad, 2)


def test_zero_grad_clears_all_groups():
    one, other = parameter(1.0, 2.0), parameter(1.0, 3.0)
    ta.SGD([{"params": [one]}, {"params": [other]}], lr=0.1).zero_grad()
    assert one.grad == other.grad == 0


def test_groups_have_settings_of_their_own():
    one, other = parameter(1.0, 1.0), parameter(1.0, 1.0)
    optimizer = ta.SGD([{"params": [one], "lr": 0.5}, {"params": [other]}], lr=0.1)
    optimizer.step()
    assert (one.value.item(), other.value.item()) == pytest.approx((0.5, 0.9))
    optimizer.param_groups[1]["lr"] = 0.0
    optimizer.step()
    assert (one.value.item(), other.value.item()) == pytest.approx((0.0, 0.9))


def test_groups_are_not_those_that_were_given():
    given = [{"params": [parameter(1.0, 1.0)]}]
    ta.SGD(given, lr=0.1)
    assert given == [{"params": given[0]["params"]}]


def test_a_generator_of_parameters_will_do():
    theta = parameter(1.0, 1.0)
    ta.SGD((p for p in [theta]), lr=0.5).step()
    assert theta.value == 0.5


def test_it_finds_the_minimum():
    for build in (lambda p: ta.SGD(p, 0.1, momentum=0.9), lambda p: ta.Adam(p, 0.1)):
        theta = parameter(5.0, 0.0)
        optimizer = build([theta])
        for _ in range(500):
            theta.grad[:] = 2 * (theta.value - 3)
            optimizer.step()
        assert theta.value == pytest.approx(3, abs=1e-3)


THETA = parameter(1.0, 1.0)

REFUSALS = {
    "nothing": (lambda: ta.SGD([], lr=0.1), "SGD: expected at least one parameter, got none"),
    "arrays": (
        lambda: ta.Adam([np.ones(3)]),
        "Adam: expected a list of Parameters, or of dicts with 'params'",
    ),
    "both kinds": (
        lambda: ta.SGD([THETA, {"params": [THETA]}], lr=0.1),
        "SGD: expected a list of Parameters, or of dicts with 'params'",
    ),
    "arrays in a group": (
        lambda: ta.SGD([{"params": [np.ones(3)]}], lr=0.1),
        "SGD: expected 'params' to be a list of Parameters, got ndarray in it",
    ),
    "an unknown setting": (
        lambda: ta.SGD([{"params": [THETA], "learning_rate": 1}], lr=0.1),
        "SGD: unknown settings ['learning_rate'] in a group",
    ),
    "the same twice": (
        lambda: ta.SGD([{"params": [THETA]}, {"params": [THETA]}], lr=0.1),
        "SGD: a parameter is given twice",
    ),
    "a negative step": (lambda: ta.SGD([THETA], lr=-0.1), "SGD: expected lr ≥ 0, got -0.1"),
    "no number": (lambda: ta.Adam([THETA], lr=np.nan), "Adam: expected lr ≥ 0, got nan"),
    "a negative step in a group": (
        lambda: ta.SGD([{"params": [THETA], "lr": -1}], lr=0.1),
        "SGD: expected lr ≥ 0, got -1",
    ),
    "momentum": (
        lambda: ta.SGD([THETA], lr=0.1, momentum=-1),
        "SGD: expected momentum ≥ 0, got -1",
    ),
    "weight decay": (
        lambda: ta.SGD([THETA], lr=0.1, weight_decay=-1),
        "SGD: expected weight_decay ≥ 0, got -1",
    ),
    "eps": (lambda: ta.Adam([THETA], eps=-1), "Adam: expected eps ≥ 0, got -1"),
    "betas": (
        lambda: ta.Adam([THETA], betas=(0.9, 1.0)),
        "Adam: expected betas in [0, 1), got (0.9, 1.0)",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(name):
    action, message = REFUSALS[name]
    with pytest.raises(ta.TinyaeError) as caught:
        action()
    assert str(caught.value) == message


def test_a_single_parameter_is_a_group_too():
    theta = parameter(1.0, 1.0)
    ta.SGD([{"params": theta}], lr=0.5).step()
    assert theta.value == 0.5
