"""A tape as text, in the terminal, and the command that makes one."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinyae as ta
from tests.stepping.stepping_cases import linear_tape, vae_tape
from tinyae import cli
from tinyae.stepping.snapshot import take
from tinyae.stepping.terminal import walk
from tinyae.stepping.text import array_text, human_bytes, human_seconds


def test_every_step_has_its_name_its_formula_and_its_flows():
    _, tape = linear_tape()
    text = tape.to_text()
    for step in tape.steps:
        assert f"step {step.number}/{len(tape.steps)} · {step.phase} · {step.path}" in text
    assert "dL/dx = dL/dy W" in text
    for words in ("in         dL/dy ", "gradient   dL/dweight ", "out        dL/dx "):
        assert words in text


def test_small_arrays_are_printed():
    assert (
        array_text(take(np.array([[1.5, -2.25], [0, 3]]), "")) == "[[ 1.5  -2.25]\n [ 0.    3.  ]]"
    )


def test_large_arrays_are_a_picture_with_its_range():
    ramp = np.tile(np.linspace(0, 1, 60), (3, 1))
    *rows, scale = array_text(take(ramp, "")).split("\n")
    assert rows == ["│" + "".join(12 * block for block in " ░▒▓█") + "│"] * 3
    assert scale == "(' ' is 0, '█' is 1)"


def test_a_picture_of_images_shows_the_first_sample():
    images = np.zeros((30, 2, 20, 20))
    images[0, 1] = 1
    first, *_, scale = array_text(take(images, "")).split("\n")
    assert first == "│" + 20 * " " + 20 * "█" + "│"
    assert scale.endswith("8,000 numbers of it)")


def test_a_picture_of_what_is_not_finite():
    spoilt = np.full((20, 20), np.nan)
    spoilt[0, :2] = 1, 2
    assert "' ' is 1, '█' is 2" in array_text(take(spoilt, ""))


def test_lines_stand_beside_what_they_made():
    _, tape = linear_tape(lines=True)
    text = tape.to_text()
    assert "y = matmul(x, self.weight.value.T)\n          → y (5, 3) float32" in text


def test_units():
    assert [human_seconds(s) for s in (None, 2e-5, 0.0123, 3.2)] == [
        "",
        "20 µs",
        "12.3 ms",
        "3.2 s",
    ]
    assert [human_bytes(b) for b in (None, 3, 2048, 3 << 20)] == ["", "3 B", "2.0 KiB", "3.0 MiB"]


# stepping


def walked(tape, *words):
    """What is shown when these words are typed: the numbers of steps, or the complaint."""
    typed, shown = iter(words), []

    def ask(prompt):
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    walk(tape, ask, shown.append)
    return [
        int(text.split("/")[0].split()[-1]) if text.startswith("──") else text for text in shown
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["q"], [1]),
        (["", "", "q"], [1, 2, 3]),
        (["", "b", "q"], [1, 2, 1]),
        (["5", "q"], [1, 5]),
        (["l 2", "q"], [1, 3]),
        (["l 2", "l 2", "q"], [1, 3, 6]),
        (["l ReLU", "q"], [1, 2]),
        (["", ""], [1, 2, 3, ""]),
        (["b", "q"], [1, "this is the first step"]),
        (["99", "q"], [1, "expected a step from 1 to 12, got 99"]),
    ],
)
def test_the_reader_leads(words, expected):
    assert walked(linear_tape()[1], *words) == expected


def test_the_last_step_says_so():
    *_, last, words = walked(linear_tape()[1], "12", "", "q")
    assert (last, words) == (12, "this is the last step; b goes back, q quits")


def test_an_unknown_layer_names_those_there_are():
    (_, words) = walked(vae_tape()[1], "l dekoder", "q")
    assert words.startswith("no layer 'dekoder'; there are trunk.0, trunk.1")


# the command


def run(capsys, *words):
    status = cli.main(["step", *words])
    out, err = capsys.readouterr()
    return status, out, err


def test_piped_it_prints_everything(capsys):
    status, out, _ = run(capsys, "gaussian-vae")
    assert status == 0
    assert out.startswith("gaussian-vae, one batch of 8: 45 steps\n")
    assert "step 45/45 · update · decoder.4.bias" in out


def test_the_same_seed_gives_the_same_numbers(capsys):
    def numbers(seed):
        lines = run(capsys, "gaussian-vae", "--limit", "3", "--seed", seed)[1].split("\n")
        return [
            line for line in lines if " B" not in line and "µs" not in line and "ms" not in line
        ]

    assert numbers("1") == numbers("1") != numbers("2")


@pytest.mark.parametrize("recipe", ["compression", "stacked-09", "mlp-vae", "kmnist-vae"])
def test_every_kind_of_recipe(capsys, recipe):
    status, out, _ = run(capsys, recipe, "--data", "digits", "--limit", "2")
    assert status == 0
    assert all(phase in out for phase in ("forward", "loss", "backward", "update"))


def test_a_page(capsys, tmp_path):
    path = tmp_path / "folder" / "page.html"
    assert run(capsys, "gaussian-vae", "--html", str(path)) == (0, f"{path}\n", "")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["gausian-vae"], "did you mean 'gaussian-vae'"),
        (["gaussian-vae", "--limit", "0"], "expected limit of at least 1, got 0"),
        (["gaussian-vae", "--data", "mnist"], "expected data 'gaussian-groups'"),
        (["gaussian-vae", "--html", "/"], "to_html: cannot write /"),
    ],
)
def test_refusals(capsys, words, expected):
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert expected in err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a Unix terminal")
def test_in_a_terminal_it_waits_for_the_reader():
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "tinyae", "step", "gaussian-vae"],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(Path(ta.__file__).parents[1])},
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, b"\nl decoder.4\nq\n")
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # Linux's way to say that the other side has closed
        pass
    os.close(ours)
    assert program.wait(timeout=60) == 0
    text = seen.decode()
    assert [f"step {n}/45" in text for n in (1, 2, 3, 12)] == [True, True, False, True]
