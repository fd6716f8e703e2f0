"""Losses by hand-checked numbers, at the ends of their range, and their refusals."""

import math

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LOSSES

every_loss = pytest.mark.parametrize("case", LOSSES, ids=str)
every_reduction = pytest.mark.parametrize("reduction", ["mean", "sum"])
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])

HALF = math.log(2)


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "terms"),
    [
        (ta.MSELoss, [[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 5.0]], [0, 4, 9, 1]),
        (ta.BCELoss, [0.5, 0.5, 0.25], [1.0, 0.3, 0.0], [HALF, HALF, math.log(4 / 3)]),
        (ta.BCEWithLogitsLoss, [0.0, math.log(3)], [0.7, 1.0], [HALF, math.log(4 / 3)]),
        (ta.NLLLoss, [[-1.0, -2.0], [-3.0, -4.0]], [1, 0], [2, 3]),
        (ta.CrossEntropyLoss, [[0.0, 0.0], [0.0, math.log(3)]], [1, 0], [HALF, math.log(4)]),
    ],
)
def test_by_hand(loss, prediction, target, terms):
    arrays = np.array(prediction), np.array(target)
    assert loss("sum")(*arrays) == pytest.approx(sum(terms))
    assert loss("mean")(*arrays) == pytest.approx(sum(terms) / len(terms))
    assert loss().reduction == "mean"


@every_dtype
@every_reduction
@every_loss
def test_finite_and_of_the_type_of_the_prediction(case, reduction, dtype):
    prediction, target = case.example(dtype)
    loss = case.build(ta, reduction)
    value, gradient = loss(prediction, target), loss.backward()
    assert value.shape == ()
    assert value.dtype == gradient.dtype == dtype
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert gradient.shape == prediction.shape


@every_reduction
@pytest.mark.parametrize("case", [case for case in LOSSES if not case.where], ids=str)
def test_the_gradient_is_the_slope(case, reduction):
    """Central differences, one element at a time."""
    prediction, target = case.example("float64")
    loss = case.build(ta, reduction)
    loss(prediction, target)
    gradient, step = loss.backward(), 1e-6
    for place in np.ndindex(prediction.shape):
        values = []
        for sign in (1, -1):
            moved = prediction.copy()
            moved[place] += sign * step
            values.append(loss(moved, target))
        slope = (values[0] - values[1]) / (2 * step)
        assert gradient[place] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@every_loss
def test_no_argument_is_changed_and_backward_repeats(case):
    prediction, target = case.example()
    for array in (prediction, target):
        array.flags.writeable = False
    loss = case.build(ta, "mean")
    loss(prediction, target)
    np.testing.assert_array_equal(loss.backward(), loss.backward())


def test_bce_is_held_at_its_ends():
    loss = ta.BCELoss("sum")
    prediction, target = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0, 1.0])
    assert loss(prediction, target) == 200
    np.testing.assert_array_equal(loss.backward(), [-1e12, 1e12, 0, 0])


def test_logits_far_out_cost_what_they_are():
    loss = ta.BCEWithLogitsLoss("sum")
    logits, target = np.array([100.0, -100.0, 100.0, -100.0]), np.array([0.0, 1.0, 1.0, 0.0])
    assert loss(logits[:2], target[:2]) == 200
    assert 0 <= loss(logits[2:], target[2:]) < 1e-40
    loss(logits, target)
    np.testing.assert_allclose(loss.backward(), [1, -1, 0, 0], atol=1e-40)


def test_both_forms_of_bce_agree():
    x, t = np.random.default_rng(0).normal(size=(2, 5, 4))
    t = 1 / (1 + np.exp(-t))
    sigmoid, bce, logits = ta.Sigmoid(), ta.BCELoss(), ta.BCEWithLogitsLoss()
    assert bce(sigmoid(x), t) == pytest.approx(logits(x, t), rel=1e-12)
    np.testing.assert_allclose(sigmoid.backward(bce.backward()), logits.backward(), rtol=1e-10)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64"])
def test_labels_of_every_integer_type(kind):
    loss = ta.CrossEntropyLoss()
    value = loss(np.eye(3), np.array([0, 1, 2], kind))
    assert value == pytest.approx(math.log(math.e + 2) - 1)


def test_kl_is_zero_at_the_standard_normal_and_positive_elsewhere():
    zeros = np.zeros((2, 3))
    value, d_mean, d_log_var = ta.gaussian_kl(zeros, zeros)
    assert value == 0
    assert not d_mean.any()
    assert not d_log_var.any()
    value, d_mean, d_log_var = ta.gaussian_kl(zeros + 2, zeros + math.log(4))
    assert value == pytest.approx(6 * 0.5 * (4 + 4 - 1 - math.log(4)))
    np.testing.assert_allclose(d_mean, 2)
    np.testing.assert_allclose(d_log_var, 1.5)


def test_kl_gives_gradients_of_its_own():
    mean = np.ones((1, 2))
    _, d_mean, _ = ta.gaussian_kl(mean, np.zeros((1, 2)))
    d_mean += 1
    np.testing.assert_array_equal(mean, 1)


