"""``ta.check_adjoint``: every layer that is linear passes, every wrong transpose is named."""

import numpy as np
import pytest

import tinyae as ta

RNG = np.random.default_rng(0)
A = RNG.standard_normal((3, 4))
SQUARE = RNG.standard_normal((4, 4))

LAYERS = [
    (lambda: ta.Linear(4, 3), (5, 4)),
    (lambda: ta.Conv2d(2, 3, 3, stride=2, padding=1), (2, 2, 6, 5)),
    (lambda: ta.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=1), (2, 3, 3, 4)),
    (lambda: ta.Flatten(), (2, 3, 4)),
    (lambda: ta.BatchNorm1d(4).eval(), (5, 4)),
    (lambda: ta.Sequential(ta.Linear(4, 3), ta.Linear(3, 2)), (5, 4)),
]


@pytest.mark.parametrize(("make", "shape"), LAYERS)
def test_linear_layers_pass_with_their_bias_left_out(make, shape):
    assert ta.check_adjoint(make(), x_shape=shape).passed


MUTANTS = {
    "scaled": (lambda y: A.T @ y / 3, "scaled"),
    "sign": (lambda y: -(A.T @ y), "sign"),
    "zero": (lambda y: np.zeros(4), "zero"),
    "mixed up": (lambda y: (A.T @ y)[::-1], "channel-mixup"),
    "one entry": (lambda y: A.T @ y + 0.001 * np.eye(4)[0] * y[1], "unknown"),
    "shape": (lambda y: np.outer(y, y), "wrong-shape"),
    "infinite": (lambda y: A.T @ y * np.inf, "not-finite"),
}


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_mutant_is_named(name):
    backward, mistake = MUTANTS[name]
    report = ta.check_adjoint(lambda x: A @ x, backward, x_shape=(4,))
    assert [(f.tensor, f.mistake) for f in report.findings] == [("backward", mistake)], str(report)


def test_the_map_itself_in_the_place_of_its_transpose():
    def apply(x):
        return SQUARE @ x

    (finding,) = ta.check_adjoint(apply, apply, x_shape=(4,)).findings
    assert finding.mistake == "transposed"
    symmetric = SQUARE + SQUARE.T
    assert ta.check_adjoint(lambda x: symmetric @ x, lambda y: symmetric @ y, x_shape=(4,)).passed


def test_the_first_wrong_entry_is_named():
    (finding,) = ta.check_adjoint(lambda x: A @ x, MUTANTS["one entry"][0], x_shape=(4,)).findings
    assert "1 of 12 entries" in finding.message
    assert "what y[1] adds to x[0]" in finding.message


@pytest.mark.parametrize("forward", [lambda x: A @ x + 1, lambda x: np.tanh(A @ x)])
def test_what_is_not_linear_is_said_to_be_so(forward):
    (finding,) = ta.check_adjoint(forward, lambda y: A.T @ y, x_shape=(4,)).findings
    assert (finding.tensor, finding.mistake) == ("forward", "not-linear")


def test_windows_that_overlap():
    class Overwrites(ta.MaxPool2d):
        def forward(self, x):
            self.shape = x.shape
            return x[..., ::2, ::2] + 0.0

        def backward(self, dy):
            dx = np.zeros(self.shape)
            dx[..., 1::2, ::2] = dy
            return dx

    report = ta.check_adjoint(Overwrites(2), x_shape=(1, 1, 4, 4))
    assert report.findings[0].mistake == "channel-mixup"


def spread(y, add):
    """What windows of 3 in steps of 2 send back to 7 pixels."""
    x = np.zeros(7)
    for place, value in enumerate(y):
        window = slice(2 * place, 2 * place + 3)
        x[window] = value * A[0, :3] + (x[window] if add else 0)
    return x


def test_equals_where_windows_overlap_is_named():
    def windows(x):
        return np.array([A[0, :3] @ x[2 * place : 2 * place + 3] for place in range(3)])

    assert ta.check_adjoint(windows, lambda y: spread(y, True), x_shape=(7,)).passed
    (finding,) = ta.check_adjoint(windows, lambda y: spread(y, False), x_shape=(7,)).findings
    assert finding.mistake == "overlap-overwritten"
    assert "write += instead of =" in finding.message


def test_a_large_map_is_judged_without_being_written_out():
    report = ta.check_adjoint(ta.Linear(900, 800), x_shape=(1, 900))
    assert report.passed
    weight = RNG.standard_normal((800, 900))
    wrong = ta.check_adjoint(lambda x: weight @ x, lambda y: 2 * weight.T @ y, x_shape=(900,))
    assert wrong.findings[0].mistake == "unknown"


def test_a_function_alone_is_refused():
    with pytest.raises(ta.TinyaeError, match="expected backward beside forward, or a layer"):
        ta.check_adjoint(lambda x: x, x_shape=(3,))


def test_the_layer_stays_as_it_is():
    layer = ta.Linear(4, 3)
    before = layer.weight.value.copy()
    ta.check_adjoint(layer, x_shape=(2, 4))
    assert layer.weight.value.dtype == np.float32
    np.testing.assert_array_equal(layer.weight.value, before)
    assert not layer.weight.grad.any()
