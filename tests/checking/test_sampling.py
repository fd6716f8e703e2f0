"""``ta.check_sampling`` knows a wrong spread by name, and lets right samplers pass."""

import numpy as np
import pytest

import tinyae as ta
from tinyae.backend import generator_for
from tinyae.models.vae import GaussianSampler


def epsilon(mean):
    return generator_for(mean).standard_normal(mean.shape)


MUTANTS = {
    "exp(log_var) as σ": (lambda m, v: m + np.exp(v) * epsilon(m), "log-var-as-log-sigma"),
    "½ log_var as σ": (lambda m, v: m + 0.5 * v * epsilon(m), "missing-exponential"),
    "log_var as σ": (lambda m, v: m + v * epsilon(m), "missing-exponential"),
    "root twice": (lambda m, v: m + np.exp(v / 4) * epsilon(m), "root-taken-twice"),
    "sign of log_var": (lambda m, v: m + np.exp(-v / 2) * epsilon(m), "sign"),
    "σ = 1": (lambda m, v: m + epsilon(m), "log-var-ignored"),
    "root of log_var": (lambda m, v: m + np.sqrt(v) * epsilon(m), "not-finite"),
    "no noise": (lambda m, v: m, "no-noise"),
    "no mean": (lambda m, v: np.exp(v / 2) * epsilon(m), "mean-not-added"),
    "mean twice": (lambda m, v: 2 * m + np.exp(v / 2) * epsilon(m), "mean-added-twice"),
    "minus mean": (lambda m, v: -m + np.exp(v / 2) * epsilon(m), "sign"),
    "mean shifted": (lambda m, v: m + 0.1 + np.exp(v / 2) * epsilon(m), "unknown"),
    "one ε a batch": (lambda m, v: m + np.exp(v / 2) * epsilon(m[:1]), "noise-shared"),
    "one ε a sample": (lambda m, v: m + np.exp(v / 2) * epsilon(m[:, :1]), "noise-shared"),
    "one ε in all": (lambda m, v: m + np.exp(v / 2) * epsilon(m[:1, :1]), "noise-shared"),
    "uniform": (
        lambda m, v: m + np.exp(v / 2) * generator_for(m).random(m.shape),
        "uniform-noise",
    ),
    "uniform of variance 1": (
        lambda m, v: m + np.exp(v / 2) * 12**0.5 * (generator_for(m).random(m.shape) - 0.5),
        "not-normal",
    ),
    "seeded inside": (
        lambda m, v: m + np.exp(v / 2) * np.random.default_rng(0).standard_normal(m.shape),
        "noise-repeated",
    ),
    "5% too wide": (lambda m, v: m + 1.05 * np.exp(v / 2) * epsilon(m), "unknown"),
    "nothing": (lambda m, v: None, "wrong-shape"),
    "two things": (lambda m, v: (m, v), "wrong-shape"),
    "transposed": (lambda m, v: (m + np.exp(v / 2) * epsilon(m)).T, "wrong-shape"),
}


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_mutant_is_named(name):
    sampler, mistake = MUTANTS[name]
    report = ta.check_sampling(sampler)
    assert [finding.mistake for finding in report.findings] == [mistake], str(report)
    assert not report.passed
    assert report.findings[0].tensor == "z"


@pytest.mark.parametrize("seed", range(30))
def test_a_right_sampler_passes(seed):
    assert ta.check_sampling(GaussianSampler(), seed).passed


def test_of_a_vae_its_own_sampler_is_checked():
    vae = ta.VAE(ta.Linear(4, 3), ta.Linear(3, 2), ta.Linear(3, 2), ta.Linear(2, 4))
    assert ta.check_sampling(vae).passed

    class Wide(GaussianSampler):
        def forward(self, mean, log_var):
            return super().forward(mean, 2 * log_var)

    vae.sampler = Wide()
    assert ta.check_sampling(vae).findings[0].mistake == "log-var-as-log-sigma"


def test_numbers_drawn_from_numpy_itself_pass():
    rng = np.random.default_rng(3)
    assert ta.check_sampling(lambda m, v: rng.normal(m, np.exp(v / 2))).passed


def test_the_message_names_the_numbers():
    message = ta.check_sampling(MUTANTS["exp(log_var) as σ"][0]).findings[0].message
    assert "for log_var = -2 the variance of z is 0.018" in message
    assert "exp(2·log_var)" in message
    assert "σ = exp(½ log_var)" in message


def test_it_leaves_the_packages_generator_alone():
    ta.seed(5)
    ta.check_sampling(GaussianSampler())
    after = generator_for(np.ones(1)).random(3)
    ta.seed(5)
    np.testing.assert_array_equal(after, generator_for(np.ones(1)).random(3))


@pytest.mark.parametrize("thing", [None, 3, GaussianSampler, "sample"])
def test_what_cannot_draw_is_refused(thing):
    with pytest.raises(ta.TinyaeError, match="check_sampling: expected a VAE"):
        ta.check_sampling(thing)


def test_it_prints_as_a_report():
    assert str(ta.check_sampling(GaussianSampler())) == (
        "check_sampling of GaussianSampler, 50,000 samples, seed 0: passed"
    )