def ones(*shape, dtype="float32"):
    return np.ones(shape, dtype)


REFUSALS = {
    "reduction": (
        lambda: ta.MSELoss("none"),
        "MSELoss: expected reduction to be one of 'mean', 'sum', got 'none'",
    ),
    "backward first": (
        lambda: ta.BCELoss().backward(),
        "BCELoss: backward called before the loss itself",
    ),
    "other shape": (
        lambda: ta.MSELoss()(ones(4, 3), ones(3)),
        "MSELoss: expected a target of the prediction's shape (4, 3), got (3,)",
    ),
    "integer prediction": (
        lambda: ta.MSELoss()(ones(4, 3, dtype=int), ones(4, 3)),
        "MSELoss: expected a float prediction, got int64",
    ),
    "integer target": (
        lambda: ta.BCEWithLogitsLoss()(ones(4), ones(4, dtype="uint8")),
        "BCEWithLogitsLoss: expected a float target, got uint8",
    ),
    "no sample": (
        lambda: ta.MSELoss()(ones(0, 3), ones(0, 3)),
        "MSELoss: expected at least one sample, got prediction (0, 3)",
    ),
    "a list": (
        lambda: ta.MSELoss()(ones(2), [1.0, 1.0]),
        "MSELoss: prediction and target: expected a NumPy or CuPy array, got list",
    ),
    "NaN": (
        lambda: ta.MSELoss()(np.array([0, np.nan, np.nan]), np.zeros(3)),
        "MSELoss: expected a finite prediction, got 2 NaN or infinite values among 3; usual causes "
        "are a learning rate that is too high and data that is not scaled",
    ),
    "infinity": (
        lambda: ta.CrossEntropyLoss()(np.array([[np.inf, 0]]), np.array([0])),
        "CrossEntropyLoss: expected a finite prediction, got 1 NaN or infinite values among 2; "
        "usual causes are a learning rate that is too high and data that is not scaled",
    ),
    "a target that is not finite": (
        lambda: ta.MSELoss()(np.zeros(3), np.array([0, np.inf, 1])),
        "MSELoss: expected a finite target, got 1 NaN or infinite values among 3",
    ),
    "a chance above one": (
        lambda: ta.BCELoss()(np.array([0.5, 1.5]), np.array([0.0, 1.0])),
        "BCELoss: expected a prediction within [0, 1], got values from 0.5 to 1.5; "
        "use BCEWithLogitsLoss for logits, or scale the data",
    ),
    "a target below zero": (
        lambda: ta.BCELoss()(np.array([0.5, 0.5]), np.array([-1.0, 1.0])),
        "BCELoss: expected a target within [0, 1], got values from -1 to 1; "
        "use BCEWithLogitsLoss for logits, or scale the data",
    ),
    "scores of images": (
        lambda: ta.NLLLoss()(ones(4, 3, 2), ones(4, dtype=int)),
        "NLLLoss: expected a prediction (N, C), got (4, 3, 2)",
    ),
    "labels of another batch": (
        lambda: ta.CrossEntropyLoss()(ones(4, 3), ones(5, dtype=int)),
        "CrossEntropyLoss: expected labels of shape (4,), got (5,)",
    ),
    "one-hot labels": (
        lambda: ta.CrossEntropyLoss()(ones(4, 3), ones(4, 3, dtype=int)),
        "CrossEntropyLoss: expected labels of shape (4,), got (4, 3)",
    ),
    "labels that are no integers": (
        lambda: ta.NLLLoss()(ones(4, 3), ones(4)),
        "NLLLoss: expected integer labels, got float32",
    ),
    "a label too high": (
        lambda: ta.CrossEntropyLoss()(ones(2, 3), np.array([0, 3])),
        "CrossEntropyLoss: expected labels in 0 … 2, got labels from 0 to 3",
    ),
    "a label below zero": (
        lambda: ta.NLLLoss()(ones(2, 3), np.array([-1, 2])),
        "NLLLoss: expected labels in 0 … 2, got labels from -1 to 2",
    ),
    "a KL of two shapes": (
        lambda: ta.gaussian_kl(ones(2, 3), ones(2, 1)),
        "gaussian_kl: expected mean and log_var of one shape, got (2, 3) and (2, 1)",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal(name):
    action, message = REFUSALS[name]
    with pytest.raises(ta.TinyaeError) as caught:
        action()
    assert str(caught.value) == message


def test_two_backends(strict):
    with pytest.raises(ta.TinyaeError) as caught:
        ta.MSELoss()(ones(2), strict.ones(2))
    start = "MSELoss: prediction and target: arrays of two backends mixed: numpy and strict;"
    assert str(caught.value).startswith(start)


def test_a_refused_pair_leaves_the_last_one_in_place():
    loss = ta.MSELoss()
    loss(ones(3), np.zeros(3, "float32"))
    expected = loss.backward()
    with pytest.raises(ta.TinyaeError):
        loss(ones(4), ones(3))
    np.testing.assert_array_equal(loss.backward(), expected)
