"""Bugs in the variational autoencoder, its sampler and its divergence."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import tinyae as ta
from tests.zoo.mutant import keep, nowhere_special
from tinyae.backend import generator_for
from tinyae.checking.divergence import check_kl
from tinyae.checking.reductions import check_reduction
from tinyae.checking.sampling import check_sampling
from tinyae.models.vae import VAE, GaussianSampler


def network(sampler: GaussianSampler, kind: type[VAE] = VAE, **settings) -> VAE:
    vae = kind(
        ta.Sequential(ta.Linear(6, 5), ta.Tanh()),
        ta.Linear(5, 2),
        ta.Linear(5, 2),
        ta.Sequential(ta.Linear(2, 6), ta.Sigmoid()),
        **settings,
    )
    vae.sampler = sampler
    return nowhere_special(vae)


def model(expected: str, **settings) -> Callable:
    """A class decorator: a VAE, or the sampler in one, whose gradients are checked."""

    def register(kind):
        def check():
            x = np.random.default_rng(0).random((4, 6))
            if issubclass(kind, GaussianSampler):
                return ta.gradcheck(network(kind(), **settings), x)
            return ta.gradcheck(network(GaussianSampler(), kind, **settings), x)

        keep(expected, kind.__name__, check, kind.__module__)
        return kind

    return register


def sampler(expected: str) -> Callable:
    """A class decorator: a sampler whose samples are checked."""

    def register(kind):
        keep(expected, kind.__name__, lambda: check_sampling(kind()), kind.__module__)
        return kind

    return register


def divergence(expected: str) -> Callable:
    """A function decorator: a divergence with its gradients."""

    def register(function):
        keep(expected, function.__name__, lambda: check_kl(function), function.__module__)
        return function

    return register


def reduction(expected: str) -> Callable:
    """A class decorator: a VAE whose loss is looked at, in a batch and in a larger one."""

    def register(kind):
        def check():
            x = np.random.default_rng(0).random((4, 6))
            return check_reduction(network(GaussianSampler(), kind).astype("float64"), x)

        keep(expected, kind.__name__, check, kind.__module__)
        return kind

    return register


@model("scaled", beta=0.0)
class HalfForgotten(GaussianSampler):
    def backward(self, dz):
        return dz, dz * self.deviation


@model("zero", beta=0.0)
class NoiseForConstant(GaussianSampler):
    def backward(self, dz):
        return dz, 0 * dz


@model("missing-branch")
class PriorForgotten(VAE):
    def backward(self):
        self.d_mean, self.d_log_var = 0 * self.d_mean, 0 * self.d_log_var
        return super().backward()


@model("unknown", beta=3.0)
class BetaForgotten(VAE):
    def backward(self):
        self.d_mean, self.d_log_var = self.d_mean / 3, self.d_log_var / 3
        return super().backward()


@model("missing-branch")
class OneHeadForgotten(VAE):
    def backward(self):
        dz = self.decoder.backward(self.reconstruction_loss.backward())
        d_mean, d_log_var = self.sampler.backward(dz)
        self.log_var.backward(d_log_var + self.d_log_var)
        return self.trunk.backward(self.mean.backward(d_mean + self.d_mean))


@model("scaled")
class ReconstructionAveraged(VAE):
    def backward(self):
        dx = self.reconstruction_loss.backward() / 4
        d_mean, d_log_var = self.sampler.backward(self.decoder.backward(dx))
        hidden = self.mean.backward(d_mean + self.d_mean)
        return self.trunk.backward(hidden + self.log_var.backward(d_log_var + self.d_log_var))


@model("forward-inconsistent")
class OwnNoise(GaussianSampler):
    generator = np.random.default_rng(0)

    def forward(self, mean, log_var):
        self.deviation = np.exp(0.5 * log_var) * self.generator.standard_normal(mean.shape)
        return mean + self.deviation


@sampler("log-var-as-log-sigma")
class VarianceAsDeviation(GaussianSampler):
    def forward(self, mean, log_var):
        noise = generator_for(mean).standard_normal(mean.shape, dtype=mean.dtype)
        return mean + np.exp(log_var) * noise


@sampler("missing-exponential")
class ExponentialForgotten(GaussianSampler):
    def forward(self, mean, log_var):
        noise = generator_for(mean).standard_normal(mean.shape, dtype=mean.dtype)
        return mean + 0.5 * log_var * noise


@divergence("scaled")
def averaged(mean, log_var):
    value, d_mean, d_log_var = ta.gaussian_kl(mean, log_var)
    return value / mean.size, d_mean / mean.size, d_log_var / mean.size


@divergence("sign")
def sign_turned(mean, log_var):
    value, d_mean, d_log_var = ta.gaussian_kl(mean, log_var)
    return -value, -d_mean, -d_log_var


@divergence("missing-term")
def without_entropy(mean, log_var):
    variance = np.exp(log_var)
    return 0.5 * (mean**2 + variance - 1).sum(), mean.copy(), 0.5 * variance


@divergence("scaled")
def gradient_without_half(mean, log_var):
    value, d_mean, d_log_var = ta.gaussian_kl(mean, log_var)
    return value, d_mean, 2 * d_log_var


@reduction("mixed-reduction")
class DivergenceSummedRestAveraged(VAE):
    def __init__(self, *parts, **settings):
        super().__init__(*parts, **settings)
        self.reconstruction_loss = ta.MSELoss(reduction="mean")


@reduction("mixed-reduction")
class DivergenceAveragedRestSummed(VAE):
    def loss(self, x):
        loss = super().loss(x)
        return replace(loss, prior=loss.prior / len(x))
