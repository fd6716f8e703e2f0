"""Lines as they run, and what each of them made or changed."""

import sys

import numpy as np

import tinyae as ta
from tests.stepping.stepping_cases import linear_tape, one, samples, vae_tape
from tinyae.stepping.lines import MOST_LINES


class Steps(ta.Layer):
    """y = 3 + 2 x, in several steps."""

    def forward(self, x):
        y = (
            x
            + x
        )  # fmt: skip
        for bias in (1, 2):
            y += bias
        self.seen = y
        return y

    def backward(self, dy):
        return 2 * dy


class Endless(Steps):
    """A loop of many lines."""

    def forward(self, x):
        for _ in range(1000):
            x = x + 0
        return x


def text(step, line):
    """The source of a line."""
    first = line.number - step.source.first
    written = step.source.text.split("\n")[first : line.last - step.source.first + 1]
    return " ".join(" ".join(written).split())


def recorded(layer):
    with ta.trace(layer, lines=True) as tape:
        layer(samples(2, 3))
    return tape.steps[0]


def test_lines_are_those_that_ran():
    step = recorded(Steps())
    assert [text(step, line) for line in step.lines] == [
        "y = ( x + x ) # fmt: skip",
        "for bias in (1, 2):",
        "y += bias",
        "for bias in (1, 2):",
        "y += bias",
        "for bias in (1, 2):",
        "self.seen = y",
        "return y",
    ]


def test_each_line_has_what_it_made_or_changed():
    step, x = recorded(Steps()), samples(2, 3)
    made = [line.arrays for line in step.lines]
    assert [list(arrays) for arrays in made] == [
        ["y"],
        [],
        ["y"],
        [],
        ["y"],
        [],
        ["self.seen"],
        ["y"],
    ]
    for line, expected in ((0, 2 * x), (2, 2 * x + 1), (4, 2 * x + 3)):
        np.testing.assert_allclose(made[line]["y"].values, expected, rtol=1e-6)
    assert [line.values.get("bias") for line in step.lines[1:4]] == ["1", None, "2"]


def test_gradients_that_change_in_place_are_noticed():
    _, tape = linear_tape(lines=True)
    step = one(tape, "2", "backward")
    changed = {text(step, line): list(line.arrays) for line in step.lines}
    assert changed["self.weight.grad += matmul(dy.T, self.x)"] == ["self.weight.grad"]
    assert changed["return matmul(dy, self.weight.value)"] == ["dL/dx"]


def test_an_update_shows_the_weight_change():
    _, tape = linear_tape(lines=True)
    step = one(tape, "0.weight", "update")
    assert "parameter.value" in step.lines[-1].arrays
    np.testing.assert_array_equal(
        step.lines[-1].arrays["parameter.value"].values, step.outputs["after"].values
    )


def test_a_long_loop_is_cut():
    step = recorded(Endless())
    assert len(step.lines) == MOST_LINES
    assert step.lines_left_out > 1000


def test_without_lines_there_are_none():
    _, tape = linear_tape()
    assert not any(step.lines for step in tape.steps)


def test_every_measured_layer_of_a_vae_has_lines():
    _, tape = vae_tape(lines=True)
    assert all(s.lines for s in tape.steps if s.phase in ("forward", "update"))


def test_another_tracer_gets_its_place_back():
    def mine(frame, event, argument):
        return None

    before = sys.gettrace()
    sys.settrace(mine)
    try:
        recorded(Steps())
        assert sys.gettrace() is mine
    finally:
        sys.settrace(before)
