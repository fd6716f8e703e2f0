"""``ta.check_sampling``: does a reparameterization draw from N(μ, σ²)?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.backend import fixed_seed
from tinyae.checking.report import Finding, Report
from tinyae.errors import TinyaeError

__all__ = ["check_sampling"]

MEAN = np.array([-3.0, -1.5, 0.7, 1.2, 2.5, 4.0])
LOG_VAR = np.array([-2.0, 1.5, -0.8, 0.6, -1.4, 1.1])
DRAWS = 50_000
SIGMAS = 6
"""Standard errors that a right sampler may be off: chance goes further once in 10⁹ checks."""

VARIANCES: dict[str, tuple[str, np.ndarray, str]] = {
    "exp(2·log_var)": (
        "log-var-as-log-sigma",
        np.exp(2 * LOG_VAR),
        "exp(log_var) is the variance and was used as the standard deviation; σ = exp(½ log_var)",
    ),
    "(½ log_var)²": (
        "missing-exponential",
        (0.5 * LOG_VAR) ** 2,
        "½ log_var is log σ and was used as σ: the exponential is missing; σ = exp(½ log_var)",
    ),
    "log_var²": (
        "missing-exponential",
        LOG_VAR**2,
        "log_var itself was used as σ: the exponential and the ½ are missing; σ = exp(½ log_var)",
    ),
    "exp(½ log_var)": (
        "root-taken-twice",
        np.exp(0.5 * LOG_VAR),
        "that is σ, not σ²: the root was taken twice; σ = exp(½ log_var)",
    ),
    "exp(−log_var)": (
        "sign",
        np.exp(-LOG_VAR),
        "log_var came in with a minus sign; σ = exp(½ log_var)",
    ),
    "1": (
        "log-var-ignored",
        np.ones_like(LOG_VAR),
        "the noise was added as it was drawn; multiply it by σ = exp(½ log_var)",
    ),
    "exp(log_var)/12": (
        "uniform-noise",
        np.exp(LOG_VAR) / 12,
        "that is σ times numbers spread evenly over an interval of length 1, as `random` draws "
        "them; draw with `standard_normal`",
    ),
}
"""What a wrong variance may equal, and which mistake that tells."""

MEANS = {
    "0": ("mean-not-added", 0 * MEAN, "the mean was not added: z = mean + σ ε"),
    "−mean": ("sign", -MEAN, "the mean came in with a minus sign: z = mean + σ ε"),
    "2·mean": ("mean-added-twice", 2 * MEAN, "the mean was added twice: z = mean + σ ε"),
}


@checked
def check_sampling(sampler: Any, seed: int = 0) -> Report:
    """Draw many samples, and compare their mean and variance with μ and exp(log_var).

    A gradient check cannot see a wrong σ whose gradient belongs to it; the spread of what is
    drawn can. For six pairs of a mean and a log-variance, 50,000 samples each are drawn. Their
    variance s² has a standard error of σ² √(2/n), their mean one of σ/√n; what is off by more
    than six standard errors is wrong.

    Parameters
    ----------
    sampler : VAE, object with ``forward(mean, log_var)``, or function ``sample(mean, log_var)``
        Draws z of the shape of mean. Of a ``VAE`` its ``sampler`` is taken.
    seed : int
        Of the package's generator during the check.

    Returns
    -------
    Report
        Codes for ``z``: ``log-var-as-log-sigma``, ``missing-exponential``,
        ``root-taken-twice``, ``sign``, ``log-var-ignored``, ``uniform-noise``, ``not-normal``,
        ``mean-not-added``, ``mean-added-twice``, ``no-noise``, ``noise-shared``,
        ``noise-repeated``, ``wrong-shape``, ``not-finite``, ``unknown``.

    Raises
    ------
    TinyaeError
        For what cannot be called with a mean and a log-variance.

    References
    ----------
    Kingma and Welling, "Auto-encoding variational Bayes", 2014, section 2.4.
    """
    sample, title = _callable(sampler)
    report = Report(f"{title}, {DRAWS:,} samples, seed {seed}", check="check_sampling")
    means = np.tile(MEAN, (DRAWS, 1))
    log_vars = np.tile(LOG_VAR, (DRAWS, 1))
    with fixed_seed(seed), np.errstate(all="ignore"):
        draws = [sample(means.copy(), log_vars.copy()) for _ in range(2)]
    report.findings += _findings(*draws)
    return report


def _callable(sampler: Any) -> tuple[Callable, str]:
    sampler = getattr(sampler, "sampler", sampler)
    sample = getattr(sampler, "forward", sampler)
    if isinstance(sampler, type) or not callable(sample):
        raise TinyaeError(
            "check_sampling: expected a VAE, an object with forward(mean, log_var) or a function "
            f"sample(mean, log_var), got {sampler!r}"
        )
    return sample, getattr(sampler, "__name__", type(sampler).__name__)


def _findings(z: Any, again: Any) -> Iterator[Finding]:
    """The first thing that is wrong; a wrong spread would spoil all that comes after it."""
    shape = (DRAWS, len(MEAN))
    if getattr(z, "shape", None) != shape:
        got = f"the shape {z.shape}" if hasattr(z, "shape") else type(z).__name__
        hint = ": is `return` missing?" if z is None else ""
        yield _finding("wrong-shape", f"expected z of mean's shape {shape}, got {got}{hint}")
    elif not np.isfinite(z).all():
        bad = int((~np.isfinite(z)).sum())
        yield _finding(
            "not-finite",
            f"{bad} of {z.size} samples are NaN or infinite; log_var may be negative, a variance "
            "may not: is a root or a logarithm taken of log_var itself?",
        )
    elif np.array_equal(z, again):
        without = not np.ptp(z, axis=0).any()
        yield (
            _no_noise()
            if without
            else _finding(
                "noise-repeated",
                "a second call drew the same samples: a seed is set inside; draw from the "
                "package's generator, or from one that is made once",
            )
        )
    else:
        yield from _shared(z) or _moments(z)


def _no_noise() -> Finding:
    return _finding(
        "no-noise", "all samples are the same: there is no noise in z; z = mean + σ ε, ε ~ N(0, 1)"
    )


def _shared(z: np.ndarray) -> list[Finding]:
    """Is ε drawn anew for each sample and for each dimension?"""
    if (z.std(axis=0) < 1e-9).all():
        return [_finding("noise-shared", "all samples of a batch share their noise; " + _OWN)]
    correlation = np.corrcoef(z.T) if (z.std(axis=0) > 0).all() else np.eye(z.shape[1])
    off_diagonal = correlation[~np.eye(len(correlation), dtype=bool)]
    if np.abs(off_diagonal).max() > 0.1:
        return [_finding("noise-shared", "the dimensions of z share their noise; " + _OWN)]
    return []


_OWN = "every number of z needs an ε of its own: draw noise of the shape of mean"


def _moments(z: np.ndarray) -> Iterator[Finding]:
    mean, variance = z.mean(axis=0), z.var(axis=0, ddof=1)
    wrong_variance = _off(variance, np.exp(LOG_VAR), np.exp(LOG_VAR) * (2 / DRAWS) ** 0.5)
    wrong_mean = _off(mean, MEAN, np.sqrt(variance / DRAWS))
    if wrong_variance.any():
        yield _variance_finding(variance, int(wrong_variance.argmax()))
    elif wrong_mean.any():
        yield _mean_finding(mean, variance, int(wrong_mean.argmax()))
    else:
        kurtosis = (((z - mean) ** 4).mean(axis=0) / variance**2).mean()
        if abs(kurtosis - 3) > SIGMAS * (96 / z.size) ** 0.5:
            message = (
                f"mean and variance are right, but the distribution is not normal (kurtosis "
                f"{kurtosis:.2f}, that of N(0, 1) is 3); draw with `standard_normal`"
            )
            yield _finding("not-normal", message)


def _variance_finding(variance: np.ndarray, worst: int) -> Finding:
    seen = (
        f"for log_var = {LOG_VAR[worst]:g} the variance of z is {variance[worst]:.3f}, expected "
        f"exp(log_var) = {np.exp(LOG_VAR[worst]):.3f}"
    )
    for formula, (code, predicted, cause) in VARIANCES.items():
        if not _off(variance, predicted, predicted * (2 / DRAWS) ** 0.5).any():
            return _finding(code, f"{seen}; everywhere it equals {formula}: {cause}")
    return _finding("unknown", f"{seen}; σ = exp(½ log_var), z = mean + σ ε")


def _mean_finding(mean: np.ndarray, variance: np.ndarray, worst: int) -> Finding:
    seen = f"for mean = {MEAN[worst]:g} the mean of z is {mean[worst]:.3f}"
    for _, (code, predicted, cause) in MEANS.items():
        if not _off(mean, predicted, np.sqrt(variance / DRAWS)).any():
            return _finding(code, f"{seen}; {cause}")
    return _finding("unknown", f"{seen}; z = mean + σ ε, with an ε of mean 0")


def _off(measured: np.ndarray, expected: np.ndarray, standard_error: np.ndarray) -> np.ndarray:
    return np.abs(measured - expected) > SIGMAS * standard_error


def _finding(code: str, message: str) -> Finding:
    return Finding("z", code, message)
