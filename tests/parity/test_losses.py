"""Every loss of the table beside PyTorch's."""

import numpy as np
import pytest

import tinyae as ta
from tests.cases import LOSSES
from tests.parity.twins import TOLERANCE, assert_close, nn, torch


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("case", LOSSES, ids=str)
def test_values_and_gradients(case, reduction, dtype):
    prediction, target = case.example(dtype)
    ours = case.build(ta, reduction)
    value = ours(prediction, target)

    leaf = torch.from_numpy(prediction).requires_grad_()
    expected = case.build(nn, reduction)(leaf, torch.from_numpy(target))
    expected.backward()
    assert_close(value, expected, dtype, "value")
    gradient = leaf.grad
    if case.loss == "BCELoss":  # PyTorch keeps its 10⁻¹² in single precision
        at_limit = (leaf == 0) | (leaf == 1)
        gradient = torch.where(at_limit, gradient * (float(np.float32(1e-12)) / 1e-12), gradient)
    assert_close(ours.backward(), gradient, dtype, "gradient", scale=1)


@pytest.mark.parametrize("name", ["MSELoss", "BCELoss", "BCEWithLogitsLoss", "NLLLoss"])
def test_the_default_reduction_is_the_same(name):
    assert getattr(ta, name)().reduction == getattr(nn, name)().reduction


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gaussian_kl(dtype):
    rng = np.random.default_rng(0)
    mean, log_var = (rng.normal(size=(4, 3)).astype(dtype) for _ in range(2))
    value, d_mean, d_log_var = ta.gaussian_kl(mean, log_var)

    leaves = [torch.from_numpy(a).requires_grad_() for a in (mean, log_var)]
    posterior = torch.distributions.Normal(leaves[0], (0.5 * leaves[1]).exp())
    prior = torch.distributions.Normal(0.0, 1.0)
    expected = torch.distributions.kl_divergence(posterior, prior).sum()
    expected.backward()
    assert float(value) == pytest.approx(expected.item(), rel=TOLERANCE[dtype])
    assert_close(d_mean, leaves[0].grad, dtype)
    assert_close(d_log_var, leaves[1].grad, dtype)
