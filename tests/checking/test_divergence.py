"""``ta.check_kl`` holds a formula to samples and its gradients to differences."""

import numpy as np
import pytest

import tinyae as ta


def kl(value=lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v), d_mean=None, d_log_var=None):
    """The right divergence but for what is given: a value an element, or a gradient."""

    def function(mean, log_var):
        dm = d_mean(mean, log_var) if d_mean else mean.copy()
        dv = d_log_var(mean, log_var) if d_log_var else 0.5 * (np.exp(log_var) - 1)
        return value(mean, log_var).sum(), dm, dv

    return function


def with_mean(function):
    return lambda m, v: (function(m, v)[0] / m.size, *function(m, v)[1:])


RIGHT = kl()
VALUES = {
    "no ½": (kl(lambda m, v: m**2 + np.exp(v) - 1 - v), "scaled"),
    "½ twice": (kl(lambda m, v: 0.25 * (m**2 + np.exp(v) - 1 - v)), "scaled"),
    "sign": (kl(lambda m, v: -0.5 * (m**2 + np.exp(v) - 1 - v)), "sign"),
    "averaged": (with_mean(RIGHT), "scaled"),
    "averaged over samples": (lambda m, v: (RIGHT(m, v)[0] / 3, *RIGHT(m, v)[1:]), "scaled"),
    "no mean²": (kl(lambda m, v: 0.5 * (np.exp(v) - 1 - v)), "missing-term"),
    "no variance": (kl(lambda m, v: 0.5 * (m**2 - 1 - v)), "missing-term"),
    "no 1": (kl(lambda m, v: 0.5 * (m**2 + np.exp(v) - v)), "missing-term"),
    "no log_var": (kl(lambda m, v: 0.5 * (m**2 + np.exp(v) - 1)), "missing-term"),
    "plus log_var": (kl(lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 + v)), "sign"),
    "log_var for σ²": (kl(lambda m, v: 0.5 * (m**2 + v - 1 - v)), "missing-exponential"),
    "log σ": (kl(lambda m, v: 0.5 * (m**2 + np.exp(2 * v) - 1 - 2 * v)), "log-var-as-log-sigma"),
    "σ⁴": (kl(lambda m, v: 0.5 * (m**2 + np.exp(v) ** 2 - 1 - v)), "log-var-as-log-sigma"),
    "reversed": (kl(lambda m, v: 0.5 * ((m**2 + 1) * np.exp(-v) - 1 + v)), "wrong-direction"),
    "zero": (kl(lambda m, v: 0 * m), "zero"),
    "1% off": (kl(lambda m, v: 0.505 * (m**2 + np.exp(v) - 1 - v)), "unknown"),
    "no sum": (lambda m, v: (0.5 * (m**2 + np.exp(v) - 1 - v), m, v), "wrong-shape"),
    "NaN": (kl(lambda m, v: m * np.nan), "not-finite"),
    "value alone": (lambda m, v: RIGHT(m, v)[0], "wrong-shape"),
    "nothing": (lambda m, v: None, "wrong-shape"),
}
GRADIENTS = {
    "d_mean twice": (kl(d_mean=lambda m, v: 2 * m), "d_mean", "scaled"),
    "d_mean sign": (kl(d_mean=lambda m, v: -m), "d_mean", "sign"),
    "d_mean zero": (kl(d_mean=lambda m, v: 0 * m), "d_mean", "zero"),
    "d_mean averaged": (kl(d_mean=lambda m, v: m / len(m)), "d_mean", "scaled"),
    "d_mean shape": (kl(d_mean=lambda m, v: m.T), "d_mean", "wrong-shape"),
    "no ½": (kl(d_log_var=lambda m, v: np.exp(v) - 1), "d_log_var", "scaled"),
    "no −1": (kl(d_log_var=lambda m, v: 0.5 * np.exp(v)), "d_log_var", "missing-term"),
    "log_var": (kl(d_log_var=lambda m, v: 0.5 * (v - 1)), "d_log_var", "unknown"),
    "0.1% off": (kl(d_log_var=lambda m, v: 0.5005 * (np.exp(v) - 1)), "d_log_var", "scaled"),
    "infinite": (kl(d_log_var=lambda m, v: v * np.inf), "d_log_var", "not-finite"),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_is_named(name):
    function, mistake = VALUES[name]
    report = ta.check_kl(function)
    assert [(f.tensor, f.mistake) for f in report.findings] == [("value", mistake)], str(report)


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_wrong_gradient_is_named(name):
    function, tensor, mistake = GRADIENTS[name]
    report = ta.check_kl(function)
    assert [(f.tensor, f.mistake) for f in report.findings] == [(tensor, mistake)], str(report)


@pytest.mark.parametrize("seed", range(10))
def test_the_packages_own_passes(seed):
    assert ta.check_kl(ta.gaussian_kl, seed).passed


def test_what_the_function_raises_goes_through():
    with pytest.raises(AttributeError, match="no_such_thing"):
        ta.check_kl(lambda m, v: m.no_such_thing)


def test_another_way_of_writing_it_passes():
    assert ta.check_kl(kl(lambda m, v: 0.5 * (m * m + np.expm1(v) - v))).passed


def test_one_that_changes_its_arguments_is_caught():
    def in_place(mean, log_var):
        result = RIGHT(mean, log_var)
        mean *= 2
        return result

    (finding,) = ta.check_kl(in_place).findings
    assert (finding.tensor, finding.mistake) == ("mean", "mutates-input")


def test_the_estimate_and_its_standard_error_are_shown():
    message = ta.check_kl(VALUES["no 1"][0]).findings[0].message
    assert "200,000 samples give" in message
    assert " ± " in message
    assert "the term −1 is missing" in message
