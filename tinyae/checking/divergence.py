"""``ta.check_kl``: is the analytic KL divergence what samples say, and its gradient its own?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinyae.arguments import checked
from tinyae.checking.factors import constant_factor, factor_words
from tinyae.checking.report import Finding, Report

__all__ = ["check_kl"]

SHAPE = (3, 4)
DRAWS = 200_000
SIGMAS = 6
STEP = 1e-5
TOLERANCE = 1e-6

Terms = dict[str, np.ndarray]


@checked
def check_kl(function: Callable, seed: int = 0) -> Report:
    """Compare an analytic KL(N(μ, σ²) ‖ N(0, 1)) with samples, its gradients with differences.

    The divergence is the mean of log q(z) − log p(z) over samples z of q, whatever anybody's
    algebra says: with z = μ + σ ε, that is −½ log σ² − ½ ε² + ½ z². 200,000 samples of every
    element give the sum with a standard error; a value further off than six of them is wrong.
    A wrong value is then compared with those that usual mistakes lead to. The gradients are
    compared with central differences of the function's *own* value, once that is right.

    Parameters
    ----------
    function : callable
        ``function(mean, log_var)`` → value, d_mean, d_log_var, as ``ta.gaussian_kl``; the
        value summed over all elements.
    seed : int
        Of mean, log_var and the samples.

    Returns
    -------
    Report
        Tensors ``value``, ``d_mean``, ``d_log_var``; codes ``scaled`` (also for a mean in place
        of a sum), ``sign``, ``missing-term``, ``missing-exponential``, ``log-var-as-log-sigma``,
        ``wrong-direction`` (KL(p‖q)), ``zero``, ``wrong-shape``, ``mutates-input``,
        ``not-finite``, ``unknown``. What the function itself raises goes through.
    """
    generator = np.random.default_rng([seed, 7])
    mean = generator.normal(0, 1.5, SHAPE)
    log_var = generator.normal(0, 1.0, SHAPE)
    name = getattr(function, "__name__", type(function).__name__)
    report = Report(f"{name}, mean and log_var {SHAPE}, seed {seed}", check="check_kl")
    estimate, error = _monte_carlo(mean, log_var, generator)
    report.findings += _findings(function, mean, log_var, estimate, error)
    return report


def _monte_carlo(
    mean: np.ndarray, log_var: np.ndarray, generator: np.random.Generator
) -> tuple[float, float]:
    """The sum over all elements of log q(z) − log p(z), and its standard error."""
    noise = generator.standard_normal((DRAWS, mean.size))
    z = mean.ravel() + np.exp(0.5 * log_var.ravel()) * noise
    sums = (0.5 * (z**2 - noise**2 - log_var.ravel())).sum(axis=1)
    return float(sums.mean()), float(sums.std(ddof=1) / DRAWS**0.5)


def _findings(
    function: Callable, mean: np.ndarray, log_var: np.ndarray, estimate: float, error: float
) -> Iterator[Finding]:
    given = mean.copy(), log_var.copy()
    result = function(*given)
    if not (isinstance(result, tuple) and len(result) == 3):
        kind = type(result).__name__
        hint = ": is `return` missing?" if result is None else ""
        message = f"expected three results (value, d_mean, d_log_var), got {kind}{hint}"
        yield Finding("value", "wrong-shape", message)
        return
    for name, before, after in zip(("mean", "log_var"), (mean, log_var), given, strict=True):
        if not np.array_equal(before, after):
            yield Finding(name, "mutates-input", f"{name} was changed in place; make a new array")
            return
    value, *gradients = map(np.asarray, result)
    if value.size != 1:
        yield Finding(
            "value",
            "wrong-shape",
            f"expected one number, the sum over all elements, got the shape {value.shape}: is "
            "the sum missing, or taken over one axis only?",
        )
        return
    wrong = _judge_value(float(value.reshape(())), mean, log_var, estimate, error)
    if wrong:
        yield wrong
        return
    for name, gradient in zip(("d_mean", "d_log_var"), gradients, strict=True):
        yield from _judge_gradient(name, gradient, function, mean, log_var)


def _judge_value(
    value: float, mean: np.ndarray, log_var: np.ndarray, estimate: float, error: float
) -> Finding | None:
    if abs(value - estimate) <= SIGMAS * error:
        return None
    seen = f"the value is {value:.6g}, {DRAWS:,} samples give {estimate:.4f} ± {error:.4f}"
    for code, wrong, cause in _wrong_values(mean, log_var):
        if np.isclose(value, wrong, rtol=1e-5, atol=1e-9):
            return Finding("value", code, f"{seen}: {cause}", None, value, estimate)
    code = "unknown" if np.isfinite(value) else "not-finite"
    message = f"{seen}; an element is ½ (mean² + exp(log_var) − 1 − log_var)"
    return Finding("value", code, message, None, value, estimate)


def _wrong_values(mean: np.ndarray, log_var: np.ndarray) -> Iterator[tuple[str, float, str]]:
    """(code, value, cause) for what usual mistakes lead to."""
    variance = np.exp(log_var)
    terms: Terms = {
        "mean²": mean**2,
        "exp(log_var)": variance,
        "−1": -np.ones_like(mean),
        "−log_var": -log_var,
    }
    kl = 0.5 * sum(term.sum() for term in terms.values())
    samples, size = len(mean), mean.size
    yield "zero", 0.0, "nothing was computed"
    yield "sign", -kl, "the sign is the wrong way round; a divergence is never negative"
    yield "scaled", 2 * kl, "it is twice the divergence: the factor ½ is missing"
    yield "scaled", kl / 2, "it is half the divergence: there is a ½ too many"
    yield "scaled", kl / size, f"it was averaged over all {size} elements where a sum belongs"
    yield "scaled", kl / samples, f"it was divided by the {samples} samples; the loss sums"
    yield "scaled", kl / mean.shape[1], "it was averaged over the dimensions of the code"
    for name, term in terms.items():
        yield "missing-term", kl - 0.5 * term.sum(), f"the term {name} is missing"
        cause = f"the term {name} has the wrong sign"
        yield "sign", kl - term.sum(), cause
    cause = "log_var stands where its exponential, the variance, belongs"
    yield "missing-exponential", 0.5 * float((mean**2 - 1).sum()), cause
    doubled = 0.5 * (mean**2 + variance**2 - 1 - 2 * log_var).sum()
    cause = "log_var was taken for log σ; it is log σ², so σ² = exp(log_var)"
    yield "log-var-as-log-sigma", doubled, cause
    squared = 0.5 * (mean**2 + variance**2 - 1 - log_var).sum()
    yield "log-var-as-log-sigma", squared, "exp(log_var) was squared; it is σ² already"
    reversed_kl = 0.5 * ((mean**2 + 1) / variance - 1 + log_var).sum()
    yield "wrong-direction", reversed_kl, "this is KL(N(0, 1) ‖ q), the other way round"


def _judge_gradient(
    name: str, gradient: Any, function: Callable, mean: np.ndarray, log_var: np.ndarray
) -> Iterator[Finding]:
    if gradient.shape != mean.shape:
        message = f"expected the shape {mean.shape} of {name[2:]}, got {gradient.shape}"
        yield Finding(name, "wrong-shape", message)
        return
    numerical = _numerical(name, function, mean, log_var)
    gap = np.abs(gradient - numerical)
    if np.isfinite(gap).all() and gap.max() <= TOLERANCE * max(1.0, np.abs(numerical).max()):
        return
    place = np.unravel_index(int(np.nan_to_num(gap, nan=np.inf).argmax()), gap.shape)
    where = tuple(map(int, place))
    seen = (
        f"at {where} it is {gradient[place]:.6g}, the numerical derivative of the value is "
        f"{numerical[place]:.6g}"
    )
    code, cause = _cause(gradient, numerical)
    numbers = float(gradient[place]), float(numerical[place])
    yield Finding(name, code, f"{seen}{cause}", where, *numbers)


def _cause(gradient: np.ndarray, numerical: np.ndarray) -> tuple[str, str]:
    if not np.isfinite(gradient).all():
        return "not-finite", ""
    if not gradient.any():
        return "zero", ": the gradient was never computed"
    factor = constant_factor(gradient, numerical)
    if factor is not None:
        code = "sign" if np.isclose(factor, -1) else "scaled"
        return code, f": everywhere {factor_words(factor)}"
    difference = gradient - numerical
    if np.ptp(difference) < TOLERANCE:
        missing = -difference.mean()
        return "missing-term", f": everywhere the constant term {missing:+.4g} is missing"
    return "unknown", ""


def _numerical(name: str, function: Callable, mean: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """Central differences of the function's value."""
    tensors = {"d_mean": mean.copy(), "d_log_var": log_var.copy()}
    tensor = tensors[name]
    gradient = np.empty_like(tensor)
    for place in np.ndindex(*tensor.shape):
        here, values = tensor[place], []
        for step in (STEP, -STEP):
            tensor[place] = here + step
            arguments = (array.copy() for array in tensors.values())
            values.append(float(np.asarray(function(*arguments)[0]).reshape(())))
        tensor[place] = here
        gradient[place] = (values[0] - values[1]) / (2 * STEP)
    return gradient
