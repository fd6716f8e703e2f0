"""The README tells the truth: its commands are the ones that are checked, its code runs."""

import contextlib
import inspect
import io
import re
from pathlib import Path

import numpy as np
import pytest

import tinyae as ta

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def test_ci_calls_exactly_the_test_command():
    (command,) = re.findall(r"^    (python3 .*pytest)$", README, flags=re.MULTILINE)
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_layer_shown_is_the_layer_that_runs():
    source = inspect.getsource(ta.Linear)
    without_docstring = re.sub(r'    """.*?"""\n\n', "", source, count=1, flags=re.DOTALL)
    assert BLOCKS[0] == without_docstring


@pytest.fixture(scope="module")
def names():
    """What the two blocks of code of "Using it" leave behind, on a few images and one epoch."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(200, 28, 28), dtype=np.uint8)
    few = {"load": lambda name: (images, rng.integers(0, 10, size=200))}
    names: dict = {"printed": io.StringIO()}
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(names["printed"]):
        patch.setattr(ta.data, "load", few["load"])
        for block in BLOCKS[1:]:
            exec(block.replace("epochs=10", "epochs=1"), names)
    return names


def test_the_example_trains_and_draws(names):
    assert len(names["history"]["loss"]) == 1
    assert names["figure"].axes


def test_the_checker_finds_the_planted_mistake(names):
    assert not ta.gradcheck(names["Square"](), np.ones((2, 5), "float32")).passed
    assert "input" in names["printed"].getvalue()
