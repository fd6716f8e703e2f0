"""Files of the student's own: every layer is built with what fits, and its gradients checked."""

from pathlib import Path

import pytest

from tinyae.errors import TinyaeError
from tinyae.grading.evaluation import NOT_STARTED, RIGHT, WRONG, evaluate

LINEAR = """\
import numpy as np
import tinyae as ta


class Linear(ta.Layer):
    def __init__(self, {arguments}):
        super().__init__()
        self.weight = ta.Parameter(np.random.default_rng(0).standard_normal((n_out, n_in)))
        self.bias = ta.Parameter(np.zeros(n_out))

    def forward(self, x):
        self.x = x
        return x @ self.weight.value.T + self.bias.value

    def backward(self, dy):
        self.weight.grad += dy.T @ self.x
        self.bias.grad += dy.{reduce}(axis=0)
        return dy @ self.weight.value
"""


def linear(reduce="sum", arguments="n_in, n_out"):
    return LINEAR.format(reduce=reduce, arguments=arguments)


def graded(source):
    return evaluate(source, Path("own.py"), None)


@pytest.mark.parametrize("arguments", ["n_in, n_out", "n_in, n_out, bias=True", "n_in=5, n_out=2"])
def test_a_right_layer_is_right_and_what_was_checked_is_said(arguments):
    grade = graded(linear(arguments=arguments))
    assert (grade.state, grade.findings) == (RIGHT, [])
    (words,) = grade.checked
    assert "Linear(" in words
    assert "input (6, 5)" in words


def test_a_bias_gradient_averaged_instead_of_summed_is_named_in_one_sentence():
    grade = graded(linear("mean"))
    (finding,) = grade.findings
    assert (grade.state, finding.tensor) == (WRONG, "Linear.bias")
    assert finding.mistake == "missing-batch-sum"
    assert "averaged over the batch" in finding.message
    assert "instead of summed" in finding.message


CHANNELS = """\
import tinyae as ta


class MyConv(ta.Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__(in_channels, out_channels, kernel_size, stride=2)


class MyNorm(ta.BatchNorm2d):
    def __init__(self, num_features):
        super().__init__(num_features)


class Wrong(ta.Tanh):
    def backward(self, dy):
        return 2 * super().backward(dy)
"""


def test_each_layer_is_built_by_the_names_of_its_arguments():
    grade = graded(CHANNELS)
    built = [words.split("gradients of ")[1] for words in grade.checked]
    assert built == [
        "MyConv(2, 3, 3), input (3, 2, 7, 6)",
        "MyNorm(5), input (3, 5, 7, 6)",
        "Wrong(), input (6, 5)",
    ]
    assert {finding.tensor for finding in grade.findings} == {"Wrong.input"}


OWN = """
layer = Odd(2, 3, 4)
x = np.random.default_rng(0).standard_normal((3, 8))
"""

ODD = """\
import numpy as np
import tinyae as ta


class Odd(ta.Layer):
    def __init__(self, *sizes):
        super().__init__()
        assert len(sizes) == 3

    def forward(self, x):
        self.x = x
        return x.reshape(len(x), 2, 4)

    def backward(self, dy):
        return dy.reshape(self.x.shape)
"""


def test_a_layer_that_cannot_be_built_says_what_to_write():
    grade = graded(ODD)
    (finding,) = grade.findings
    assert (grade.state, finding.mistake) == (WRONG, "not-checked")
    assert "layer = Odd(…)" in finding.message


def test_the_files_own_layer_and_x_are_taken():
    grade = graded(ODD + OWN)
    assert (grade.state, grade.findings) == (RIGHT, [])
    assert grade.checked == ["gradients of Odd(2, 3, 4), the file's own, input (3, 8)"]


def test_a_layer_without_a_backward_is_not_started():
    source = "import tinyae as ta\n\n\nclass A(ta.Layer):\n    def forward(self, x):\n"
    assert graded(source + "        raise NotImplementedError\n").state == NOT_STARTED
    assert graded(source + "        return 2 * x\n").state == NOT_STARTED


def test_all_layers_of_a_file_are_checked_after_one_was_wrong():
    source = linear("mean") + "\n\nclass Twice(ta.Tanh):\n    def backward(self, dy):\n"
    grade = graded(source + "        return dy\n")
    assert {finding.tensor for finding in grade.findings} == {"Linear.bias", "Twice.input"}


def test_a_file_without_layers_is_refused():
    for source in ("", "x = 1", "from tinyae import Linear"):
        with pytest.raises(TinyaeError, match="with neither"):
            graded(source)


FUNCTIONS = """\
import numpy as np


def gaussian_kl(mean, log_var):
    variance = np.exp(log_var)
    value = 0.5 * (mean**2 + variance - 1 - log_var).sum()
    return value, mean, variance - 1


def reparameterize(mean, log_var):
    return mean + np.exp({log_sigma}) * np.random.default_rng().standard_normal(mean.shape)


def sample(n):
    return np.zeros(n)
"""


def test_functions_of_a_vae_are_checked_under_their_usual_names():
    grade = graded(FUNCTIONS.format(log_sigma="log_var"))
    assert grade.checked == [
        "gaussian_kl(mean, log_var), by check_kl",
        "reparameterize(mean, log_var), by check_sampling",
    ]
    assert [(f.tensor, f.mistake) for f in grade.findings] == [
        ("d_log_var", "scaled"),
        ("z", "log-var-as-log-sigma"),
    ]
