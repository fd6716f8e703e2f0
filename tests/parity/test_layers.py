"""Every layer of the table beside PyTorch's layer of the same name."""

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LAYERS, run, upstream
from tests.parity.twins import assert_close, nn, torch

FIXED = [case for case in LAYERS if not case.random]


def twin_of(case, state, dtype):
    twin = case.build(nn).to(getattr(torch, dtype)).train(case.training)
    twin.load_state_dict({path: torch.from_numpy(value) for path, value in state.items()})
    return twin


def run_twin(twin, x, dy):
    """What ``tests.cases.run`` gives, from PyTorch."""
    twin.zero_grad()
    x = torch.from_numpy(x).requires_grad_()
    y = twin(x)
    y.backward(torch.from_numpy(dy))
    gradients = {f"{path}.grad": p.grad for path, p in twin.named_parameters()}
    return {"y": y, "dx": x.grad, **gradients, **twin.state_dict()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", FIXED, ids=str)
def test_values_gradients_and_statistics(case, dtype):
    layer = case.layer(dtype)
    twin = twin_of(case, layer.state_dict(), dtype)
    for batch in range(3):  # the running statistics move with each
        x = case.input(dtype, batch)
        ours = run(layer, x, batch)
        theirs = run_twin(twin, x, upstream(ours["y"].shape, dtype, batch))
        assert list(ours) == list(theirs)
        for name, value in theirs.items():
            assert_close(ours[name], value, dtype, f"{name}, batch {batch}")


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_state_dicts_load_both_ways(case):
    layer, twin = case.layer(), case.build(nn)
    state = layer.state_dict()
    assert list(state) == list(twin.state_dict())
    twin.load_state_dict({path: torch.from_numpy(value) for path, value in state.items()})
    fresh = case.build(ta)
    fresh.load_state_dict(twin.state_dict())
    for path, value in fresh.state_dict().items():
        np.testing.assert_array_equal(value, state[path])
        assert value.dtype == state[path].dtype


def test_evaluation_after_several_batches_of_training():
    """The running statistics are used as PyTorch uses them, not only kept."""
    layer = ta.BatchNorm2d(3, momentum=0.2).astype("float64")
    twin = nn.BatchNorm2d(3, momentum=0.2).double()
    rng = np.random.default_rng(0)
    for size in (2, 5, 3):
        x = rng.normal(1, 3, size=(size, 3, 4, 4))
        layer(x)
        twin(torch.from_numpy(x))
    assert int(layer.num_batches_tracked) == int(twin.num_batches_tracked) == 3
    assert_close(layer.eval()(x), twin.eval()(torch.from_numpy(x)), "float64")


@pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "Softplus", "LogSoftmax"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_activations_far_out(name, dtype):
    x = np.array([[0, 1, -1], [100, -100, 0], [1e4, -1e4, 0], [1e4, 1e4, 1e4]], dtype)
    twin = run_twin(getattr(nn, name)(), x, upstream(x.shape, dtype))
    ours = run(getattr(ta, name)(), x)
    for key in ("y", "dx"):
        assert_close(ours[key], twin[key], dtype, key)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("Linear", (40, 500)), ("Conv2d", (4, 500, (2, 5))), ("ConvTranspose2d", (5, 400, (2, 5)))],
)
def test_initial_weights_fill_the_same_range(name, arguments):
    torch.manual_seed(0)
    ours, theirs = getattr(ta, name)(*arguments), getattr(nn, name)(*arguments)
    for kind in ("weight", "bias"):
        one = getattr(ours, kind).value
        other = getattr(theirs, kind).detach().numpy()
        assert np.abs(one).max() == pytest.approx(np.abs(other).max(), rel=0.02)
        assert one.std() == pytest.approx(other.std(), rel=0.1)
