"""The VAE's backward pass against central differences in float64."""

import numpy as np
import pytest

import tinyae as ta
from tests.models.vae_cases import central_differences, convolutional, dense
from tinyae.backend import fixed_seed
from tinyae.models.vae import PRIORS, RECONSTRUCTIONS, GaussianSampler

NOISE = 5
"""The seed under which every evaluation draws the same ε and the same dropout masks."""

ALL_LOSSES = pytest.mark.parametrize(
    ("reconstruction", "prior"), [(r, p) for r in RECONSTRUCTIONS for p in PRIORS]
)
BOTH_NETWORKS = pytest.mark.parametrize("build", [dense, convolutional])


def total(vae, x):
    with fixed_seed(NOISE):
        return vae.loss(x).total


@ALL_LOSSES
@BOTH_NETWORKS
def test_the_gradient_of_every_parameter(build, reconstruction, prior):
    vae, x = build(reconstruction=reconstruction, prior=prior, beta=1.7)
    total(vae, x)
    vae.zero_grad()
    vae.backward()
    for name, parameter in vae.named_parameters().items():
        numerical = central_differences(lambda: total(vae, x), parameter.value)
        np.testing.assert_allclose(
            parameter.grad, numerical, rtol=1e-6, atol=1e-7, err_msg=f"gradient of {name}"
        )


@BOTH_NETWORKS
def test_the_gradients_of_the_variance_matter(build):
    """What the test above relies on: every branch has a gradient that is not zero."""
    vae, x = build(beta=1.7)
    total(vae, x)
    vae.backward()
    for head in (vae.mean, vae.log_var):
        assert abs(head.weight.grad).min() > 1e-4


@BOTH_NETWORKS
def test_the_gradient_of_the_input_with_the_target_held_fixed(build):
    vae, x = build(reconstruction="bce", beta=1.7)
    moved = x.copy()

    def value():
        with fixed_seed(NOISE):
            output = vae(moved)
        prior, _, _ = PRIORS[vae.prior](output.mean, output.log_var)
        return vae.reconstruction_loss(output.reconstruction, x) + vae.beta * prior

    total(vae, x)
    dx = vae.backward()
    np.testing.assert_allclose(dx, central_differences(value, moved), rtol=1e-6, atol=1e-7)


def test_gradients_add_up_over_backward_calls_and_are_cleared_by_zero_grad():
    vae, x = dense(beta=1.7)
    total(vae, x)
    vae.backward()
    once = [parameter.grad.copy() for parameter in vae.parameters()]
    vae.backward()
    for parameter, gradient in zip(vae.parameters(), once, strict=True):
        np.testing.assert_allclose(parameter.grad, 2 * gradient, rtol=1e-12)
    vae.zero_grad()
    assert not any(parameter.grad.any() for parameter in vae.parameters())


def test_beta_weighs_the_gradient_of_the_prior_alone():
    gradients = {}
    for beta in (0, 1, 3):
        ta.seed(0)
        vae, x = dense(beta=beta)
        total(vae, x)
        vae.backward()
        gradients[beta] = vae.trunk[0].weight.grad.copy()
    prior = gradients[1] - gradients[0]
    assert abs(prior).max() > 1e-3
    np.testing.assert_allclose(gradients[3] - gradients[0], 3 * prior, rtol=1e-9)


@pytest.mark.parametrize("prior", PRIORS)
def test_the_gradients_of_the_priors(prior):
    rng = np.random.default_rng(0)
    mean, log_var = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    _, d_mean, d_log_var = PRIORS[prior](mean, log_var)
    for array, gradient in ((mean, d_mean), (log_var, d_log_var)):
        numerical = central_differences(lambda: PRIORS[prior](mean, log_var)[0], array)
        np.testing.assert_allclose(gradient, numerical, rtol=1e-7, atol=1e-8)


def test_the_sampler_changes_neither_its_inputs_nor_the_upstream_gradient():
    rng = np.random.default_rng(0)
    mean, log_var, dz = rng.normal(size=(3, 4, 2))
    kept = mean.copy(), log_var.copy(), dz.copy()
    sampler = GaussianSampler()
    sampler.forward(mean, log_var)
    sampler.backward(dz)
    for array, before in zip((mean, log_var, dz), kept, strict=True):
        np.testing.assert_array_equal(array, before)
