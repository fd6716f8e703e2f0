"""A page that several tests look at."""

import pytest

import tinyae as ta
from tests.stepping.stepping_cases import vae_tape


@pytest.fixture(scope="session")
def page_of_a_vae(tmp_path_factory):
    """Path of the page of a VAE's step, with lines, and its tape."""
    ta.seed(0)
    path = tmp_path_factory.mktemp("page") / "page.html"
    _, tape = vae_tape(lines=True)
    tape.to_html(path)
    return path, tape
