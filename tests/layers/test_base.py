"""A layer of one's own: two methods, and it trains, loads and is looked after."""

import numpy as np
import pytest

import tinyae as ta


class Scale(ta.Layer):
    """y = a x, written as design.md's contract says and no further."""

    def __init__(self, size):
        super().__init__()
        self.weight = ta.Parameter(np.ones(size))

    def forward(self, x):
        self.x = x
        return x * self.weight.value

    def backward(self, dy):
        self.weight.grad += (dy * self.x).sum(axis=0)
        return dy * self.weight.value


def test_it_trains():
    model, loss = ta.Sequential(Scale(3)), ta.MSELoss()
    optimizer = ta.SGD(model.parameters(), lr=0.5)
    x = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
    target = x * np.array([2, -1, 0.5], "float32")
    for _ in range(60):
        optimizer.zero_grad()
        loss(model(x), target)
        model.backward(loss.backward())
        optimizer.step()
    np.testing.assert_allclose(model[0].weight.value, [2, -1, 0.5], atol=1e-4)


def test_it_saves_and_loads():
    one, other = ta.Sequential(Scale(2)), ta.Sequential(Scale(2))
    one[0].weight.value[:] = [3, 4]
    other.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(other(np.ones((1, 2))), [[3, 4]])


def test_it_is_converted():
    layer = Scale(2).astype("float64")
    assert layer(np.ones((1, 2))).dtype == "float64"


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda layer: layer([1.0, 2.0]), "Scale(2): input: expected a NumPy or CuPy array"),
        (lambda layer: layer(np.ones((1, 2), int)), "Scale(2): expected input of a float type"),
        (lambda layer: layer(np.full((1, 2), np.nan)), "Scale(2): expected finite input, got 2"),
        (lambda layer: layer.backward(np.ones((1, 2))), "Scale(2): backward called before"),
    ],
)
def test_it_is_looked_after(action, message):
    with pytest.raises(ta.TinyaeError) as caught:
        action(Scale(2))
    assert str(caught.value).startswith(message)


def test_it_may_say_which_shapes_it_takes():
    class Square(Scale):
        input_axes = [("N", 2), ("N", "L", 2)]

    layer = Square(2)
    assert layer(np.ones((4, 5, 2))).shape == (4, 5, 2)
    with pytest.raises(ta.TinyaeError) as caught:
        layer(np.ones((4, 3)))
    assert str(caught.value) == "Square(2): expected input (N, 2) or (N, L, 2), got (4, 3)"


def test_a_weight_may_be_anything():
    """The name is nothing special: an array, a sub-layer or a number is no parameter."""

    class Odd(ta.Layer):
        def __init__(self, weight):
            super().__init__()
            self.weight = weight

        def forward(self, x):
            return x

    for weight in (3.0, np.ones(2), ta.ReLU()):
        np.testing.assert_array_equal(Odd(weight)(np.ones((1, 2))), np.ones((1, 2)))


def test_what_is_not_written_is_asked_for():
    class Nothing(ta.Layer):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing has no forward\(self, x\)"):
        Nothing()(np.ones((1, 2)))
    with pytest.raises(NotImplementedError, match=r"Nothing has no backward\(self, dy\)"):
        Nothing().backward(np.ones((1, 2)))


def test_a_layer_that_fails_inside_does_not_switch_the_checks_off():
    class Broken(ta.Layer):
        def forward(self, x):
            raise KeyError("inside")

    with pytest.raises(KeyError):
        Broken()(np.ones((1, 2)))
    with pytest.raises(ta.TinyaeError, match="expected finite input"):
        ta.ReLU()(np.array([[np.inf, 1]]))
