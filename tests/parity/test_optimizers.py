"""Every optimizer of the table beside PyTorch's, over 25 steps with given gradients."""

import pytest

import tinyae as ta
from tests.cases import OPTIMIZERS, STEPS, gradient, optimize
from tests.parity.twins import assert_close, torch


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", OPTIMIZERS, ids=str)
def test_the_same_path(case, dtype):
    parameters = ta.Linear(3, 2).astype(dtype).parameters()
    leaves = [torch.from_numpy(p.value.copy()).requires_grad_() for p in parameters]
    ours = optimize(case.build(ta, parameters), parameters)

    optimizer = case.build(torch.optim, leaves)
    for step in range(STEPS):
        if step == STEPS // 2:
            optimizer.param_groups[0]["lr"] /= 2
        for number, leaf in enumerate(leaves):
            given = gradient(step, number, tuple(leaf.shape))
            leaf.grad = torch.from_numpy(given).to(leaf.dtype)
        optimizer.step()
        for number, leaf in enumerate(leaves):
            assert_close(ours[step][number], leaf, dtype, f"parameter {number} at step {step}")


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_the_defaults_are_the_same(name):
    parameters = ta.Linear(3, 2).parameters()
    ours = getattr(ta, name)(parameters, lr=0.1).param_groups[0]
    theirs = getattr(torch.optim, name)([torch.zeros(1)], lr=0.1).param_groups[0]
    assert {key: theirs[key] for key in ours if key != "params"} == {
        key: value for key, value in ours.items() if key != "params"
    }
    assert ta.Adam(parameters).param_groups[0]["lr"] == 1e-3
